"""The .mar: what is in it, and when it is built anew."""

import json
import shutil
import zipfile
from pathlib import Path

import pytest

from mnist_model import archive as module
from mnist_model.archive import MODULES, ArchiveError, build_archive, build_archives
from mnist_model.checkpoint import SHIPPED_MLP_WEIGHTS, SHIPPED_WEIGHTS, CheckpointError


def test_the_archive_holds_what_the_worker_needs_and_no_more(tmp_path: Path) -> None:
    """Weights, handler, modules and manifest; nothing of training."""
    archive = build_archive(folder=tmp_path)
    with zipfile.ZipFile(archive) as file:
        names = set(file.namelist())
        manifest = json.loads(file.read("MAR-INF/MANIFEST.json"))
        assert file.read("weights.pt") == SHIPPED_WEIGHTS.read_bytes()
    assert names == {*MODULES, "digit_handler.py", "weights.pt", "inputs.sha256", "MAR-INF/MANIFEST.json"}
    assert manifest["model"]["modelName"] == "mnist"
    assert manifest["model"]["serializedFile"] == "weights.pt"
    assert list(tmp_path.iterdir()) == [archive]


def test_each_model_that_is_served_has_an_archive(tmp_path: Path) -> None:
    """Of its name, with its weights; the weights that are chosen are those of `mnist`."""
    other = tmp_path / "other.pt"
    other.write_bytes(SHIPPED_WEIGHTS.read_bytes() + b"\0")  # another file that loads all the same
    archives = build_archives(other, tmp_path / "store")
    assert [path.name for path in archives] == ["mnist.mar", "mnist_mlp.mar"]
    for path, weights in zip(archives, (other, SHIPPED_MLP_WEIGHTS), strict=True):
        with zipfile.ZipFile(path) as file:
            assert file.read("weights.pt") == weights.read_bytes()
            assert json.loads(file.read("MAR-INF/MANIFEST.json"))["model"]["modelName"] == path.stem


def test_it_is_built_anew_only_when_something_changed(tmp_path: Path) -> None:
    """The same inputs leave it alone; other weights, or a damaged archive, do not."""
    archive = build_archive(folder=tmp_path)
    first = archive.stat().st_mtime_ns
    assert build_archive(folder=tmp_path).stat().st_mtime_ns == first
    other = tmp_path / "other.pt"
    other.write_bytes(SHIPPED_WEIGHTS.read_bytes() + b"\0")  # another file that loads all the same
    build_archive(other, tmp_path)
    second = archive.stat().st_mtime_ns
    assert second > first
    archive.write_bytes(archive.read_bytes()[:100])
    build_archive(other, tmp_path)
    assert zipfile.is_zipfile(archive)


def test_weights_that_the_worker_would_die_of_are_refused(tmp_path: Path) -> None:
    """Before TorchServe is started with them."""
    (tmp_path / "bad.pt").write_bytes(b"not a checkpoint")
    with pytest.raises(CheckpointError, match=r"bad\.pt"):
        build_archive(tmp_path / "bad.pt", tmp_path)


def test_outside_a_checkout_it_says_what_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An installed package has no handlers folder beside it."""
    shutil.copytree(module.ROOT / "mnist_model", tmp_path / "mnist_model")
    monkeypatch.setattr(module, "ROOT", tmp_path)
    with pytest.raises(ArchiveError, match=r"expected the project's checkout, found no handlers/digit_handler\.py"):
        build_archive(folder=tmp_path)


def test_what_the_archiver_says_is_passed_on(tmp_path: Path) -> None:
    """A name that torch-model-archiver refuses."""
    with pytest.raises(ArchiveError, match="no/such name: torch-model-archiver failed"):
        build_archive(folder=tmp_path, name="no/such name")
