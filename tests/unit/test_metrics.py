"""Shares, intervals and areas, on cases whose answers are known."""

import numpy as np
import pytest

from mnist_model.metrics import Share, area_under_roc, percent, roc_curve, wilson_interval


def scores(*values: float) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    return np.array(values, np.float32)


@pytest.mark.parametrize(
    ("count", "total", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
        (20, 20, 0.8389, 1.0),  # the mirror of 0 of 20
    ],
)
def test_the_interval_is_wilsons(count: int, total: int, low: float, high: float) -> None:
    """To the four places of Newcombe's published table (1998, "Two-sided confidence intervals", method 3)."""
    assert wilson_interval(count, total) == pytest.approx((low, high), abs=5e-5)


def test_a_share_counts() -> None:
    """And of nothing it is no number, rather than an error."""
    share = Share.of(np.array([True, False, True, True]))
    assert (share.count, share.total, share.value) == (3, 4, 0.75)
    assert share.interval[0] < 0.75 < share.interval[1]
    nothing = Share(0, 0)
    assert np.isnan([nothing.value, *nothing.interval]).all()


def test_the_area_is_the_chance_of_the_right_order() -> None:
    """Against counting every pair, ties as one half; the scores are coarse, so many are equal."""
    random = np.random.default_rng(0)
    positive = random.integers(2, 9, 60).astype(np.float32)
    negative = random.integers(0, 7, 45).astype(np.float32)
    pairs = positive[:, np.newaxis] - negative
    expected = ((pairs > 0).sum() + (pairs == 0).sum() / 2) / pairs.size
    assert area_under_roc(positive, negative) == pytest.approx(expected)


def test_the_area_at_its_ends() -> None:
    """Wholly apart, wholly the wrong way round, all alike, and nothing to compare."""
    assert area_under_roc(scores(3, 4), scores(1, 2)) == 1
    assert area_under_roc(scores(1, 2), scores(3, 4)) == 0
    assert area_under_roc(scores(1, 1, 1), scores(1, 1)) == 0.5
    assert np.isnan(area_under_roc(scores(), scores(1)))


def test_the_curve_encloses_the_area() -> None:
    """It goes from (0, 0) to (1, 1), and its integral is the rank statistic, ties and all."""
    random = np.random.default_rng(1)
    positive = random.integers(2, 9, 60).astype(np.float32)
    negative = random.integers(0, 7, 45).astype(np.float32)
    x, y = roc_curve(positive, negative)
    assert (x[0], y[0], x[-1], y[-1]) == (0, 0, 1, 1)
    integral = float((np.diff(x) * (y[1:] + y[:-1]) / 2).sum())
    assert integral == pytest.approx(area_under_roc(positive, negative))


def test_certainty_is_never_rounded_up_to() -> None:
    """A confidence just below 1 does not read as 100 %."""
    assert percent(0.876) == "87.6%"
    assert percent(0.99949) == "99.9%"
    assert percent(0.99999) == "over 99.9%"
