"""The wire format: every form of a body, and every error."""

import io
import json
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from handlers.errors import PayloadError
from handlers.payload import encode_answer, parse_payload
from handlers.strokes import MAX_POINTS
from mnist_model.dataset import Split
from mnist_model.predictor import NO_INK, Prediction
from mnist_model.preprocessing import from_strokes

SEVEN: list[list[list[float]]] = [[[10, 12.5], [40, 11], [22, 60]]]


@pytest.fixture(scope="module")
def images(digits: Split) -> NDArray[np.uint8]:
    result: NDArray[np.uint8] = digits.images[:3].numpy()
    return result


def as_json(content: object) -> bytes:
    return json.dumps(content).encode()


def as_picture(image: NDArray[np.uint8], kind: str) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(image).resize((140, 140)).save(buffer, kind)
    return buffer.getvalue()


BODIES: dict[str, tuple[str | None, Callable[[NDArray[np.uint8]], bytes]]] = {
    "array": ("application/json", lambda image: as_json(image.ravel().tolist())),
    "array of floats": ("application/json", lambda image: as_json((image.ravel() / 255).tolist())),
    "array with a charset": ("application/json; charset=utf-8", lambda image: as_json(image.ravel().tolist())),
    "one array in an array": ("Application/JSON", lambda image: as_json([image.ravel().tolist()])),
    "tensor": ("application/json", lambda image: as_json({"tensor": image.ravel().tolist()})),
    "instances": ("application/json", lambda image: as_json({"instances": [image.ravel().tolist()]})),
    "bytes": ("application/octet-stream", lambda image: image.tobytes()),
    "bytes of no type": (None, lambda image: image.tobytes()),
}


@pytest.mark.parametrize("form", BODIES)
def test_pixels_are_taken_as_they_are(form: str, images: NDArray[np.uint8]) -> None:
    """Each form yields the image it was made of, byte for byte; only `instances` asks for a list."""
    content_type, encode = BODIES[form]
    payload = parse_payload(encode(images[0]), content_type)
    assert np.array_equal(payload.images, images[:1])
    assert payload.as_list == (form == "instances")


@pytest.mark.parametrize(
    ("content_type", "encode"),
    [
        ("application/json", lambda images: as_json(images.reshape(-1, 784).tolist())),
        ("application/json", lambda images: as_json({"instances": images.reshape(-1, 784).tolist()})),
        ("application/octet-stream", lambda images: images.tobytes()),
    ],
)
def test_many_images_keep_their_order(
    content_type: str, encode: Callable[[NDArray[np.uint8]], bytes], images: NDArray[np.uint8]
) -> None:
    """Arrays in an array, instances, and 784·N bytes."""
    assert np.array_equal(parse_payload(encode(images), content_type).images, images)


def test_the_unit_is_told_by_each_images_largest_value() -> None:
    """At most 1 is 0-1, in each image of a body on its own; black and white bytes are so read too."""
    bright, faint = [0.0] * 783 + [200.0], [0.0] * 783 + [1.0]
    payload = parse_payload(as_json([bright, faint]), "application/json")
    assert payload.images[:, 27, 27].tolist() == [200, 255]
    assert parse_payload(bytes([0] * 783 + [1]), None).images[0, 27, 27] == 255


def test_values_are_rounded_half_up() -> None:
    """0.5 of 255 is 127.5, which is 128."""
    payload = parse_payload(as_json([0.5, 1.0] + [0] * 782), "application/json")
    assert payload.images[0, 0, :2].tolist() == [128, 255]


@pytest.mark.parametrize("kind", ["png", "jpeg"])
def test_pictures_go_through_the_recipe(kind: str, images: NDArray[np.uint8]) -> None:
    """A digit enlarged five times comes back in 28×28, near what it was."""
    payload = parse_payload(as_picture(images[0], kind), f"image/{kind}")
    assert payload.images.shape == (1, 28, 28)
    assert np.abs(payload.images[0].astype(int) - images[0]).mean() < 15


def test_strokes_go_through_the_recipe() -> None:
    """As the recogniser draws them."""
    payload = parse_payload(as_json({"strokes": SEVEN}), "application/json")
    assert np.array_equal(payload.images[0], from_strokes(SEVEN))


