"""The file that is served of any weights: an ONNX file as it is, a checkpoint exported once and kept."""

import hashlib
from pathlib import Path

from .errors import WeightsError
from .shipped import SHIPPED_MODEL

# What decides, beside a checkpoint's weights, what its file says of an image.
MODULES = ("checkpoint", "export", "model", "quantisation", "preprocessing", "recogniser")


def served_file(weights: Path, store: Path) -> Path:
    """Return an ONNX file that can be served: `weights` itself, or `store`/onnx-DIGEST/ARCH.onnx of a checkpoint.

    Exporting takes some ten seconds; the digest is over the checkpoint and the modules that export it, so what is there
    is current, but for other versions of the libraries.

    Raises:
        WeightsError: the file cannot be used, or the libraries for exporting are missing.
        ExportError: they do not agree with PyTorch.
    """
    if weights.suffix == ".onnx":
        from .onnx_runtime import OnnxRuntime

        OnnxRuntime(weights)  # refuse here what a server would die of
        return weights
    from . import checkpoint as checkpoints

    checkpoint = checkpoints.load(weights)
    folder = store / f"onnx-{_digest(weights)[:12]}"
    path = folder / f"{checkpoint.arch}.onnx"
    if not path.exists():
        try:
            from .export import drawn_digits, export
        except ModuleNotFoundError as error:
            raise WeightsError(
                f"{weights}: expected the libraries that export a checkpoint, found no {error.name}; `make setup` "
                f"installs it, and {SHIPPED_MODEL.name} is served without it"
            ) from error
        export(checkpoint, folder, drawn_digits())
    return path


def _digest(weights: Path) -> str:
    digest = hashlib.sha256()
    own = (Path(__file__).with_name(f"{name}.py") for name in MODULES)
    made_up = sorted(Path(__file__).with_name("synthesis").glob("*.py"))  # what 8 bits are calibrated on
    for path in (weights, *own, *made_up):
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()
