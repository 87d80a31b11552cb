"""What a trained network is kept as: its weights and what must travel with them.

Everything in the file is a tensor, a number, a string or a container of those, so it loads with `weights_only=True`,
which runs no code from the file.
"""

import platform
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import IO, Any

import numpy as np
import torch
from torch import Tensor

from .errors import WeightsError
from .model import create_model
from .preprocessing import VERSION as PREPROCESSING_VERSION
from .recogniser import Recogniser
from .scores import METADATA
from .shipped import SHIPPED_WEIGHTS


class CheckpointError(WeightsError):
    """A file that is missing or is not a checkpoint that this version can use."""


@dataclass(frozen=True)
class Checkpoint:
    """A trained network.

    Attributes:
        arch: name of the architecture, a key of `model.ARCHITECTURES`.
        model: the state_dict.
        preprocessing_version: version of the recipe that its users' drawings must go through.
        temperature: of the softmax over the ten digits; see `Recogniser`.
        min_log_odds: log-odds of being a digit from which on an image is called one.
        seed: the seed it was trained with.
        config: the hyper-parameters of the training.
        metrics: what was measured, by name; shares between 0 and 1.
        versions: of Python and the libraries it was trained with.
    """

    arch: str
    model: dict[str, Tensor]
    preprocessing_version: int
    temperature: float
    min_log_odds: float
    seed: int
    config: dict[str, float | int | str]
    metrics: dict[str, float]
    versions: dict[str, str]

    def build(self) -> Recogniser:
        """Return the recogniser with these weights, in evaluation mode."""
        network = create_model(self.arch)
        network.load_state_dict(self.model)
        return Recogniser(network, self.temperature).eval()

    def about(self) -> dict[str, str]:
        """METADATA, by name."""
        return {name: str(getattr(self, name)) for name in METADATA}


def library_versions() -> dict[str, str]:
    """Return the versions that decide what a training run yields."""
    return {"python": platform.python_version(), "torch": torch.__version__.split("+")[0], "numpy": np.__version__}


def save(checkpoint: Checkpoint, path: str | Path) -> None:
    """Write a checkpoint; an interruption leaves the file that was there before."""
    save_atomically(vars(checkpoint), path)


def save_atomically(content: dict[str, Any], path: str | Path) -> None:
    """torch.save to `atomic_file`."""
    with atomic_file(path) as file:
        torch.save(content, file)


@contextmanager
def atomic_file(path: str | Path) -> Iterator[IO[bytes]]:
    """A file to write beside the place, which is then renamed into it; an error leaves what was there before."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}-", delete=False) as file:
        try:
            yield file
        except BaseException:
            Path(file.name).unlink()
            raise
    Path(file.name).chmod(0o644)
    Path(file.name).replace(path)


def load(path: str | Path = SHIPPED_WEIGHTS) -> Checkpoint:
    """Read a checkpoint.

    Raises:
        CheckpointError: the file is missing, is no checkpoint, was trained behind another version of the recipe, or
            its parts do not fit each other.
    """
    content = load_content(path)
    names = {field.name for field in fields(Checkpoint)}
    if missing := sorted(names - content.keys()):
        raise CheckpointError(f"{path}: expected a checkpoint of `mnist train`, got one without {', '.join(missing)}")
    checkpoint = Checkpoint(**{name: content[name] for name in names})
    if checkpoint.preprocessing_version != PREPROCESSING_VERSION:
        raise CheckpointError(
            f"{path}: expected preprocessing version {PREPROCESSING_VERSION}, "
            f"got {checkpoint.preprocessing_version}; train again with `mnist train`"
        )
    try:
        checkpoint.build()
    except (RuntimeError, TypeError, AttributeError) as error:
        raise CheckpointError(
            f"{path}: expected weights of the architecture {checkpoint.arch!r}, got others "
            f"({first_line(error)}); train it again with `mnist train`"
        ) from error
    return checkpoint


def first_line(error: Exception) -> str:
    """What an error says, in one line: torch's messages have many, and some have none."""
    return next(iter(str(error).splitlines()), type(error).__name__)


def load_content(path: str | Path) -> dict[str, Any]:
    """Read a file that `save_atomically` wrote, running no code from it.

    Raises:
        CheckpointError: the file is missing, damaged, or holds anything but plain data.
    """
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError as error:
        raise CheckpointError(f"{path}: no such checkpoint; train one with `mnist train`") from error
    except Exception as error:  # of bytes that are no checkpoint, the unpickler raises whatever they make it do
        raise CheckpointError(
            f"{path}: expected a checkpoint of `mnist train`, got a file that does not load as one "
            f"({first_line(error)})"
        ) from error
    if not isinstance(content, dict):
        raise CheckpointError(f"{path}: expected a checkpoint of `mnist train`, got a {type(content).__name__}")
    return content
