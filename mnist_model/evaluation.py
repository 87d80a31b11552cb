"""How well digits are read and the rest refused, measured through the same `Predictor` that serves them.

Images come in families, one for each origin: MNIST's test set, a file of drawings, another set's images.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .calibration import Reliability, expected_calibration_error, reliability
from .dataset import Split
from .errors import MnistError
from .metrics import Share, area_under_roc
from .predictor import Predictor
from .scores import CLASSES, Scores

CONFIDENT = 0.9  # above that a person takes an answer for certain


@dataclass(frozen=True)
class Answers:
    """What a recogniser said of N images.

    Attributes:
        images: (N, 28, 28) uint8.
        scores: probabilities and log-odds of being a digit.
        min_log_odds: what the log-odds must reach for `is_digit`.
    """

    images: NDArray[np.uint8]
    scores: Scores
    min_log_odds: float

    @property
    def digits(self) -> NDArray[np.int64]:
        """(N,) the likeliest digit."""
        return np.asarray(self.scores.probabilities.argmax(axis=1))

    @property
    def confidences(self) -> NDArray[np.float32]:
        """(N,) its probability."""
        return np.asarray(self.scores.probabilities.max(axis=1))

    @property
    def refused(self) -> NDArray[np.bool_]:
        """(N,) whether it was called no digit, as an image without ink is too."""
        return (self.scores.log_odds < self.min_log_odds) | ~self.images.any(axis=(1, 2))


@dataclass(frozen=True)
class Evaluation(Answers):
    """What a recogniser said of N digits.

    Attributes:
        labels: (N,) int64, the truth.
    """

    labels: NDArray[np.int64]

    @property
    def right(self) -> NDArray[np.bool_]:
        """(N,) whether the likeliest digit is the true one."""
        return np.asarray(self.labels == self.digits)

    @property
    def accuracy(self) -> float:
        """Share of images whose likeliest digit is the true one."""
        return Share.of(self.right).value

    @property
    def accepted_and_right(self) -> NDArray[np.bool_]:
        """(N,) what counts where a refusal is a mistake too."""
        return self.right & ~self.refused

    @property
    def confusion(self) -> NDArray[np.int64]:
        """(10, 10) counts: row the true digit, column the one that was read."""
        counts = np.bincount(self.labels * CLASSES + self.digits, minlength=CLASSES * CLASSES)
        return counts.reshape(CLASSES, CLASSES)

    @property
    def recall(self) -> list[Share]:
        """Of each digit's images, those that were read as it."""
        confusion = self.confusion.tolist()
        return [Share(row[digit], sum(row)) for digit, row in enumerate(confusion)]

    @property
    def calibration_error(self) -> float:
        """How far confidence is from accuracy."""
        return expected_calibration_error(self.confidences, self.right)

    @property
    def reliability(self) -> Reliability:
        """Confidence and accuracy, bin by bin."""
        return reliability(self.confidences, self.right)

    def worst_mistakes(self, count: int) -> NDArray[np.int64]:
        """Indices of up to `count` misread images, the most confident mistakes first."""
        wrong = np.flatnonzero(~self.right)
        return wrong[np.argsort(-self.confidences[wrong], kind="stable")][:count]

    def numbers(self) -> dict[str, Any]:
        """All that was measured, for JSON."""
        binned = self.reliability
        return {
            "images": len(self.labels),
            "accuracy": share_numbers(Share.of(self.right)),
            "accuracy_refusals_wrong": share_numbers(Share.of(self.accepted_and_right)),
            "refused": share_numbers(Share.of(self.refused)),
            "recall": [share_numbers(share) for share in self.recall],
            "confusion": self.confusion.tolist(),
            "calibration_error": number(self.calibration_error),
            "reliability": {
                "counts": binned.counts.tolist(),
                "confidence": [number(mean) for mean in binned.confidence.tolist()],
                "correct": binned.correct.tolist(),
            },
        }

    def __str__(self) -> str:
        """Accuracy, recall of each digit, and the confusion matrix, for a terminal."""
        header = "true\\read" + "".join(f"{digit:6d}" for digit in range(CLASSES)) + "   recall"
        rows = [
            f"{digit:9d}" + "".join(f"{count:6d}" for count in row) + f"  {share.value:7.2%}"
            for digit, (row, share) in enumerate(zip(self.confusion, self.recall, strict=True))
        ]
        summary = f"accuracy {self.accuracy:.2%} ({int(self.right.sum())} of {len(self.labels)})"
        return "\n".join([header, *rows, summary])


