"""The file that is served of any weights."""

import re
import sys
from pathlib import Path

import numpy as np
import pytest

from mnist_model.dataset import Split
from mnist_model.errors import WeightsError
from mnist_model.predictor import Predictor
from mnist_model.served import served_file
from mnist_model.shipped import SHIPPED_MLP_MODEL, SHIPPED_MLP_WEIGHTS, SHIPPED_MODEL, SHIPPED_WEIGHTS


def test_an_onnx_file_is_served_as_it_is(tmp_path: Path) -> None:
    """Nothing is written."""
    assert served_file(SHIPPED_MODEL, tmp_path) == SHIPPED_MODEL
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("weights", "shipped"), [(SHIPPED_WEIGHTS, SHIPPED_MODEL), (SHIPPED_MLP_WEIGHTS, SHIPPED_MLP_MODEL)]
)
def test_a_checkpoint_is_exported_once(weights: Path, shipped: Path, tmp_path: Path, digits: Split) -> None:
    """What is there is not touched again; and of the shipped checkpoints it is what is shipped to be served."""
    first = served_file(weights, tmp_path)
    before = first.stat()
    assert served_file(weights, tmp_path) == first
    assert first.stat() == before
    assert re.fullmatch(r"onnx-[0-9a-f]{12}", first.parent.name)
    images = digits.images.numpy()
    made, kept = Predictor.load(first).score(images), Predictor.load(shipped).score(images)
    # calibration adds up floats, in an order that is the machine's
    np.testing.assert_allclose(made.probabilities, kept.probabilities, atol=0.01)
    np.testing.assert_allclose(made.log_odds, kept.log_odds, atol=0.2)
    assert Predictor.load(first).about == Predictor.load(shipped).about == Predictor.load(weights).about


def test_another_checkpoint_is_exported_anew(tmp_path: Path) -> None:
    """However little it differs."""
    other = tmp_path / "other.pt"
    other.write_bytes(SHIPPED_MLP_WEIGHTS.read_bytes() + b"\0")  # another file that loads all the same
    assert served_file(other, tmp_path).parent != served_file(SHIPPED_MLP_WEIGHTS, tmp_path).parent


@pytest.mark.parametrize("name", ["none.pt", "none.onnx", "bad.pt", "bad.onnx"])
def test_what_cannot_be_served_is_refused(name: str, tmp_path: Path) -> None:
    """Before a server is started with it, and by its name."""
    if name.startswith("bad"):
        (tmp_path / name).write_bytes(b"no network")
    with pytest.raises(WeightsError, match=re.escape(name)):
        served_file(tmp_path / name, tmp_path)


def test_without_the_libraries_it_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The shipped file needs none of them."""
    monkeypatch.setitem(sys.modules, "onnx", None)
    for name in ("mnist_model.export", "mnist_model.quantisation"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    with pytest.raises(WeightsError, match=r"found no onnx; `make setup` installs it, and cnn\.onnx is served without"):
        served_file(SHIPPED_WEIGHTS, tmp_path)
    assert served_file(SHIPPED_MODEL, tmp_path) == SHIPPED_MODEL
