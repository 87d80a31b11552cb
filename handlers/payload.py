"""The wire format: a request's body -> images, or an error that names expected and actual; and answers -> JSON.

Pure: it knows nothing of TorchServe. Each `PayloadError` becomes the answer of its own request alone.
"""

import json
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from mnist_model.predictor import Prediction
from mnist_model.preprocessing import SIZE, PictureError, StrokesError, from_picture, from_strokes

PIXELS = SIZE * SIZE
MAX_BODY_BYTES = 8 * 1024 * 1024  # some 10,000 images of raw bytes, or a photograph
MAX_POINTS = 5_000  # of a drawing; people need some hundreds, and each costs about 25 µs
MAX_COORDINATE = 1e9  # any unit that a person draws in is far below; far above, float arithmetic loses the shape
PROBABILITY_DIGITS = 7  # decimal places in answers: float32 holds no more


class PayloadError(Exception):
    """A request that cannot be answered.

    Attributes:
        code: the HTTP status: 400, 415 for a content type that is not listed, 500 where the fault is ours.
        kind: the kind of error in one CamelCase word, the answer's `type` and the metric's label.
        message: what was expected and what was found.
    """

    def __init__(self, kind: str, message: str, code: int = 400) -> None:
        super().__init__(message)
        self.code, self.kind, self.message = code, kind, message

    def to_json(self) -> bytes:
        """The body of the answer."""
        return _compact({"code": self.code, "type": self.kind, "message": self.message})


@dataclass(frozen=True)
class Payload:
    """What a request asks for: images (N, 28, 28) uint8, and whether its answer is a list whatever N is.

    Whether the answer is to be explained too is not in the body; explaining.py tells.
    """

    images: NDArray[np.uint8]
    as_list: bool = False
    explain: bool = False


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
    return _compact({"predictions": answers} if payload.as_list or len(answers) != 1 else answers[0])


def _compact(content: object) -> bytes:
    return json.dumps(content, separators=(",", ":")).encode()  # ASCII: what is quoted need not be valid Unicode


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
        keys = [key for key in FORMS if key in content]
        if len(keys) == 1:
            return FORMS[keys[0]](content[keys[0]])
        found = f"the keys {', '.join(map(repr, content))}" if content else "an empty object"
        raise PayloadError("UnknownForm", f"expected an object with one of {', '.join(FORMS)}, got {found[:200]}")
    raise PayloadError("UnknownForm", f"expected an array of {PIXELS} pixel values or an object, got {_name(content)}")


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
        raise PayloadError("WrongLength", f"expected a list of at least one image, got {_name(values)}")
    return Payload(_many(values), as_list=True)


def _parse_strokes(values: object) -> Payload:
    """[[[x, y], ...], ...] -> the drawing's image."""
    expected = "expected strokes as lists of [x, y] points"
    if not isinstance(values, list):
        raise PayloadError("InvalidStrokes", f"{expected}, got {_name(values)}")
    strokes: list[list[list[float]]] = []
    points = 0
    for number, stroke in enumerate(values):
        if not isinstance(stroke, list):
            raise PayloadError("InvalidStrokes", f"{expected}, got {_name(stroke)} as stroke {number}")
        points += max(1, len(stroke))  # an empty stroke costs its share too
        if points > MAX_POINTS:
            raise PayloadError("TooManyPoints", f"expected at most {MAX_POINTS} points, got more")
        for place, point in enumerate(stroke):
            if not _is_point(point):
                found = f"{_shown(point)} as point {place} of stroke {number}"
                raise PayloadError("InvalidStrokes", f"{expected}, numbers within ±{MAX_COORDINATE:.0e}, got {found}")
        strokes.append(stroke)
    try:
        return Payload(from_strokes(strokes)[np.newaxis])
    except StrokesError as error:
        raise PayloadError("InvalidStrokes", str(error)) from error


def _is_point(value: object) -> bool:
    return (
        isinstance(value, list)
        and len(value) == 2
        and all(type(number) in (int, float) and abs(number) <= MAX_COORDINATE for number in value)
    )


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
        raise PayloadError("NotANumber", f"expected an array of {PIXELS} pixel values, got {_name(values)}")
    if len(values) != PIXELS:
        raise PayloadError("WrongLength", f"expected {PIXELS} pixel values, got {len(values)}")
    if not {type(value) for value in values} <= {int, float}:
        index = next(i for i, value in enumerate(values) if type(value) not in (int, float))
        raise PayloadError("NotANumber", f"expected numbers, got {_name(values[index])} at index {index}")
    if not (min(values) >= 0 and max(values) <= 255) or any(map(math.isnan, values)):
        index = next(i for i, value in enumerate(values) if not 0 <= value <= 255)
        raise PayloadError(
            "OutOfRange", f"expected pixel values from 0 to 255, got {_name(values[index])} at index {index}"
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
    raise PayloadError("UnknownForm", f"expected a body of bytes, got {_name(body)}")


def _name(value: object) -> str:
    """A JSON value as a message may show it: short, in JSON's words."""
    if isinstance(value, list):
        return f"an array of {len(value)}"
    if isinstance(value, dict):
        return "an object"
    return _shown(value)


def _shown(value: object) -> str:
    """The beginning of a JSON value's text."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 40 else f"{text[:40]}…"


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