@dataclass(frozen=True)
class Rejection(Answers):
    """What a recogniser said of N images that are no digits.

    Attributes:
        kinds: N names of what they are; empty where that is not known.
    """

    kinds: tuple[str, ...]

    @property
    def confident(self) -> NDArray[np.bool_]:
        """(N,) whether it was confident all the same."""
        return self.confidences > CONFIDENT

    @property
    def refused_by_kind(self) -> dict[str, Share]:
        """Of each kind that has a name, those that were refused; the least refused kind first."""
        kinds, refused = np.array(self.kinds), self.refused
        shares = {kind: Share.of(refused[kinds == kind]) for kind in sorted(set(self.kinds) - {""})}
        return dict(sorted(shares.items(), key=lambda item: item[1].value))

    def worst_mistakes(self, count: int) -> NDArray[np.int64]:
        """Indices of up to `count` images that were taken for digits, the likeliest digits first."""
        taken = np.flatnonzero(~self.refused)
        return taken[np.argsort(-self.scores.log_odds[taken], kind="stable")][:count]


class Separation(NamedTuple):
    """The area under the ROC curve that tells digits from the rest, by each score that could decide it."""

    log_odds: float
    confidence: float


def separation(digits: Sequence[Evaluation], non_digits: Rejection) -> Separation:
    """How well each score tells these digits, all together, from what is none."""
    return Separation(
        area_under_roc(np.concatenate([family.scores.log_odds for family in digits]), non_digits.scores.log_odds),
        area_under_roc(np.concatenate([family.confidences for family in digits]), non_digits.confidences),
    )


@dataclass(frozen=True)
class Families:
    """All that was measured, by the name of the family.

    Attributes:
        digits: at least one; the first is MNIST's.
        non_digits: may be none.
    """

    digits: dict[str, Evaluation]
    non_digits: dict[str, Rejection]

    def add(self, name: str, family: Evaluation | Rejection) -> None:
        """Add a family.

        Raises:
            MnistError: there is one of its sort and that name already.
        """
        if name in (self.digits if isinstance(family, Evaluation) else self.non_digits):
            raise MnistError(f"expected families of different names, got {name!r} twice; rename a file")
        if isinstance(family, Evaluation):
            self.digits[name] = family
        else:
            self.non_digits[name] = family

    def separations(self, name: str) -> tuple[Separation, Separation]:
        """A family of non-digits against all the digits, and against MNIST's alone."""
        everything, non_digits = list(self.digits.values()), self.non_digits[name]
        return separation(everything, non_digits), separation(everything[:1], non_digits)

    def numbers(self) -> dict[str, Any]:
        """All that was measured, for JSON: shares between 0 and 1, null for what there is none of."""
        return {
            "digits": {name: family.numbers() for name, family in self.digits.items()},
            "non_digits": {name: self._non_digit_numbers(name) for name in self.non_digits},
        }

    def _non_digit_numbers(self, name: str) -> dict[str, Any]:
        family = self.non_digits[name]
        against_all, against_mnist = self.separations(name)
        return {
            "images": len(family.images),
            "refused": share_numbers(Share.of(family.refused)),
            "confident": share_numbers(Share.of(family.confident)),
            "auroc_all_digits": against_all._asdict(),
            "auroc_mnist": against_mnist._asdict(),
            "refused_by_kind": {kind: share_numbers(share) for kind, share in family.refused_by_kind.items()},
        }


def share_numbers(share: Share) -> dict[str, float | None]:
    """A share for JSON, with its 95 % interval."""
    low, high = share.interval
    return {
        "count": share.count,
        "total": share.total,
        "share": number(share.value),
        "low": number(low),
        "high": number(high),
    }


def number(value: float) -> float | None:
    """A number for JSON, which has no NaN."""
    return None if math.isnan(value) else value


def evaluate(predictor: Predictor, split: Split) -> Evaluation:
    """Run labelled digits through the recogniser."""
    images = split.images.numpy()
    return Evaluation(images, predictor.score(images), predictor.min_log_odds, split.labels.numpy())


def evaluate_non_digits(predictor: Predictor, images: NDArray[np.uint8], kinds: Sequence[str] = ()) -> Rejection:
    """Run (N, 28, 28) images that are no digits through the recogniser; `kinds` names each, where that is known."""
    return Rejection(images, predictor.score(images), predictor.min_log_odds, tuple(kinds) or ("",) * len(images))
