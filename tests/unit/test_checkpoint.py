"""What a trained network is kept as."""

import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from mnist_model import checkpoint as checkpoints
from mnist_model.checkpoint import Checkpoint, CheckpointError
from mnist_model.model import create_model
from mnist_model.preprocessing import VERSION
from mnist_model.shipped import SHIPPED_MLP_WEIGHTS, SHIPPED_WEIGHTS


@pytest.fixture
def checkpoint() -> Checkpoint:
    return Checkpoint(
        arch="mlp",
        model=create_model("mlp").state_dict(),
        preprocessing_version=VERSION,
        temperature=1.0,
        min_log_odds=0.0,
        seed=3,
        config={"epochs": 1},
        metrics={"validation_accuracy": 0.5},
        versions=checkpoints.library_versions(),
    )


def test_what_is_saved_is_loaded(checkpoint: Checkpoint, tmp_path: Path) -> None:
    """Weights and all that travels with them; the folder is made."""
    path = tmp_path / "runs" / "one" / "mlp.pt"
    checkpoints.save(checkpoint, path)
    loaded = checkpoints.load(path)
    assert replace(loaded, model={}) == replace(checkpoint, model={})
    assert all(torch.equal(loaded.model[name], tensor) for name, tensor in checkpoint.model.items())
    assert not loaded.build().training
    assert list(path.parent.iterdir()) == [path]


def test_the_file_holds_plain_data_only(checkpoint: Checkpoint, tmp_path: Path) -> None:
    """`weights_only=True` loads it, and refuses a file that would run code."""
    checkpoints.save(checkpoint, tmp_path / "mlp.pt")
    torch.load(tmp_path / "mlp.pt", weights_only=True)

    class Harmful:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return print, ("this must not run",)

    torch.save({"model": Harmful()}, tmp_path / "harmful.pt")
    with pytest.raises(CheckpointError, match="does not load as one"):
        checkpoints.load(tmp_path / "harmful.pt")


def test_the_shipped_weights_load_and_are_small() -> None:
    """They are below 2 MB, and say how they were made."""
    shipped = checkpoints.load()
    assert SHIPPED_WEIGHTS.stat().st_size < 2_000_000
    assert shipped.arch == "cnn"
    assert shipped.preprocessing_version == VERSION


def test_so_does_the_mlp_that_is_shipped_to_compare() -> None:
    """Trained on the same images, without teachers."""
    shipped, compared = checkpoints.load(), checkpoints.load(SHIPPED_MLP_WEIGHTS)
    assert SHIPPED_MLP_WEIGHTS.stat().st_size < 2_000_000
    assert compared.arch == "mlp"
    assert compared.preprocessing_version == VERSION
    assert compared.config["teachers"] == 0
    assert all(compared.config[name] == shipped.config[name] for name in ("pen_digits", "non_digits"))
    assert np.isfinite(shipped.min_log_odds)
    assert shipped.metrics["test_accuracy"] >= 0.995
    assert set(shipped.versions) == {"python", "torch", "numpy"}


def test_an_interrupted_save_leaves_the_file_that_was_there(checkpoint: Checkpoint, tmp_path: Path) -> None:
    """The new one is written beside it and renamed."""
    path = tmp_path / "mlp.pt"
    checkpoints.save(checkpoint, path)
    before = path.read_bytes()
    with pytest.raises((AttributeError, pickle.PicklingError, TypeError)):
        checkpoints.save_atomically({"unpicklable": lambda: None}, path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_what_is_no_checkpoint_is_refused(checkpoint: Checkpoint, tmp_path: Path) -> None:
    """Missing, cut short, other content, other weights than its architecture's: each message names the file."""
    path = tmp_path / "mlp.pt"
    with pytest.raises(CheckpointError, match=r"mlp\.pt: no such checkpoint; train one"):
        checkpoints.load(path)
    checkpoints.save(checkpoint, path)
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(CheckpointError, match=r"mlp\.pt: expected a checkpoint"):
        checkpoints.load(path)
    for content in (b"hello", b"\x80\x02.", b"PK\x03\x04"):
        path.write_bytes(content)
        with pytest.raises(CheckpointError, match=r"mlp\.pt: expected a checkpoint"):
            checkpoints.load(path)
    checkpoints.save(replace(checkpoint, model=None), path)  # type: ignore[arg-type]
    with pytest.raises(CheckpointError, match="weights of the architecture 'mlp', got others"):
        checkpoints.load(path)
    path.write_bytes(b"")
    with pytest.raises(CheckpointError, match=r"mlp\.pt: expected a checkpoint"):
        checkpoints.load(path)
    torch.save([1, 2], path)
    with pytest.raises(CheckpointError, match="got a list"):
        checkpoints.load(path)
    torch.save({"arch": "cnn"}, path)
    with pytest.raises(CheckpointError, match="without config, metrics"):
        checkpoints.load(path)
    checkpoints.save(replace(checkpoint, arch="cnn"), path)
    with pytest.raises(CheckpointError, match="weights of the architecture 'cnn', got others"):
        checkpoints.load(path)