@pytest.mark.parametrize("content", [{"strokes": []}, {"strokes": [[]]}, [0] * 784])
def test_nothing_drawn_is_a_blank_image(content: object) -> None:
    """It is answered, with no digit; it is not an error."""
    assert not parse_payload(as_json(content), "application/json").images.any()


def test_what_torchserve_decoded_already_is_taken_too() -> None:
    """A TorchServe with its default settings parses JSON before the handler sees it."""
    assert parse_payload({"strokes": SEVEN}, "application/json").images.any()
    assert parse_payload([0.0] * 783 + [1.0], "application/json").images.any()


def test_a_number_is_the_images_of_all_that_may_be_its_digits() -> None:
    """One image a candidate; `"number": false` is plain strokes."""
    content = {"strokes": [[[0, 0], [0, 50]], [[8, 0], [8, 50]]]}
    payload = parse_payload(as_json({**content, "number": True}), "application/json")
    assert payload.number is not None
    assert payload.number.groups == [[0], [0, 1], [1]]
    assert len(payload.images) == 3
    plain = parse_payload(as_json({**content, "number": False}), "application/json")
    assert plain.number is None
    assert np.array_equal(plain.images, payload.images[1:2])


JSON = "application/json"
ERRORS: dict[str, tuple[str | None, bytes, int, str, str]] = {
    "783 values": (JSON, as_json([0] * 783), 400, "WrongLength", "expected 784 pixel values, got 783"),
    "785 values": (JSON, as_json([0] * 785), 400, "WrongLength", "expected 784 pixel values, got 785"),
    "no values": (JSON, b"[]", 400, "WrongLength", "expected 784 pixel values, got 0"),
    "28 rows": (JSON, as_json([[0] * 28] * 28), 400, "WrongLength", "expected 784 pixel values, got 28 (image 0)"),
    "NaN": (JSON, b"[NaN]", 400, "NotANumber", "expected numbers, got NaN"),
    "Infinity": (JSON, b"[-Infinity]", 400, "NotANumber", "expected numbers, got -Infinity"),
    "-1": (JSON, as_json([0] * 783 + [-1]), 400, "OutOfRange", "from 0 to 255, got -1 at index 783"),
    "256": (JSON, as_json([256] + [0] * 783), 400, "OutOfRange", "from 0 to 255, got 256 at index 0"),
    "1e999": (JSON, b"[1e999" + b",0" * 783 + b"]", 400, "OutOfRange", "got Infinity at index 0"),
    "a huge integer": (JSON, as_json([10**400] + [0] * 783), 400, "OutOfRange", "at index 0"),
    "a text among them": (JSON, as_json(["1"] + [0] * 783), 400, "NotANumber", 'expected numbers, got "1" at index 0'),
    "a lone surrogate": (JSON, b'"\\ud800"', 400, "UnknownForm", 'got "\ud800"'),
    "a lone surrogate as a key": (JSON, b'{"\\ud800": 1}', 400, "UnknownForm", "got the keys"),
    "empty strokes without end": (
        *(JSON, as_json({"strokes": [[]] * (MAX_POINTS + 1)}), 400),
        *("TooManyPoints", "at most 5000 points"),
    ),
    "to and fro without end": (
        *(JSON, as_json({"strokes": [[[i % 2, i % 2] for i in range(1000)]]}), 400),
        *("InvalidStrokes", "at most about 127 lines across it, got"),
    ),
    "9 MB": ("image/png", bytes(9_000_000), 400, "TooLarge", "at most 8388608 bytes, got 9000000"),
    "a null among them": (JSON, as_json([0] * 783 + [None]), 400, "NotANumber", "got null at index 783"),
    "a true among them": (JSON, as_json([True] + [0] * 783), 400, "NotANumber", "got true at index 0"),
    "the second of many": (JSON, as_json([[0] * 784, [0]]), 400, "WrongLength", "got 1 (image 1)"),
    "a number of many": (JSON, as_json([[0] * 784, 5]), 400, "NotANumber", "got 5 (image 1)"),
    "a text": (JSON, b'"seven"', 400, "UnknownForm", 'got "seven"'),
    "null": (JSON, b"null", 400, "UnknownForm", "got null"),
    "an empty object": (JSON, b"{}", 400, "UnknownForm", "one of tensor, instances, strokes, got an empty object"),
    "another object": (JSON, b'{"pixels": []}', 400, "UnknownForm", "got the keys 'pixels'"),
    "two forms": (JSON, b'{"tensor": [], "strokes": []}', 400, "UnknownForm", "got the keys 'tensor', 'strokes'"),
    "tensor of text": (JSON, b'{"tensor": "x"}', 400, "NotANumber", "expected an array of 784 pixel values"),
    "no instances": (JSON, b'{"instances": []}', 400, "WrongLength", "at least one image, got an array of 0"),
    "an object of instances": (JSON, b'{"instances": {}}', 400, "WrongLength", "got an object"),
    "an empty body": (JSON, b"", 400, "EmptyBody", "got an empty body"),
    "broken JSON": (JSON, b'{"tensor": [1,', 400, "InvalidJson", "expected JSON, got none at byte 14"),
    "not UTF-8": (JSON, b'"\xff"', 400, "InvalidJson", "expected JSON in UTF-8"),
    "deep nesting": (JSON, b"[" * 100_000, 400, "InvalidJson", "nested too deep"),
    "deep strokes": (JSON, b'{"strokes": [[%s]]}' % (b"[" * 1015 + b"]" * 1015), 400, "InvalidJson", "nested too deep"),
    "a number of 5,000 digits": (JSON, b"[" + b"9" * 5000 + b"]", 400, "InvalidJson", "thousands of digits"),
    "strokes of numbers": (JSON, b'{"strokes": [1]}', 400, "InvalidStrokes", "got 1 as stroke 0"),
    "strokes of text": (JSON, b'{"strokes": "M0 0"}', 400, "InvalidStrokes", 'got "M0 0"'),
    "a point of three": (
        JSON,
        b'{"strokes": [[[1, 2, 3]]]}',
        400,
        "InvalidStrokes",
        "got [1, 2, 3] as point 0 of stroke 0",
    ),
    "a point of text": (JSON, b'{"strokes": [[["1", 2]]]}', 400, "InvalidStrokes", 'got ["1", 2] as point 0'),
    "a point far away": (JSON, b'{"strokes": [[[1e300, 2]]]}', 400, "InvalidStrokes", "numbers within ±1e+09"),
    "number of 1": (JSON, b'{"strokes": [], "number": 1}', 400, "UnknownForm", "number to be true or false, got 1"),
    "number of null": (JSON, b'{"strokes": [], "number": null}', 400, "UnknownForm", "true or false, got null"),
    "number of text": (JSON, b'{"strokes": [], "number": "yes"}', 400, "UnknownForm", 'true or false, got "yes"'),
    "number alone": (JSON, b'{"number": true}', 400, "UnknownForm", "expected number beside strokes and nothing else"),
    "number beside pixels": (JSON, b'{"tensor": [], "number": true}', 400, "UnknownForm", "got 'tensor', 'number'"),
    "number and more": (JSON, b'{"strokes": [], "number": true, "x": 1}', 400, "UnknownForm", "nothing else, got"),
    "a number of no strokes": (JSON, b'{"strokes": 7, "number": true}', 400, "InvalidStrokes", "points, got 7"),
    "a number of 41 strokes": (
        *(JSON, as_json({"strokes": [[[i, 0], [i, 9]] for i in range(41)], "number": True}), 400),
        *("InvalidStrokes", "expected a number of at most 40 strokes, got 41"),
    ),
    "a number of much ink": (
        *(JSON, as_json({"strokes": [[[i, 0], [i + 0.9, 5]] * 60 for i in range(40)], "number": True}), 400),
        *("InvalidStrokes", "at most 5,000,000 samples to draw, got"),
    ),
    "points without end": (
        *(JSON, as_json({"strokes": [[[0, 0]] * (MAX_POINTS + 1)]}), 400),
        *("TooManyPoints", "at most 5000 points"),
    ),
    "783 bytes": (None, bytes(783), 400, "WrongLength", "expected 784 pixel values, got 783"),
    "785 bytes": (
        None,
        bytes(785),
        400,
        "WrongLength",
        "784 pixel values (or a multiple of 784, for many images), got",
    ),
    "no bytes": ("application/octet-stream", b"", 400, "WrongLength", "expected 784 pixel values, got 0"),
    "JSON of no type": (None, b"[0, 0]", 400, "WrongLength", "for JSON send Content-Type: application/json"),
    "half a PNG": (
        *("image/png", as_picture(np.eye(28, dtype=np.uint8) * 255, "png")[:90], 400),
        *("InvalidPicture", "expected a whole PNG or JPEG picture"),
    ),
    "no picture": ("image/jpeg", b"hello", 400, "InvalidPicture", "got 5 bytes beginning 68 65 6c 6c 6f"),
    "an empty picture": ("image/png", b"", 400, "InvalidPicture", "got an empty body"),
    "text/plain": ("text/plain", b"7", 415, "UnsupportedMediaType", "image/png, image/jpeg, got text/plain"),
    "a form": ("application/x-www-form-urlencoded", b"7", 415, "UnsupportedMediaType", "got application/x-www-form"),
    "another picture": ("image/gif", b"GIF89a", 415, "UnsupportedMediaType", "got image/gif"),
}


