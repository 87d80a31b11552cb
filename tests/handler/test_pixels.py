"""The fast way to read numbers is the careful one, many times as fast."""

import json
import math

import numpy as np
import pytest

from handlers.errors import PayloadError
from handlers.payload import parse_payload
from handlers.pixels import from_bytes, read_any_row, read_row_without_literals

RNG = np.random.default_rng(0)
WHOLE = RNG.integers(0, 256, 784)
DIGIT = np.where(RNG.random(784) < 0.8, 0, WHOLE)


@pytest.mark.parametrize(
    "values",
    [
        WHOLE.tolist(),
        DIGIT.tolist(),
        [0] * 784,
        [1] * 784,
        [0] * 783 + [1],
        [255] * 784,
        (WHOLE / 255).tolist(),
        (WHOLE / 255).round(2).tolist(),
        RNG.uniform(0, 255, 784).tolist(),
        [0.5] * 783 + [1],
        [0.5] * 783 + [1.0000001],
        [0.0] * 784,
        [0] * 783 + [1e-300],
        [-0.0] * 784,
        [254.5] * 784,
        [0, 0.25] * 392,
    ],
)
def test_both_read_the_same(values: list[float]) -> None:
    """Whole numbers, fractions, both at once, in either unit."""
    assert bytes(read_row_without_literals(values)) == bytes(read_any_row(values))


@pytest.mark.parametrize(
    "wrong",
    [-1, 256, 255.0000001, -0.0000001, "1", None, [1], {}, math.nan, math.inf, 2**70, -(2**70), 10**400],
)
@pytest.mark.parametrize("others", [0, 0.5])
def test_both_refuse_the_same(wrong: object, others: float) -> None:
    """In the same words."""
    values = [others] * 400 + [wrong] + [others] * 383
    messages = []
    for read_row in (read_any_row, read_row_without_literals):
        with pytest.raises(PayloadError) as refused:
            read_row(values)
        messages.append((refused.value.kind, refused.value.message))
    assert messages[0] == messages[1]
    assert "at index 400" in messages[0][1]


@pytest.mark.parametrize("values", [None, {}, "0" * 784, [], [0] * 783, [0] * 785, tuple([0] * 784)])
def test_what_is_no_row_is_refused(values: object) -> None:
    """By both."""
    for read_row in (read_any_row, read_row_without_literals):
        with pytest.raises(PayloadError):
            read_row(values)


@pytest.mark.parametrize("literal", [b"true", b"false"])
@pytest.mark.parametrize("form", [b"[%s]", b"[[%s]]", b'{"tensor": [%s]}', b'{"instances": [[%s]]}'])
def test_true_and_false_are_no_numbers(literal: bytes, form: bytes) -> None:
    """Though Python takes them for 1 and 0."""
    body = form % b",".join([b"0"] * 783 + [literal])
    with pytest.raises(PayloadError, match=rf"expected numbers, got {literal.decode()} at index 783"):
        parse_payload(body, "application/json")


def test_a_key_with_an_e_is_no_literal() -> None:
    """Nor is an exponent: such bodies are read all the same."""
    expected = parse_payload(bytes(range(256)) * 3 + bytes(16), None).images
    values = [*range(256)] * 3 + [0] * 16
    for body in (values, {"tensor": values}, {"instances": [values]}):
        np.testing.assert_array_equal(parse_payload(json.dumps(body).encode(), "application/json").images, expected)
    small = json.dumps([1e-9] * 784).encode()
    assert b"e" in small
    assert not parse_payload(small, "application/json").images.any()


def test_bytes_are_in_either_unit_each_image_for_itself() -> None:
    """One image or many: where none is above 1, ones are full ink."""
    unit, full = np.zeros(784, np.uint8), np.zeros(784, np.uint8)
    unit[5], full[5], full[6] = 1, 1, 2
    assert from_bytes(unit.tobytes())[0, 0, 5] == 255
    assert from_bytes(full.tobytes())[0, 0, 5] == 1
    together = from_bytes(unit.tobytes() + full.tobytes() + bytes(784))
    assert together[:, 0, 5].tolist() == [255, 1, 0]
    assert together[:, 0, 6].tolist() == [0, 2, 0]
