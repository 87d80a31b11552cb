"""The .mar: what is in it, and when it is built anew."""

import json
import re
import shutil
import zipfile
from pathlib import Path

import onnx
import pytest

from mnist_model import archive as module
from mnist_model.archive import MODULES, ArchiveError, build_archive, build_archives
from mnist_model.errors import WeightsError
from mnist_model.shipped import SHIPPED_MLP_MODEL, SHIPPED_MODEL


def other_file(folder: Path) -> Path:
    """Another ONNX file than the shipped one, that answers as it does."""
    model = onnx.load(SHIPPED_MODEL)
    model.doc_string = "another"
    path = folder / "other.onnx"
    onnx.save(model, path)
    return path


def test_the_archive_holds_what_the_worker_needs_and_no_more(tmp_path: Path) -> None:
    """The network, handler, modules and manifest; nothing of training."""
    archive = build_archive(folder=tmp_path)
    with zipfile.ZipFile(archive) as file:
        names = set(file.namelist())
        manifest = json.loads(file.read("MAR-INF/MANIFEST.json"))
        assert file.read("model.onnx") == SHIPPED_MODEL.read_bytes()
    assert names == {*MODULES, "digit_handler.py", "model.onnx", "inputs.sha256", "MAR-INF/MANIFEST.json"}
    assert manifest["model"]["modelName"] == "mnist"
    assert manifest["model"]["serializedFile"] == "model.onnx"
    assert list(tmp_path.iterdir()) == [archive]


def test_each_model_that_is_served_has_an_archive(tmp_path: Path) -> None:
    """Of its name, with its weights; the weights that are chosen are those of `mnist`."""
    other = other_file(tmp_path)
    archives = build_archives(other, tmp_path / "store")
    assert [path.name for path in archives] == ["mnist.mar", "mnist_mlp.mar"]
    for path, weights in zip(archives, (other, SHIPPED_MLP_MODEL), strict=True):
        with zipfile.ZipFile(path) as file:
            assert file.read("model.onnx") == weights.read_bytes()
            assert json.loads(file.read("MAR-INF/MANIFEST.json"))["model"]["modelName"] == path.stem


def test_it_is_built_anew_only_when_something_changed(tmp_path: Path) -> None:
    """The same inputs leave it alone; other weights, or a damaged archive, do not."""
    archive = build_archive(folder=tmp_path)
    first = archive.stat().st_mtime_ns
    assert build_archive(folder=tmp_path).stat().st_mtime_ns == first
    other = other_file(tmp_path)
    build_archive(other, tmp_path)
    second = archive.stat().st_mtime_ns
    assert second > first
    archive.write_bytes(archive.read_bytes()[:100])
    build_archive(other, tmp_path)
    assert zipfile.is_zipfile(archive)


def test_weights_that_the_worker_would_die_of_are_refused(tmp_path: Path) -> None:
    """Before TorchServe is started with them."""
    for name in ("bad.pt", "bad.onnx"):
        (tmp_path / name).write_bytes(b"not a network")
        with pytest.raises(WeightsError, match=re.escape(name)):
            build_archive(tmp_path / name, tmp_path)


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
