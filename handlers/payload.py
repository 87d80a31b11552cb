"""The wire format: a request's body -> images, or an error that names expected and actual; and answers -> JSON.

Pure: it knows nothing of TorchServe. Each `PayloadError` becomes the answer of its own request alone.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple, NoReturn

import numpy as np
import orjson
from numpy.typing import NDArray

from handlers.errors import PayloadError
from handlers.json_text import name
from handlers.pixels import PIXELS, ReadRow, from_bytes, from_row, from_rows, read_any_row, read_row_without_literals
from handlers.strokes import parse_strokes
from mnist_model.numbers import Candidates, find_candidates
from mnist_model.predictor import Prediction
from mnist_model.preprocessing import PictureError, StrokesError, from_picture, from_strokes

MAX_BODY_BYTES = 8 * 1024 * 1024  # some 10,000 images of raw bytes, or a photograph


class Payload(NamedTuple):
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
        return self._replace(images=number.images, number=number), [predictions[index] for index in reading]


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
    media_type = content_type or ""
    if media_type not in PARSERS:
        media_type = media_type.partition(";")[0].strip().lower()
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
        {"digit": digit, "confidence": confidence, "is_digit": is_digit, "probabilities": probabilities}
        for digit, confidence, is_digit, probabilities in predictions
    ]
    if payload.explain:
        for answer, relevance in zip(answers, relevances, strict=True):
            answer["relevance"] = relevance
    if payload.number is not None:
        digits = [{**answer, "strokes": group} for answer, group in zip(answers, payload.number.groups, strict=True)]
        return orjson.dumps({"number": "".join(str(prediction.digit) for prediction in predictions), "digits": digits})
    return orjson.dumps({"predictions": answers} if payload.as_list or len(answers) != 1 else answers[0])


def _parse_bytes(body: object) -> Payload:
    content = _as_bytes(body)
    if not content or len(content) % PIXELS:
        hint = "; for JSON send Content-Type: application/json" if content[:1] in (b"{", b"[") else ""
        multiple = f" (or a multiple of {PIXELS}, for many images)" if len(content) > PIXELS else ""
        raise PayloadError("WrongLength", f"expected {PIXELS} pixel values{multiple}, got {len(content)}{hint}")
    return Payload(from_bytes(content))


def _parse_picture(body: object) -> Payload:
    try:
        return Payload(from_picture(bytes(_as_bytes(body)))[np.newaxis])
    except PictureError as error:
        raise PayloadError("InvalidPicture", str(error)) from error


def _parse_json(body: object) -> Payload:
    try:
        return _parse_form(*_load_json(body))
    except RecursionError as error:  # while it is parsed, or while a message shows a part of it
        raise PayloadError("InvalidJson", "expected JSON, got arrays or objects nested too deep") from error


def _parse_form(content: object, read_row: ReadRow) -> Payload:
    if isinstance(content, list):
        return _parse_pixels(content, read_row)
    if isinstance(content, dict):
        if "number" in content:
            return _parse_number(content)
        keys = [key for key in FORMS if key in content]
        if len(keys) == 1:
            return FORMS[keys[0]](content[keys[0]], read_row)
        found = f"the keys {', '.join(map(repr, content))}" if content else "an empty object"
        raise PayloadError("UnknownForm", f"expected an object with one of {', '.join(FORMS)}, got {found[:200]}")
    raise PayloadError("UnknownForm", f"expected an array of {PIXELS} pixel values or an object, got {name(content)}")


def _load_json(body: object) -> tuple[object, ReadRow]:
    """A body's JSON, and what reads its numbers: the fast way is for those that hold no `true` or `false`."""
    if isinstance(body, dict | list):  # where TorchServe decodes it
        return body, read_any_row
    content = _as_bytes(body)
    try:
        decoded = orjson.loads(content)
    except orjson.JSONDecodeError:
        return _load_odd_json(content), read_any_row
    literals = b"e" in content and (b"true" in content or b"false" in content)  # one letter is found many times as fast
    return decoded, read_any_row if literals else read_row_without_literals


def _load_odd_json(content: bytes | bytearray) -> object:
    """What orjson refuses: Python's own parser says better what is wrong, and takes half a character in a string."""

    def refuse(constant: str) -> NoReturn:
        raise PayloadError("NotANumber", f"expected numbers, got {constant}")

    if not content:
        raise PayloadError("EmptyBody", f"expected JSON with {PIXELS} pixel values, got an empty body")
    try:
        return json.loads(content, parse_constant=refuse)
    except json.JSONDecodeError as error:
        raise PayloadError("InvalidJson", f"expected JSON, got none at byte {error.pos}: {error.msg}") from error
    except UnicodeDecodeError as error:
        raise PayloadError("InvalidJson", f"expected JSON in UTF-8, got another byte at {error.start}") from error
    except ValueError as error:  # Python refuses integers of more than some thousand digits
        raise PayloadError("InvalidJson", "expected JSON, got a number of thousands of digits") from error


def _parse_pixels(values: object, read_row: ReadRow) -> Payload:
    """[784 numbers], or a list of such."""
    if isinstance(values, list) and values and isinstance(values[0], list):
        return Payload(from_rows(values, read_row))
    return _parse_tensor(values, read_row)


def _parse_tensor(values: object, read_row: ReadRow) -> Payload:
    """[784 numbers]."""
    return Payload(from_row(values, read_row))


def _parse_instances(values: object, read_row: ReadRow) -> Payload:
    """KServe V1: always a list of images, always answered by a list."""
    if not isinstance(values, list) or not values:
        raise PayloadError("WrongLength", f"expected a list of at least one image, got {name(values)}")
    return Payload(from_rows(values, read_row), as_list=True)


def _parse_strokes(values: object, _: ReadRow = read_any_row) -> Payload:
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


def _as_bytes(body: object) -> bytes | bytearray:
    if isinstance(body, bytes | bytearray):
        return body
    if isinstance(body, str):
        return body.encode()
    if body is None:
        return b""
    raise PayloadError("UnknownForm", f"expected a body of bytes, got {name(body)}")


FORMS: dict[str, Callable[[object, ReadRow], Payload]] = {
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
