"""How well a network reads labelled digits, measured through the same `Predictor` that serves them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .dataset import Split
from .model import CLASSES
from .predictor import Predictor


@dataclass(frozen=True)
class Evaluation:
    """What a network said of N labelled images.

    Attributes:
        labels: (N,) int64, the truth.
        digits: (N,) int64, the likeliest digit.
        confidences: (N,) float32, its probability.
    """

    labels: NDArray[np.int64]
    digits: NDArray[np.int64]
    confidences: NDArray[np.float32]

    @property
    def accuracy(self) -> float:
        """Share of images whose likeliest digit is the true one."""
        return float((self.labels == self.digits).mean())

    @property
    def confusion(self) -> NDArray[np.int64]:
        """(10, 10) counts: row the true digit, column the one that was read."""
        counts = np.bincount(self.labels * CLASSES + self.digits, minlength=CLASSES * CLASSES)
        return counts.reshape(CLASSES, CLASSES)

    @property
    def recall(self) -> NDArray[np.float64]:
        """(10,) share of each digit's images that were read as it; NaN where there are none."""
        confusion = self.confusion
        totals = confusion.sum(axis=1)
        return np.asarray(np.divide(confusion.diagonal(), totals, out=np.full(CLASSES, np.nan), where=totals > 0))

    def worst_mistakes(self, count: int) -> NDArray[np.int64]:
        """Indices of up to `count` misread images, the most confident mistakes first."""
        wrong = np.flatnonzero(self.labels != self.digits)
        return wrong[np.argsort(-self.confidences[wrong], kind="stable")][:count]

    def __str__(self) -> str:
        """Accuracy, recall of each digit, and the confusion matrix, for a terminal."""
        header = "true\\read" + "".join(f"{digit:6d}" for digit in range(CLASSES)) + "   recall"
        rows = [
            f"{digit:9d}" + "".join(f"{count:6d}" for count in row) + f"  {share:7.2%}"
            for digit, (row, share) in enumerate(zip(self.confusion, self.recall, strict=True))
        ]
        right = int((self.labels == self.digits).sum())
        summary = f"accuracy {self.accuracy:.2%} ({right} of {len(self.labels)})"
        return "\n".join([header, *rows, summary])


def evaluate(predictor: Predictor, split: Split) -> Evaluation:
    """Run a split through the network."""
    probabilities, _ = predictor.score(split.images.numpy())
    return Evaluation(split.labels.numpy(), probabilities.argmax(axis=1), probabilities.max(axis=1))
