"""What runs the served file."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest

from mnist_model import checkpoint as checkpoints
from mnist_model.archive import ROOT
from mnist_model.dataset import Split
from mnist_model.errors import WeightsError
from mnist_model.onnx_runtime import OnnxRuntime
from mnist_model.predictor import Predictor
from mnist_model.shipped import SHIPPED_MODEL, SHIPPED_WEIGHTS


def test_eight_bits_read_as_floats_do(digits: Split) -> None:
    """The reference is PyTorch with the checkpoint: hardly a digit or a refusal differs, and confidence by little."""
    images = digits.images.numpy()
    served, reference = Predictor.load(SHIPPED_MODEL), Predictor.load(SHIPPED_WEIGHTS)
    assert served.min_log_odds == reference.min_log_odds
    said, expected = served.predict(images), reference.predict(images)
    assert sum(a.digit != b.digit for a, b in zip(said, expected, strict=True)) <= 1
    assert sum(a.is_digit != b.is_digit for a, b in zip(said, expected, strict=True)) <= 1
    differences = np.abs(served.score(images).probabilities - reference.score(images).probabilities)
    assert differences.max() < 0.05
    assert differences.mean() < 1e-4


def test_an_answer_is_the_same_in_any_company(digits: Split) -> None:
    """Alone, or among others: whole numbers add up to the same in any order."""
    runtime, images = OnnxRuntime(SHIPPED_MODEL), digits.images.numpy()[:64]
    together = runtime(images)
    alone = [runtime(image[np.newaxis]) for image in images]
    np.testing.assert_allclose(
        together.probabilities, np.concatenate([each.probabilities for each in alone]), rtol=0, atol=1e-6
    )


def test_it_imports_no_torch() -> None:
    """So `mnist predict` starts at once, and a service can do without."""
    code = "import sys; from mnist_model.predictor import Predictor; Predictor.load(); sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


def test_another_recipe_is_refused(tmp_path: Path) -> None:
    """Its users' drawings would go through the wrong one."""
    model = onnx.load(SHIPPED_MODEL)
    next(each for each in model.metadata_props if each.key == "preprocessing_version").value = "99"
    onnx.save(model, tmp_path / "other.onnx")
    with pytest.raises(WeightsError, match=r"other\.onnx: expected preprocessing version 1, got 99"):
        OnnxRuntime(tmp_path / "other.onnx")


def test_a_file_of_another_maker_is_refused(tmp_path: Path) -> None:
    """It does not say where its threshold is."""
    model = onnx.load(SHIPPED_MODEL)
    del model.metadata_props[:]
    onnx.save(model, tmp_path / "other.onnx")
    with pytest.raises(WeightsError, match="got one without arch, preprocessing_version, min_log_odds"):
        OnnxRuntime(tmp_path / "other.onnx")


def test_the_shipped_file_is_of_the_shipped_checkpoint() -> None:
    """Its metadata are the checkpoint's; test_served.py holds what it says to a new export."""
    assert checkpoints.load().about().items() <= OnnxRuntime(SHIPPED_MODEL).metadata.items()
