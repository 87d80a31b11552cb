"""From canonical images to digits."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from mnist_model import checkpoint as checkpoints
from mnist_model.checkpoint import CheckpointError
from mnist_model.dataset import Split
from mnist_model.predictor import CHUNK, NO_INK, Predictor
from mnist_model.shipped import SHIPPED_MLP_MODEL, SHIPPED_MODEL, SHIPPED_WEIGHTS
from mnist_model.torch_runtime import TorchRuntime


@pytest.fixture(scope="module", params=[SHIPPED_MODEL, SHIPPED_WEIGHTS], ids=["onnx", "pt"])
def predictor(request: pytest.FixtureRequest) -> Predictor:
    return Predictor.load(request.param)


def test_real_digits_are_read(predictor: Predictor, digits: Split) -> None:
    """At least 99.3 % of 1,000 test digits, by the shipped weights."""
    predictions = predictor.predict(digits.images.numpy())
    right = sum(p.digit == label for p, label in zip(predictions, digits.labels.tolist(), strict=True))
    assert right >= 993


def test_the_mlp_reads_real_digits_too(digits: Split) -> None:
    """At least 98 % of them, by the weights that are shipped to compare with."""
    predictions = Predictor.load(SHIPPED_MLP_MODEL).predict(digits.images.numpy())
    right = sum(p.digit == label for p, label in zip(predictions, digits.labels.tolist(), strict=True))
    assert right >= 980


def test_an_answer_is_consistent(predictor: Predictor, digits: Split) -> None:
    """Probabilities sum to 1; the digit is the likeliest; confidence is its probability."""
    for prediction in predictor.predict(digits.images.numpy()[:100]):
        assert sum(prediction.probabilities) == pytest.approx(1, abs=1e-6)
        assert prediction.probabilities == tuple(round(value, 7) for value in prediction.probabilities)
        assert prediction.digit == int(np.argmax(prediction.probabilities))
        assert prediction.confidence == max(prediction.probabilities)


def test_a_blank_image_has_no_digit(predictor: Predictor, digits: Split) -> None:
    """Among others, which keep their places."""
    images = digits.images.numpy()[:3].copy()
    images[1] = 0
    predictions = predictor.predict(images)
    assert predictions[1] == NO_INK
    assert sum(NO_INK.probabilities) == pytest.approx(1)
    assert [p.digit for p in predictions[::2]] == digits.labels[[0, 2]].tolist()


def test_the_threshold_decides_what_is_a_digit(digits: Split) -> None:
    """`is_digit` is the log-odds against the checkpoint's threshold."""
    runtime, images = TorchRuntime(checkpoints.load().build()), digits.images.numpy()
    log_odds = Predictor(runtime, 0).score(images).log_odds
    middle = float(np.median(log_odds))
    strict = Predictor(runtime, middle).predict(images)
    assert [p.is_digit for p in strict] == (log_odds >= middle).tolist()
    assert 0 < sum(p.is_digit for p in strict) < len(images)


def test_any_number_of_images(predictor: Predictor, digits: Split) -> None:
    """None, one, and more than one pass holds; a batch answers as one image does; memory may be read-only."""
    assert predictor.predict(np.empty((0, 28, 28), np.uint8)) == []
    many = digits.images.numpy()[: CHUNK + 1]
    together = predictor.score(many)
    alone = predictor.score(many[-1:])
    assert np.allclose(together.probabilities[-1], alone.probabilities[0], atol=1e-5)
    assert np.allclose(together.log_odds[-1], alone.log_odds[0], atol=1e-4)
    read_only = np.frombuffer(many[:2].tobytes(), np.uint8).reshape(-1, 28, 28)
    assert np.allclose(predictor.score(read_only).probabilities, together.probabilities[:2], atol=1e-5)


@pytest.mark.parametrize(
    "images",
    [
        np.zeros((28, 28), np.uint8),
        np.zeros((1, 784), np.uint8),
        np.zeros((1, 28, 28)),
        np.zeros((1, 28, 27), np.uint8),
    ],
)
def test_another_shape_or_type_is_refused(predictor: Predictor, images: NDArray[Any]) -> None:
    """The message says what was expected and what was found."""
    with pytest.raises(ValueError, match=r"shape \(N, 28, 28\) uint8, got"):
        predictor.predict(images)


def test_weights_behind_another_recipe_are_refused(tmp_path: Path) -> None:
    """Their users' drawings would go through the wrong one."""
    checkpoints.save(replace(checkpoints.load(), preprocessing_version=99), tmp_path / "cnn.pt")
    with pytest.raises(CheckpointError, match="expected preprocessing version 1, got 99"):
        Predictor.load(tmp_path / "cnn.pt")


def test_threads_are_set_once_on_load() -> None:
    """Where a number is given; otherwise torch's own stands."""
    before = torch.get_num_threads()
    try:
        Predictor.load(SHIPPED_WEIGHTS, threads=1)
        assert torch.get_num_threads() == 1
    finally:
        torch.set_num_threads(before)
