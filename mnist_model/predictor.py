"""From canonical 28×28 images to digits: what the server, the command line and the evaluation all use.

predictor = Predictor.load("mnist_model/weights/cnn.pt")
predictor.predict(images)  # (N, 28, 28) uint8 -> one Prediction an image
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from . import checkpoint as checkpoints
from .checkpoint import SHIPPED_WEIGHTS
from .model import CLASSES
from .preprocessing import SIZE

CHUNK = 512  # images a forward pass: bounds memory (about 20 kB of activations an image)


@dataclass(frozen=True)
class Prediction:
    """The answer for one image.

    Attributes:
        digit: the likeliest digit; None for an image without ink.
        confidence: its probability; 0 for an image without ink.
        is_digit: whether it is confident enough to be called a digit at all.
        probabilities: ten numbers that sum to 1.
    """

    digit: int | None
    confidence: float
    is_digit: bool
    probabilities: tuple[float, ...]


NO_INK = Prediction(digit=None, confidence=0.0, is_digit=False, probabilities=(1 / CLASSES,) * CLASSES)


class Predictor:
    """A network ready to answer.

    Args:
        model: logits from (N, 28, 28) images.
        min_confidence: what the likeliest digit must reach for `is_digit`.
    """

    def __init__(self, model: nn.Module, min_confidence: float) -> None:
        self._model = model.eval().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._min_confidence = min_confidence

    @classmethod
    def load(cls, path: str | Path = SHIPPED_WEIGHTS, threads: int | None = None) -> "Predictor":
        """Load a checkpoint, set torch's thread count once where one is given, and warm up.

        Raises:
            CheckpointError: the file cannot be used.
        """
        checkpoint = checkpoints.load(path)
        if threads is not None:
            torch.set_num_threads(threads)
        predictor = cls(checkpoint.build(), checkpoint.min_confidence)
        predictor.probabilities(np.zeros((1, SIZE, SIZE), np.uint8))  # the first pass allocates and picks kernels
        return predictor

    @torch.inference_mode()
    def probabilities(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """(N, 28, 28) uint8 -> (N, 10) float32, each row summing to 1.

        Raises:
            ValueError: the array has another shape or type.
        """
        if images.ndim != 3 or images.shape[1:] != (SIZE, SIZE) or images.dtype != np.uint8:
            raise ValueError(f"expected images of shape (N, {SIZE}, {SIZE}) uint8, got {images.shape} {images.dtype}")
        parts = [
            self._model(torch.tensor(images[start : start + CHUNK])).softmax(dim=1)
            for start in range(0, len(images), CHUNK)
        ]
        return torch.cat(parts).numpy() if parts else np.empty((0, CLASSES), np.float32)

    def predict(self, images: NDArray[np.uint8]) -> list[Prediction]:
        """(N, 28, 28) uint8, ink bright on 0 -> one `Prediction` an image, in order."""
        probabilities = self.probabilities(images)
        digits = probabilities.argmax(axis=1).tolist()
        has_ink = (images.max(axis=(1, 2), initial=0) > 0).tolist()
        return [
            Prediction(digit, row[digit], row[digit] >= self._min_confidence, tuple(row)) if inked else NO_INK
            for digit, inked, row in zip(digits, has_ink, probabilities.tolist(), strict=True)
        ]
