"""Data flows one way: nothing imports back up, and serving loads nothing of training."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from mnist_model.archive import ROOT

RECOGNISER = sorted((ROOT / "mnist_model").rglob("*.py"))
ORDER = [
    *("errors", "shipped", "idx", "torchvision_mend", "preprocessing", "scores", "model", "recogniser", "augmentation"),
    *("checkpoint", "parallel", "onnx_runtime", "torch_runtime", "predictor", "numbers", "explanation", "dataset"),
    *("metrics", "calibration", "drawings", "evaluation", "plots", "report", "distillation", "training", "synthesis"),
    *("recipes", "quantisation", "export", "served", "archive", "commands", "cli"),
]
SYNTHESIS_ORDER = [
    *("glyphs", "hand", "digits", "scripts", "letters", "pictures", "symbols", "shapes", "non_digits"),
    *("rendering", "paintings", "bank", "sheet"),
]


def imports(path: Path) -> set[str]:
    """Every module that a file names in an import, wherever in the file."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            module = f"{'.' * node.level}{node.module or ''}"
            names |= {f".{alias.name}" for alias in node.names} if module == "." else {module}
    return names


@pytest.mark.parametrize("path", RECOGNISER, ids=[path.stem for path in RECOGNISER])
def test_the_recogniser_knows_nothing_of_serving(path: Path) -> None:
    """It never imports handlers, serve or TorchServe."""
    assert {name.partition(".")[0] for name in imports(path)}.isdisjoint({"handlers", "serve", "ts", "tests"})


@pytest.mark.parametrize("path", RECOGNISER, ids=[path.stem for path in RECOGNISER])
def test_nothing_imports_back_up(path: Path) -> None:
    """Each module imports only from those before it; so do those of the package within, and what is above it."""
    if path.stem in ("__init__", "__main__"):
        return
    if path.parent.name == "synthesis":
        before = {f".{name}" for name in SYNTHESIS_ORDER[: SYNTHESIS_ORDER.index(path.stem)]}
        before |= {f"..{name}" for name in ORDER[: ORDER.index("synthesis")]}
    else:
        before = {f".{name}" for name in ORDER[: ORDER.index(path.stem)]} | {"."}
    named = {name for name in imports(path) if name.startswith(".") and name != ".__version__"}
    assert {name if path.parent.name == "synthesis" else f".{name.split('.')[1]}" for name in named} <= before


def test_the_worker_loads_nothing_of_training() -> None:
    """What the handler imports leaves out what only training and exporting need (torch brings tqdm)."""
    code = (
        "import sys, handlers.digit_handler; "
        "heavy = {'torchvision', 'matplotlib', 'onnx', 'onnxscript'}; "
        "heavy |= {f'mnist_model.{name}' for name in ('checkpoint', 'dataset', 'export', 'model', 'training')}; "
        "sys.exit(', '.join(heavy & set(sys.modules)) or 0)"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


def test_files_hold_one_idea() -> None:
    """None is much longer than 300 lines."""
    folders = ("mnist_model", "handlers", "serve", "web")
    fetched = {ROOT / "web" / name for name in ("node_modules", "runtime", "model")}
    sources = [
        path
        for folder in folders
        for path in (ROOT / folder).rglob("*.*")
        if path.is_file() and path.suffix not in (".pt", ".onnx", ".pyc") and fetched.isdisjoint(path.parents)
    ]
    long = {path.name: count for path in sources if (count := len(path.read_bytes().splitlines())) > 300}
    assert long == {}