@pytest.mark.parametrize("name", ERRORS)
def test_wrong_bodies_are_refused_in_words(name: str) -> None:
    """Status, kind, and a message with what was expected and what was found, short whatever was sent."""
    content_type, body, code, kind, message = ERRORS[name]
    with pytest.raises(PayloadError) as caught:
        parse_payload(body, content_type)
    error = caught.value
    assert (error.code, error.kind) == (code, kind)
    assert message in error.message
    assert len(error.message) < 300
    assert json.loads(error.to_json()) == {"code": code, "type": kind, "message": error.message}


def prediction(digit: int) -> Prediction:
    probabilities = tuple(0.91 if i == digit else 0.01 for i in range(10))
    return Prediction(digit, 0.91, True, probabilities)


def test_one_image_is_answered_alone_and_many_in_a_list() -> None:
    """Compact JSON; `instances` is a list whatever its length."""
    one = parse_payload(bytes(784), None)
    two = parse_payload(bytes(2 * 784), None)
    instances = parse_payload(as_json({"instances": [[0] * 784]}), JSON)
    answer = json.loads(encode_answer(one, [prediction(7)]))
    assert answer["digit"] == 7
    assert answer["confidence"] == 0.91
    assert answer["is_digit"] is True
    assert sum(answer["probabilities"]) == pytest.approx(1)
    assert [p["digit"] for p in json.loads(encode_answer(two, [prediction(7), prediction(1)]))["predictions"]] == [7, 1]
    assert len(json.loads(encode_answer(instances, [prediction(7)]))["predictions"]) == 1
    assert b" " not in encode_answer(one, [prediction(7)])


