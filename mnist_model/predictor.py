"""From canonical 28×28 images to digits: what the server, the command line and the evaluation all use.

predictor = Predictor.load()
predictor.predict(images)  # (N, 28, 28) uint8 -> one Prediction an image
"""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .preprocessing import SIZE
from .scores import CLASSES, Runtime, Scores
from .shipped import SHIPPED_MODEL

CHUNK = 128  # images a pass: their activations fit the cache of a core, which 512 images' do not
DECIMALS = 7  # of a probability: float32 holds no more


class Prediction(NamedTuple):
    """The answer for one image.

    Attributes:
        digit: the likeliest digit; None for an image without ink.
        confidence: its probability; 0 for an image without ink.
        is_digit: whether it is likely enough to be a digit at all.
        probabilities: ten numbers that sum to 1, to DECIMALS places.
    """

    digit: int | None
    confidence: float
    is_digit: bool
    probabilities: tuple[float, ...]


NO_INK = Prediction(digit=None, confidence=0.0, is_digit=False, probabilities=(1 / CLASSES,) * CLASSES)


class Predictor:
    """A recogniser ready to answer.

    Args:
        runtime: what runs the network.
        min_log_odds: what the log-odds must reach for `is_digit`.
        about: what is known of the network, for reports: its arch, seed and temperature.
    """

    def __init__(self, runtime: Runtime, min_log_odds: float, about: Mapping[str, str] | None = None) -> None:
        self._runtime = runtime
        self.min_log_odds = min_log_odds
        self.about = {**(about or {}), "min_log_odds": str(min_log_odds)}

    @classmethod
    def load(cls, path: str | Path = SHIPPED_MODEL, threads: int | None = None) -> "Predictor":
        """Load a file, and warm up. An `.onnx` runs in ONNX Runtime, as it is served; a checkpoint in PyTorch.

        Args:
            path: of `mnist export` or of `mnist train`.
            threads: how many share one pass; None leaves it to the runtime.

        Raises:
            WeightsError: the file cannot be used.
        """
        if Path(path).suffix == ".onnx":
            from .onnx_runtime import OnnxRuntime

            exported = OnnxRuntime(path, threads)
            predictor = cls(exported, float(exported.metadata["min_log_odds"]), exported.metadata)
        else:
            import torch

            from . import checkpoint as checkpoints
            from .torch_runtime import TorchRuntime

            checkpoint = checkpoints.load(path)
            if threads is not None:
                torch.set_num_threads(threads)
            predictor = cls(TorchRuntime(checkpoint.build()), checkpoint.min_log_odds, checkpoint.about())
        predictor.score(np.zeros((1, SIZE, SIZE), np.uint8))  # the first pass allocates and picks kernels
        return predictor

    def score(self, images: NDArray[np.uint8]) -> Scores:
        """(N, 28, 28) uint8 -> probabilities and log-odds, whatever the threshold.

        Raises:
            ValueError: the array has another shape or type.
        """
        if images.ndim != 3 or images.shape[1:] != (SIZE, SIZE) or images.dtype != np.uint8:
            raise ValueError(f"expected images of shape (N, {SIZE}, {SIZE}) uint8, got {images.shape} {images.dtype}")
        if not len(images):
            return Scores(np.empty((0, CLASSES), np.float32), np.empty(0, np.float32))
        if len(images) <= CHUNK:
            return self._runtime(images)
        parts = [self._runtime(images[start : start + CHUNK]) for start in range(0, len(images), CHUNK)]
        return Scores(*map(np.concatenate, zip(*parts, strict=True)))

    def predict(self, images: NDArray[np.uint8]) -> list[Prediction]:
        """(N, 28, 28) uint8, ink bright on 0 -> one `Prediction` an image, in order."""
        probabilities, log_odds = self.score(images)
        digits = probabilities.argmax(axis=1).tolist()
        are_digits = (log_odds >= self.min_log_odds).tolist()
        has_ink = (images.reshape(len(images), SIZE * SIZE).max(axis=1) > 0).tolist()
        rows = np.round(probabilities.astype(np.float64), DECIMALS).tolist()
        return [
            Prediction(digit, row[digit], is_digit, tuple(row)) if inked else NO_INK
            for digit, is_digit, inked, row in zip(digits, are_digits, has_ink, rows, strict=True)
        ]
