"""Packs an exported network, the modules that run it and the handler into one `.mar` that TorchServe loads by itself.

There is one for each model that is served: `mnist`, and `mnist_mlp` to compare it with. An archive is self-contained:
TorchServe puts its unpacked folder first on the worker's path, so an environment that lacks this project runs it too
(beside TorchServe and the torch that it needs itself: numpy, onnxruntime, orjson and Pillow).
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from .errors import MnistError
from .served import served_file
from .shipped import SHIPPED_MLP_MODEL, SHIPPED_MODEL

ROOT = Path(__file__).resolve().parent.parent
MODEL_STORE = ROOT / "model_store"
MODEL_NAME, MLP_NAME = "mnist", "mnist_mlp"  # as in /predictions/mnist, and in config.properties
MODEL_VERSION = "1.0"  # of the archive's interface, as the management API shows it
MODEL_FILE = "model.onnx"
DIGEST_NAME = "inputs.sha256"
HANDLER = ROOT / "handlers" / "digit_handler.py"
# What the worker imports, and nothing else: neither training nor torchvision.
MODULES = (
    "mnist_model/__init__.py",
    "mnist_model/errors.py",
    "mnist_model/preprocessing.py",
    "mnist_model/scores.py",
    "mnist_model/shipped.py",
    "mnist_model/onnx_runtime.py",
    "mnist_model/predictor.py",
    "mnist_model/numbers.py",
    "mnist_model/explanation.py",
    "handlers/__init__.py",
    "handlers/errors.py",
    "handlers/explaining.py",
    "handlers/json_text.py",
    "handlers/metrics.py",
    "handlers/payload.py",
    "handlers/pixels.py",
    "handlers/read_ahead.py",
    "handlers/strokes.py",
)


class ArchiveError(MnistError):
    """The archive could not be built."""


def build_archives(weights: Path = SHIPPED_MODEL, folder: Path = MODEL_STORE) -> list[Path]:
    """Build the archives of all models that are served: `mnist` from `weights`, `mnist_mlp` from the shipped file.

    Raises:
        WeightsError, ArchiveError, ExportError: as `build_archive`.
    """
    return [build_archive(weights, folder), build_archive(SHIPPED_MLP_MODEL, folder, MLP_NAME)]


def build_archive(weights: Path = SHIPPED_MODEL, folder: Path = MODEL_STORE, name: str = MODEL_NAME) -> Path:
    """Build `folder`/`name`.mar with torch-model-archiver, unless it is there and current.

    Args:
        weights: an ONNX file of `mnist export`, or a checkpoint, which is exported first.
        folder: is made where it is missing.
        name: of the model.

    Returns:
        The path of the archive.

    Raises:
        WeightsError: the file cannot be used.
        ExportError: the checkpoint's export does not agree with PyTorch.
        ArchiveError: the handler's files are missing, or torch-model-archiver fails.
    """
    archive = folder / f"{name}.mar"
    model = served_file(weights, folder)
    if missing := [path for path in ("handlers/digit_handler.py", *MODULES) if not (ROOT / path).is_file()]:
        raise ArchiveError(f"{ROOT}: expected the project's checkout, found no {', '.join(missing)}; run it from there")
    digest = _digest(model)
    if is_current(archive, digest):
        return archive
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".archiving-") as temporary:
        work = Path(temporary)
        staging, scratch = work / "staging", work / "tmp"
        scratch.mkdir()
        for path in MODULES:
            target = staging / path
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / path, target)
        (staging / DIGEST_NAME).write_text(digest)
        shutil.copyfile(model, work / MODEL_FILE)
        command = [
            *(sys.executable, "-m", "model_archiver.model_packaging"),
            *("--model-name", name, "--version", MODEL_VERSION),
            *("--handler", str(HANDLER), "--serialized-file", str(work / MODEL_FILE)),
            *("--extra-files", str(staging), "--export-path", str(work)),
        ]
        # The archiver deletes $TMPDIR/<name> before it starts: give it a folder of its own.
        environment = {**os.environ, "TMPDIR": str(scratch)}
        result = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if result.returncode != 0 or not (work / archive.name).is_file():
            lines = (result.stderr or result.stdout).strip().splitlines() or ["it said nothing"]
            raise ArchiveError(f"{name}: torch-model-archiver failed (exit status {result.returncode}): {lines[-1]}")
        (work / archive.name).replace(archive)
    return archive


def _digest(model: Path) -> str:
    """SHA-256 over all that goes into the archive."""
    digest = hashlib.sha256(f"{MODEL_VERSION} {MODULES}".encode())
    for path in (model, HANDLER, *(ROOT / name for name in MODULES)):
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def is_current(archive: Path, digest: str) -> bool:
    """Whether the archive exists, is whole, and was built from the inputs with this digest."""
    try:
        with zipfile.ZipFile(archive) as file:
            return file.testzip() is None and file.read(DIGEST_NAME).decode() == digest
    except (FileNotFoundError, KeyError, zipfile.BadZipFile):
        return False
