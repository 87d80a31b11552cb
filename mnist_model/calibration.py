"""Makes confidence honest, and measures whether it is: temperature, threshold, calibration error.

All of it is to be fitted on held-out digits; pure arithmetic on arrays.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

BINS = 15  # of confidence, as in Guo et al. (2017)
TEMPERATURES = (0.05, 20.0)  # what `fit_temperature` chooses from; a network's own is nearly always 0.5 to 3
HALVINGS = 40  # of that range: more than float64's digits of a temperature are worth


class Reliability(NamedTuple):
    """Images sorted into bins of equal width by confidence.

    Attributes:
        counts: (bins,) images in each.
        confidence: (bins,) their mean confidence; NaN in an empty bin.
        correct: (bins,) how many of them were read right.
    """

    counts: NDArray[np.int64]
    confidence: NDArray[np.float64]
    correct: NDArray[np.int64]


def fit_temperature(logits: NDArray[np.float32], labels: NDArray[np.int64]) -> float:
    """The temperature that makes the true labels likeliest.

    Guo, Pleiss, Sun and Weinberger, 2017, "On Calibration of Modern Neural Networks".

    The negative log-likelihood is convex in 1/T, so halving the range by the sign of its slope finds the one minimum;
    the same logits always give the same temperature.

    Args:
        logits: (N, classes), of images that were not trained on.
        labels: (N,) the true classes.

    Returns:
        A temperature within `TEMPERATURES`; an end of it where the likelihood still grows there, as for logits that
        are all right (the lower end) or say nothing (the upper).

    Raises:
        ValueError: there are no images, or not as many labels.
    """
    if not len(logits) or len(logits) != len(labels):
        raise ValueError(f"expected logits and as many labels, got {len(logits)} and {len(labels)}")
    rows = logits.astype(np.float64)
    rows -= rows.max(axis=1, keepdims=True)  # the softmax is the same, and no exponential overflows
    true = float(np.take_along_axis(rows, labels[:, np.newaxis], axis=1).mean())
    low, high = TEMPERATURES
    for _ in range(HALVINGS):
        middle = math.sqrt(low * high)
        weights = np.exp(rows / middle)
        expected = float(((weights * rows).sum(axis=1) / weights.sum(axis=1)).mean())
        if expected > true:  # the slope by 1/T: too sure, so hotter
            low = middle
        else:
            high = middle
    return math.sqrt(low * high)


def threshold_at(log_odds: NDArray[np.float32], refused_share: float) -> float:
    """The highest threshold that refuses at most this share of the images.

    Args:
        log_odds: (N,) of digits that were not trained on.
        refused_share: from 0, to below 1.

    Returns:
        One of the log-odds; an image is refused where its own are below that.

    Raises:
        ValueError: there are no images, or the share is not one.
    """
    if not len(log_odds) or not 0 <= refused_share < 1:
        raise ValueError(f"expected log-odds and a share from 0 to below 1, got {len(log_odds)} and {refused_share}")
    return float(np.sort(log_odds)[int(refused_share * len(log_odds))])


def reliability(confidences: NDArray[np.float32], correct: NDArray[np.bool_], bins: int = BINS) -> Reliability:
    """Sort images into bins by confidence; the bin m of M holds those in ((m - 1)/M, m/M]."""
    place = np.clip(np.ceil(confidences.astype(np.float64) * bins).astype(np.int64) - 1, 0, bins - 1)
    counts = np.bincount(place, minlength=bins)
    sums = np.bincount(place, weights=confidences, minlength=bins)
    means = np.divide(sums, counts, out=np.full(bins, np.nan), where=counts > 0)
    return Reliability(counts, means, np.bincount(place[correct], minlength=bins))


def expected_calibration_error(confidences: NDArray[np.float32], correct: NDArray[np.bool_], bins: int = BINS) -> float:
    """How far confidence is from accuracy: the gap in each bin, weighted by its images (Naeini et al., 2015).

    Naeini, Cooper and Hauskrecht, "Obtaining Well Calibrated Probabilities Using Bayesian Binning"; with `BINS` bins
    as Guo et al. (2017) report it.

    Returns:
        From 0 for honest confidence to 1; NaN where there are no images.
    """
    if not len(confidences):
        return math.nan
    binned = reliability(confidences, correct, bins)
    gaps = np.abs(binned.correct - np.nan_to_num(binned.confidence) * binned.counts)
    return float(gaps.sum() / len(confidences))
