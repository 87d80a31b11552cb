"""Temperature, threshold and calibration error, on cases whose answers are known."""

import numpy as np
import pytest
from numpy.typing import NDArray

from mnist_model.calibration import (
    TEMPERATURES,
    expected_calibration_error,
    fit_temperature,
    reliability,
    threshold_at,
)


@pytest.fixture(scope="module")
def honest() -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Logits whose softmax is the truth: each label is drawn from it."""
    random = np.random.default_rng(0)
    logits = random.normal(0, 2, (20_000, 10))
    noise = random.gumbel(size=logits.shape)  # the argmax of logits + Gumbel noise is a draw from their softmax
    return logits.astype(np.float32), (logits + noise).argmax(axis=1)


@pytest.mark.parametrize("factor", [0.25, 1.0, 3.0])
def test_the_temperature_undoes_a_factor(factor: float, honest: tuple[NDArray[np.float32], NDArray[np.int64]]) -> None:
    """Honest logits times k need the temperature k."""
    logits, labels = honest
    assert fit_temperature(logits * np.float32(factor), labels) == pytest.approx(factor, rel=0.02)


def test_the_temperature_is_where_the_likelihood_is_highest(
    honest: tuple[NDArray[np.float32], NDArray[np.int64]],
) -> None:
    """A little hotter or colder is worse; and the same logits give the same number."""
    logits, labels = honest[0][:500] * np.float32(2), honest[1][:500]

    def loss(temperature: float) -> float:
        rows = logits.astype(np.float64) / temperature
        return float((np.log(np.exp(rows).sum(axis=1)) - rows[np.arange(len(rows)), labels]).mean())

    fitted = fit_temperature(logits, labels)
    assert loss(fitted) < min(loss(fitted * 1.001), loss(fitted / 1.001))
    assert fit_temperature(logits, labels) == fitted


def test_a_temperature_stays_within_bounds() -> None:
    """Where all is right, however large the logits; and where they say the opposite."""
    logits = np.eye(10, dtype=np.float32) * 1000
    right = np.arange(10)
    assert fit_temperature(logits, right) == pytest.approx(TEMPERATURES[0])
    assert fit_temperature(logits, (right + 1) % 10) == pytest.approx(TEMPERATURES[1])


@pytest.mark.parametrize(("images", "labels"), [(0, 0), (3, 2)])
def test_a_temperature_needs_a_label_for_each_image(images: int, labels: int) -> None:
    """At least one."""
    with pytest.raises(ValueError, match=f"got {images} and {labels}"):
        fit_temperature(np.zeros((images, 10), np.float32), np.zeros(labels, np.int64))


@pytest.mark.parametrize(("share", "refused"), [(0.0, 0), (0.005, 5), (0.0055, 5), (0.5, 500), (0.999, 999)])
def test_the_threshold_refuses_its_share(share: float, refused: int) -> None:
    """Of 1,000 in any order, as many as the share allows and no more."""
    log_odds = np.random.default_rng(0).permutation(1000).astype(np.float32)
    threshold = threshold_at(log_odds, share)
    assert (log_odds < threshold).sum() == refused


def test_the_threshold_never_refuses_more_for_ties() -> None:
    """Equal log-odds are kept together."""
    assert threshold_at(np.array([1, 1, 1, 5], np.float32), 0.5) == 1


@pytest.mark.parametrize(("count", "share"), [(0, 0.005), (10, 1.0), (10, -0.1)])
def test_a_threshold_needs_images_and_a_share(count: int, share: float) -> None:
    """The message has both."""
    with pytest.raises(ValueError, match=f"got {count} and {share}"):
        threshold_at(np.zeros(count, np.float32), share)


def test_the_calibration_error_is_counted_by_hand() -> None:
    """Two bins of two: 0.9 sure and half right is off by 0.4, 0.6 sure and all right by 0.4 too; weights one half."""
    confidences = np.array([0.9, 0.9, 0.6, 0.6], np.float32)
    correct = np.array([True, False, True, True])
    assert expected_calibration_error(confidences, correct) == pytest.approx(0.4)
    assert expected_calibration_error(confidences, correct, bins=1) == pytest.approx(0.0)  # 0.75 sure, 0.75 right
    assert np.isnan(expected_calibration_error(confidences[:0], correct[:0]))


def test_bins_hold_their_upper_edge() -> None:
    """As in Guo et al.; 0 belongs to the first, and a confidence that rounding took above 1 to the last."""
    confidences = np.array([0.0, 0.5, 0.50001, 1.0, 1.0000001], np.float32)
    binned = reliability(confidences, np.array([True, False, True, True, False]), bins=2)
    assert binned.counts.tolist() == [2, 3]
    assert binned.correct.tolist() == [1, 2]
    assert binned.confidence[0] == pytest.approx(0.25)


def test_an_empty_bin_has_no_confidence() -> None:
    """And does not count."""
    binned = reliability(np.array([0.95], np.float32), np.array([True]))
    assert binned.counts.sum() == 1
    assert np.isnan(binned.confidence[:-1]).all()


def test_the_right_temperature_makes_confidence_honest(
    honest: tuple[NDArray[np.float32], NDArray[np.int64]],
) -> None:
    """Logits three times too large are far off; at the fitted temperature the error is that of counting."""
    logits, labels = honest[0].astype(np.float64) * 3, honest[1]

    def error(temperature: float) -> float:
        weights = np.exp((logits - logits.max(axis=1, keepdims=True)) / temperature)
        probabilities = (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)
        return expected_calibration_error(probabilities.max(axis=1), probabilities.argmax(axis=1) == labels)

    assert error(1.0) > 0.1
    assert error(fit_temperature(logits.astype(np.float32), labels)) < 0.02
