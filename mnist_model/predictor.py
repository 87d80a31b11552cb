"""From canonical 28×28 images to digits: what the server, the command line and the evaluation all use.

predictor = Predictor.load("mnist_model/weights/cnn.pt")
predictor.predict(images)  # (N, 28, 28) uint8 -> one Prediction an image
"""

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from . import checkpoint as checkpoints
from .checkpoint import SHIPPED_WEIGHTS
from .model import CLASSES
from .preprocessing import SIZE
from .recogniser import Recogniser

CHUNK = 512  # images a forward pass: bounds memory (about 20 kB of activations an image)


@dataclass(frozen=True)
class Prediction:
    """The answer for one image.

    Attributes:
        digit: the likeliest digit; None for an image without ink.
        confidence: its probability; 0 for an image without ink.
        is_digit: whether it is likely enough to be a digit at all.
        probabilities: ten numbers that sum to 1.
    """

    digit: int | None
    confidence: float
    is_digit: bool
    probabilities: tuple[float, ...]


class Scores(NamedTuple):
    """What the recogniser says of N images: probabilities (N, 10) float32, log-odds of being a digit (N,) float32."""

    probabilities: NDArray[np.float32]
    log_odds: NDArray[np.float32]


NO_INK = Prediction(digit=None, confidence=0.0, is_digit=False, probabilities=(1 / CLASSES,) * CLASSES)


class Predictor:
    """A recogniser ready to answer.

    Args:
        recogniser: probabilities and log-odds of being a digit, from (N, 28, 28) images.
        min_log_odds: what the log-odds must reach for `is_digit`.
    """

    def __init__(self, recogniser: Recogniser, min_log_odds: float) -> None:
        self._recogniser = recogniser.eval().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.min_log_odds = min_log_odds

    @classmethod
    def load(cls, path: str | Path = SHIPPED_WEIGHTS, threads: int | None = None) -> "Predictor":
        """Load a checkpoint, set torch's thread count once where one is given, and warm up.

        Raises:
            CheckpointError: the file cannot be used.
        """
        checkpoint = checkpoints.load(path)
        if threads is not None:
            torch.set_num_threads(threads)
        predictor = cls(checkpoint.build(), checkpoint.min_log_odds)
        predictor.score(np.zeros((1, SIZE, SIZE), np.uint8))  # the first pass allocates and picks kernels
        return predictor

    @torch.inference_mode()
    def score(self, images: NDArray[np.uint8]) -> Scores:
        """(N, 28, 28) uint8 -> probabilities and log-odds, whatever the threshold.

        Raises:
            ValueError: the array has another shape or type.
        """
        if images.ndim != 3 or images.shape[1:] != (SIZE, SIZE) or images.dtype != np.uint8:
            raise ValueError(f"expected images of shape (N, {SIZE}, {SIZE}) uint8, got {images.shape} {images.dtype}")
        if not len(images):
            return Scores(np.empty((0, CLASSES), np.float32), np.empty(0, np.float32))
        parts = [
            self._recogniser(torch.tensor(images[start : start + CHUNK])) for start in range(0, len(images), CHUNK)
        ]
        probabilities, log_odds = (torch.cat(part).numpy() for part in zip(*parts, strict=True))
        return Scores(probabilities, log_odds)

    def predict(self, images: NDArray[np.uint8]) -> list[Prediction]:
        """(N, 28, 28) uint8, ink bright on 0 -> one `Prediction` an image, in order."""
        probabilities, log_odds = self.score(images)
        digits = probabilities.argmax(axis=1).tolist()
        are_digits = (log_odds >= self.min_log_odds).tolist()
        has_ink = (images.max(axis=(1, 2), initial=0) > 0).tolist()
        return [
            Prediction(digit, row[digit], is_digit, tuple(row)) if inked else NO_INK
            for digit, is_digit, inked, row in zip(digits, are_digits, has_ink, probabilities.tolist(), strict=True)
        ]
