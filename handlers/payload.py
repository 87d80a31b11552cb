"""The wire format: a request's body -> images, or an error that names expected and actual; and answers -> JSON.

Pure: it knows nothing of TorchServe. Each `PayloadError` becomes the answer of its own request alone.
"""

import json
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from handlers.errors import PayloadError
from handlers.json_text import compact, name
from handlers.strokes import parse_strokes
from mnist_model.numbers import Candidates, find_candidates
from mnist_model.predictor import Prediction
from mnist_model.preprocessing import SIZE, PictureError, StrokesError, from_picture, from_strokes

PIXELS = SIZE * SIZE
MAX_BODY_BYTES = 8 * 1024 * 1024  # some 10,000 images of raw bytes, or a photograph
PROBABILITY_DIGITS = 7  # decimal places in answers: float32 holds no more


@dataclass(frozen=True)
class Payload:
    """What a request asks for.

    Attributes:
        images: (N, 28, 28) uint8, to be answered.
        as_list: whether the answer is a list whatever N is.
        number: where the images are those of a number's candidates, which these are.
        explain: whether the answer is to be explained too; the body does not say, explaining.py does.
    """

    images: NDArray[np.uint8]
    as_list: bool = False
    number: Candidates | None = None
    explain: bool = False

    def settle(self, predictions: list[Prediction]) -> tuple["Payload", list[Prediction]]:
        """Once all images are recognised: what is answered. Of a number these are its digits, left to right."""
        if self.number is None:
            return self, predictions
        reading = self.number.read([prediction.confidence for prediction in predictions])
        number = self.number.select(reading)
        return replace(self, images=number.images, number=number), [predictions[index] for index in reading]


def parse_payload(body: object, content_type: str | None) -> Payload:
    """Turn one request's body into images.

    Args:
        body: bytes, or what TorchServe makes of them where it decodes JSON by itself (dict or list).
        content_type: the header's value, if any.

    Raises:
        PayloadError: with the status and message of the answer.
    """
    if isinstance(body, bytes | bytearray) and len(body) > MAX_BODY_BYTES:
        raise PayloadError("TooLarge", f"expected a body of at most {MAX_BODY_BYTES} bytes, got {len(body)}")
    media_type = (content_type or "").partition(";")[0].strip().lower()
    if media_type not in PARSERS:
        listed = ", ".join(filter(None, PARSERS))
        raise PayloadError("UnsupportedMediaType", f"expected a content type of {listed}, got {media_type}", 415)
    return PARSERS[media_type](body)


def encode_answer(
    payload: Payload, predictions: Sequence[Prediction], relevances: Iterable[Sequence[float]] = ()
) -> bytes:
    """One answer for one image, {"predictions": [...]} for many or where a list was asked for; compact JSON.

    A number that is settled is {"number": "2026", "digits": [...]}, each digit with the indices of its strokes.
    `relevances`, one for each image, are there where the request is to be explained.
    """
    answers: list[dict[str, Any]] = [
        {
            "digit": prediction.digit,
            "confidence": round(prediction.confidence, PROBABILITY_DIGITS),
            "is_digit": prediction.is_digit,
            "probabilities": [round(value, PROBABILITY_DIGITS) for value in prediction.probabilities],
        }
        for prediction in predictions
    ]
    if payload.explain:
        for answer, relevance in zip(answers, relevances, strict=True):
            answer["relevance"] = relevance
    if payload.number is not None:
        digits = [{**answer, "strokes": group} for answer, group in zip(answers, payload.number.groups, strict=True)]
        return compact({"number": "".join(str(prediction.digit) for prediction in predictions), "digits": digits})
    return compact({"predictions": answers} if payload.as_list or len(answers) != 1 else answers[0])


def _parse_bytes(body: object) -> Payload:
    content = _as_bytes(body)
    if not content or len(content) % PIXELS:
        hint = "; for JSON send Content-Type: application/json" if content[:1] in (b"{", b"[") else ""
        multiple = f" (or a multiple of {PIXELS}, for many images)" if len(content) > PIXELS else ""
        raise PayloadError("WrongLength", f"expected {PIXELS} pixel values{multiple}, got {len(content)}{hint}")
    images = np.frombuffer(content, np.uint8).reshape(-1, PIXELS)
    return Payload(_to_images(images))


def _parse_picture(body: object) -> Payload:
    try:
        return Payload(from_picture(_as_bytes(body))[np.newaxis])
    except PictureError as error:
        raise PayloadError("InvalidPicture", str(error)) from error


def _parse_json(body: object) -> Payload:
    content = body if isinstance(body, dict | list) else _load_json(_as_bytes(body))
    if isinstance(content, list):
        return _parse_pixels(content)
    if isinstance(content, dict):
        if "number" in content:
            return _parse_number(content)
        keys = [key for key in FORMS if key in content]
        if len(keys) == 1:
            return FORMS[keys[0]](content[keys[0]])
        found = f"the keys {', '.join(map(repr, content))}" if content else "an empty object"
        raise PayloadError("UnknownForm", f"expected an object with one of {', '.join(FORMS)}, got {found[:200]}")
    raise PayloadError("UnknownForm", f"expected an array of {PIXELS} pixel values or an object, got {name(content)}")


