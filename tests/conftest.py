"""What every kind of test may ask for."""

import gzip
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from mnist_model.dataset import SPLITS, Split, load_split
from mnist_model.idx import write_idx
from tests.service import Service

ROOT = Path(__file__).resolve().parent.parent
os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1,localhost"  # the tests talk to loopback alone


@pytest.fixture(scope="session")
def sample() -> Path:
    """A folder with 1,000 of MNIST's test digits (every tenth), as IDX .gz; there is no training split."""
    return ROOT / "tests" / "data"


@pytest.fixture(scope="session")
def digits(sample: Path) -> Split:
    """The sample's images and labels."""
    return load_split(sample, "test", verify=False)


@pytest.fixture(scope="session")
def small_mnist(sample: Path, digits: Split, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in MNIST's layout: 780 of the sample's digits to train on, all 1,000 as the test split."""
    folder = tmp_path_factory.mktemp("mnist")
    for name, tensor in zip(SPLITS["train"], (digits.images[:780], digits.labels[:780].to(torch.uint8)), strict=True):
        write_idx(folder / name, tensor)
    for name in SPLITS["test"]:
        with gzip.open(sample / f"{name}.gz") as compressed, (folder / name).open("wb") as plain:
            shutil.copyfileobj(compressed, plain)
    return folder


@pytest.fixture(scope="session")
def service() -> Iterator[Service]:
    """One running service for all tests that do not disturb it."""
    with Service() as running:
        yield running