def test_a_number_is_answered_digit_by_digit() -> None:
    """From left to right, each with its strokes; the likeliest digit even where it is refused; compact JSON."""
    strokes = [[[8, 0], [8, 50]], [], [[0, 0], [0, 50]]]
    payload = parse_payload(as_json({"strokes": strokes, "number": True}), JSON)
    refused = prediction(4)._replace(is_digit=False)
    settled, own = payload.settle([prediction(7), prediction(3)._replace(confidence=0.1), refused])
    encoded = encode_answer(settled, own)
    answer = json.loads(encoded)
    assert answer["number"] == "74"
    assert [digit["digit"] for digit in answer["digits"]] == [7, 4]
    assert [digit["is_digit"] for digit in answer["digits"]] == [True, False]
    assert [digit["strokes"] for digit in answer["digits"]] == [[2], [0]]
    assert list(answer["digits"][0]) == ["digit", "confidence", "is_digit", "probabilities", "strokes"]
    assert b" " not in encoded


@pytest.mark.parametrize("strokes", [[], [[]]])
def test_no_ink_is_an_empty_number(strokes: object) -> None:
    """It is answered; it is not an error."""
    payload = parse_payload(as_json({"strokes": strokes, "number": True}), JSON)
    assert encode_answer(*payload.settle([])) == b'{"number":"","digits":[]}'


def test_a_blank_image_is_answered_with_null() -> None:
    """digit: null, and probabilities that still sum to 1."""
    answer = json.loads(encode_answer(parse_payload(bytes(784), None), [NO_INK]))
    assert answer["digit"] is None
    assert answer["is_digit"] is False
    assert sum(answer["probabilities"]) == pytest.approx(1)