def _load_json(content: bytes) -> object:
    def refuse(constant: str) -> NoReturn:
        raise PayloadError("NotANumber", f"expected numbers, got {constant}")

    if not content:
        raise PayloadError("EmptyBody", f"expected JSON with {PIXELS} pixel values, got an empty body")
    try:
        return json.loads(content, parse_constant=refuse)
    except RecursionError as error:
        raise PayloadError("InvalidJson", "expected JSON, got arrays or objects nested too deep") from error
    except json.JSONDecodeError as error:
        raise PayloadError("InvalidJson", f"expected JSON, got none at byte {error.pos}: {error.msg}") from error
    except UnicodeDecodeError as error:
        raise PayloadError("InvalidJson", f"expected JSON in UTF-8, got another byte at {error.start}") from error
    except ValueError as error:  # Python refuses integers of more than some thousand digits
        raise PayloadError("InvalidJson", "expected JSON, got a number of thousands of digits") from error


def _parse_pixels(values: object) -> Payload:
    """[784 numbers], or a list of such."""
    if isinstance(values, list) and values and isinstance(values[0], list):
        return Payload(_many(values))
    return _parse_tensor(values)


def _parse_tensor(values: object) -> Payload:
    """[784 numbers]."""
    return Payload(_to_images(_pixels(values)[np.newaxis]))


def _parse_instances(values: object) -> Payload:
    """KServe V1: always a list of images, always answered by a list."""
    if not isinstance(values, list) or not values:
        raise PayloadError("WrongLength", f"expected a list of at least one image, got {name(values)}")
    return Payload(_many(values), as_list=True)


def _parse_strokes(values: object) -> Payload:
    """[[[x, y], ...], ...] -> the drawing's image."""
    try:
        return Payload(from_strokes(parse_strokes(values))[np.newaxis])
    except StrokesError as error:
        raise PayloadError("InvalidStrokes", str(error)) from error


def _parse_number(content: dict[str, object]) -> Payload:
    """{"strokes": ..., "number": true} -> the image of everything that may be a digit; false: one drawing."""
    if content.keys() != {"strokes", "number"}:
        found = ", ".join(map(repr, content))
        raise PayloadError("UnknownForm", f"expected number beside strokes and nothing else, got {found[:200]}")
    if not isinstance(content["number"], bool):
        raise PayloadError("UnknownForm", f"expected number to be true or false, got {name(content['number'])}")
    if not content["number"]:
        return _parse_strokes(content["strokes"])
    try:
        candidates = find_candidates(parse_strokes(content["strokes"]))
    except StrokesError as error:
        raise PayloadError("InvalidStrokes", str(error)) from error
    return Payload(candidates.images, number=candidates)


def _many(rows: Sequence[object]) -> NDArray[np.uint8]:
    images = []
    for number, row in enumerate(rows):
        try:
            images.append(_pixels(row))
        except PayloadError as error:
            raise PayloadError(error.kind, f"{error.message} (image {number})") from error
    return _to_images(np.stack(images))


def _pixels(values: object) -> NDArray[np.float64]:
    """A list of 784 finite numbers from 0 to 255 -> (784,) float64."""
    if not isinstance(values, list):
        raise PayloadError("NotANumber", f"expected an array of {PIXELS} pixel values, got {name(values)}")
    if len(values) != PIXELS:
        raise PayloadError("WrongLength", f"expected {PIXELS} pixel values, got {len(values)}")
    if not {type(value) for value in values} <= {int, float}:
        index = next(i for i, value in enumerate(values) if type(value) not in (int, float))
        raise PayloadError("NotANumber", f"expected numbers, got {name(values[index])} at index {index}")
    if not (min(values) >= 0 and max(values) <= 255) or any(map(math.isnan, values)):
        index = next(i for i, value in enumerate(values) if not 0 <= value <= 255)
        raise PayloadError(
            "OutOfRange", f"expected pixel values from 0 to 255, got {name(values[index])} at index {index}"
        )
    return np.array(values, dtype=np.float64)


def _to_images(pixels: NDArray[Any]) -> NDArray[np.uint8]:
    """(N, 784) numbers -> (N, 28, 28) uint8. An image whose largest value is at most 1 is taken to be in 0-1."""
    unit = pixels.max(axis=1, keepdims=True) <= 1
    if unit.any() or pixels.dtype != np.uint8:
        pixels = np.floor(np.where(unit, pixels * 255.0, pixels) + 0.5).astype(np.uint8)
    return pixels.reshape(-1, SIZE, SIZE)


def _as_bytes(body: object) -> bytes:
    if isinstance(body, bytes | bytearray | memoryview):
        return bytes(body)
    if isinstance(body, str):
        return body.encode()
    if body is None:
        return b""
    raise PayloadError("UnknownForm", f"expected a body of bytes, got {name(body)}")


FORMS: dict[str, Callable[[object], Payload]] = {
    "tensor": _parse_tensor,
    "instances": _parse_instances,
    "strokes": _parse_strokes,
}
PARSERS: dict[str, Callable[[object], Payload]] = {
    "application/json": _parse_json,
    "application/octet-stream": _parse_bytes,
    "": _parse_bytes,  # no content type at all
    "image/png": _parse_picture,
    "image/jpeg": _parse_picture,
}
