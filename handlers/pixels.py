"""Pixels as they are sent -> canonical images. Nearly all time that a request takes in our own code is spent here.

An image whose largest value is at most 1 is taken to be in 0-1, any other in 0-255.
"""

from array import array
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from handlers.errors import PayloadError
from handlers.json_text import name
from mnist_model.preprocessing import SIZE

PIXELS = SIZE * SIZE
FULL = bytes([0, *[255] * 255])  # as a table for `translate`: 0 and 1 -> 0 and 255

Images = NDArray[np.uint8]
ReadRow = Callable[[object], bytes | bytearray]  # one image as numbers -> its 784 bytes in 0-255


def from_bytes(content: bytes | bytearray) -> Images:
    """784·N bytes -> (N, 28, 28) uint8."""
    if len(content) == PIXELS:
        return _to_images(_full_range(content))
    images = np.frombuffer(content, np.uint8).reshape(-1, PIXELS)
    unit = images.max(axis=1, keepdims=True) <= 1
    return (np.where(unit, images * np.uint8(255), images) if unit.any() else images).reshape(-1, SIZE, SIZE)


def from_row(values: object, read_row: ReadRow) -> Images:
    """[784 numbers] -> (1, 28, 28) uint8.

    Raises:
        PayloadError: as `read_any_row`.
    """
    return _to_images(read_row(values))


def from_rows(rows: Sequence[object], read_row: ReadRow) -> Images:
    """[[784 numbers], ...] -> (N, 28, 28) uint8.

    Raises:
        PayloadError: as `read_any_row`; with the number of the image.
    """
    images = []
    for number, row in enumerate(rows):
        try:
            images.append(read_row(row))
        except PayloadError as error:
            raise PayloadError(error.kind, f"{error.message} (image {number})") from error
    return _to_images(b"".join(images))


def read_row_without_literals(values: object) -> bytes | bytearray:
    """As `read_any_row`, many times as fast, for values among which there is no `true` or `false`.

    Those are whole numbers to Python, and would be taken for 1 and 0 here.
    """
    if type(values) is list and len(values) == PIXELS:
        try:
            return _full_range(bytes(values))  # whole numbers from 0 to 255
        except (TypeError, ValueError):
            pass
        try:
            numbers = np.frombuffer(array("d", values))
        except (TypeError, OverflowError):
            pass
        else:
            if numbers.min() >= 0 and numbers.max() <= 255:
                return _round(numbers)
    return read_any_row(values)


def read_any_row(values: object) -> bytes:
    """784 finite numbers from 0 to 255, or what is wrong with them.

    Raises:
        PayloadError: they are not that; with the place of the first that is wrong.
    """
    if not isinstance(values, list):
        raise PayloadError("NotANumber", f"expected an array of {PIXELS} pixel values, got {name(values)}")
    if len(values) != PIXELS:
        raise PayloadError("WrongLength", f"expected {PIXELS} pixel values, got {len(values)}")
    for index, value in enumerate(values):
        if type(value) not in (int, float):
            raise PayloadError("NotANumber", f"expected numbers, got {name(value)} at index {index}")
    for index, value in enumerate(values):
        if not 0 <= value <= 255:
            raise PayloadError("OutOfRange", f"expected pixel values from 0 to 255, got {name(value)} at index {index}")
    return _round(np.array(values, np.float64))


def _round(numbers: NDArray[np.float64]) -> bytes:
    scaled = numbers * 255 if numbers.max() <= 1 else numbers
    return np.floor(scaled + 0.5).astype(np.uint8).tobytes()


def _full_range(pixels: bytes | bytearray) -> bytes | bytearray:
    # strip stops at the first byte above 1, which in a drawing comes soon
    return pixels if pixels.strip(b"\0\1") else pixels.translate(FULL)


def _to_images(content: bytes | bytearray) -> Images:
    return np.frombuffer(content, np.uint8).reshape(-1, SIZE, SIZE)
