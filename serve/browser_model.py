"""The network as a file for browsers, which predict with it by themselves: ONNX, exported once and kept.

    python -m serve.browser_model

makes it for the shipped weights, so that `mnist serve` need not.
"""

import hashlib
import sys
from pathlib import Path

from mnist_model import checkpoint as checkpoints
from mnist_model.archive import MODEL_STORE, ROOT
from mnist_model.checkpoint import SHIPPED_WEIGHTS
from mnist_model.errors import MnistError

from .errors import ServeError

# What decides, beside the weights, what the file says of an image.
MODULES = ("checkpoint", "export", "model", "predictor", "preprocessing", "recogniser")


def browser_model(weights: Path = SHIPPED_WEIGHTS, store: Path = MODEL_STORE) -> Path:
    """Export a checkpoint to `store`/onnx-DIGEST/ARCH.onnx, which takes some seconds, unless it is there.

    The digest is over the weights and the modules that export them: what is there is current.

    Returns:
        The path of the file.

    Raises:
        CheckpointError: the checkpoint cannot be used.
        ServeError: the libraries for exporting are missing, or do not agree with PyTorch.
    """
    folder = store / f"onnx-{_digest(weights)[:12]}"
    if found := next(folder.glob("*.onnx"), None):
        return found
    checkpoint = checkpoints.load(weights)
    try:
        from mnist_model.export import drawn_digits, export

        return export(checkpoint, folder, drawn_digits())[0].path
    except ModuleNotFoundError as error:
        raise ServeError(f"{error.name} is not installed; `make setup` installs it") from error
    except MnistError as error:
        raise ServeError(str(error)) from error


def _digest(weights: Path) -> str:
    digest = hashlib.sha256()
    for path in (weights, *(ROOT / "mnist_model" / f"{name}.py" for name in MODULES)):
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def main() -> int:
    """Make the file of the shipped weights; a failure is told, and is none of the set-up's."""
    try:
        print(f"==> the network for browsers: {browser_model()}")
    except (ServeError, MnistError, OSError) as error:
        print(f"==> no network for browsers, so the page will predict with the server only: {error}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
