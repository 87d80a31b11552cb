"""What an evaluation measures beside calibration: shares with their intervals, and how well a score tells two groups.

Pure arithmetic on arrays; it knows nothing of networks or digits.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Z_95 = 1.959963984540054  # the standard normal distribution has 95 % of its mass within ± this


@dataclass(frozen=True)
class Share:
    """So many of so many."""

    count: int
    total: int

    @classmethod
    def of(cls, mask: NDArray[np.bool_]) -> "Share":
        """Count the true ones."""
        return cls(int(mask.sum()), len(mask))

    @property
    def value(self) -> float:
        """The share; NaN of nothing."""
        return self.count / self.total if self.total else math.nan

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of the share in all that these are a sample of; NaN of nothing."""
        return wilson_interval(self.count, self.total)


def wilson_interval(count: int, total: int) -> tuple[float, float]:
    """The 95 % score interval of a binomial share (Wilson, 1927, "Probable Inference, the Law of Succession").

    Unlike the textbook's ±1.96 standard errors it stays within 0 and 1, and is right for shares near them too
    (Brown, Cai and DasGupta, 2001, "Interval Estimation for a Binomial Proportion").
    """
    if not total:
        return math.nan, math.nan
    share, z_squared = count / total, Z_95**2
    middle = share + z_squared / (2 * total)
    half = Z_95 * math.sqrt(share * (1 - share) / total + z_squared / (4 * total**2))
    scale = 1 + z_squared / total
    return max(0.0, (middle - half) / scale), min(1.0, (middle + half) / scale)


def area_under_roc(positive: NDArray[np.float32], negative: NDArray[np.float32]) -> float:
    """The chance that a positive's score is above a negative's, ties counting half.

    That is the area under the ROC curve, and Mann and Whitney's rank statistic (Hanley and McNeil, 1982, "The Meaning
    and Use of the Area under a Receiver Operating Characteristic Curve"); scores that are equal share their mean rank.

    Args:
        positive: (N,) scores of those that should score high.
        negative: (M,) scores of the others.

    Returns:
        0.5 for a score that says nothing, 1 for one that separates them wholly; NaN where a group is empty.
    """
    if not len(positive) or not len(negative):
        return math.nan
    _, place, counts = np.unique(np.concatenate([positive, negative]), return_inverse=True, return_counts=True)
    mean_rank = np.cumsum(counts) - (counts - 1) / 2
    rank_sum = float(mean_rank[place[: len(positive)]].sum())
    return (rank_sum - len(positive) * (len(positive) + 1) / 2) / (len(positive) * len(negative))


def roc_curve(
    positive: NDArray[np.float32], negative: NDArray[np.float32]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The share of negatives and of positives at or above each threshold, from (0, 0) to (1, 1)."""
    thresholds = np.unique(np.concatenate([positive, negative]))[::-1]

    def accepted(scores: NDArray[np.float32]) -> NDArray[np.float64]:
        return np.concatenate([[0.0], 1 - np.searchsorted(np.sort(scores), thresholds) / len(scores)])

    return accepted(negative), accepted(positive)


def percent(confidence: float) -> str:
    """A confidence for people, to 0.1 %, but never rounded up to certainty."""
    return f"{confidence:.1%}" if confidence < 0.9995 else "over 99.9%"
