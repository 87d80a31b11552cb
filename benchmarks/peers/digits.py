"""What the peers in Python share: a request's pixels, and the answer that our own server would give."""

from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import orjson
from numpy.typing import NDArray

PIXELS = 784
DECIMALS = 7  # of a probability: half the text of a float32


class OnnxDigits:
    """The network in ONNX Runtime, with one thread: one digit is too little work to share."""

    def __init__(self, model: Path) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])

    def answer(self, images: list[NDArray[np.uint8]]) -> list[bytes]:
        """N images of 784 pixels -> N answers in JSON."""
        batch = np.stack(images).reshape(-1, 28, 28)
        probabilities, is_digit = self._session.run(["probabilities", "is_digit"], {"images": batch})
        return to_json(probabilities, is_digit)


def to_json(probabilities: NDArray[np.float32], is_digit: NDArray[np.bool_]) -> list[bytes]:
    """(N, 10) and (N,) -> N answers in JSON."""
    rounded = probabilities.astype(np.float64).round(DECIMALS).tolist()
    digits = probabilities.argmax(axis=1).tolist()
    return [
        orjson.dumps({"digit": digit, "confidence": row[digit], "is_digit": inked, "probabilities": row})
        for digit, row, inked in zip(digits, rounded, is_digit.tolist(), strict=True)
    ]


def parse_pixels(body: bytes, content_type: str | None) -> NDArray[np.uint8]:
    """A JSON array of 784 integers, or 784 raw bytes -> (784,).

    Raises:
        ValueError: it is neither.
    """
    return to_pixels(orjson.loads(body) if content_type == "application/json" else body)


def to_pixels(content: Any) -> NDArray[np.uint8]:
    """784 integers in a list, or 784 bytes -> (784,).

    Raises:
        ValueError: it is neither.
    """
    if not isinstance(content, list | bytes) or len(content) != PIXELS:
        found = len(content) if isinstance(content, list | bytes) else type(content).__name__
        raise ValueError(f"expected {PIXELS} pixel values, got {found}")
    try:
        return np.frombuffer(bytes(content), np.uint8)  # bytes() takes integers from 0 to 255 and nothing else
    except TypeError as error:
        raise ValueError(f"expected integers from 0 to 255: {error}") from error
