"""The walk-through, notebooks/train.ipynb: kept clean, and every cell of it runs."""

import re
from pathlib import Path
from zipfile import ZipFile

import nbformat
import onnxruntime
import pytest
from nbclient import NotebookClient
from nbformat import NotebookNode

from mnist_model import checkpoint as checkpoints
from tests.notebook import NOTEBOOK, as_kept

TEXT = NOTEBOOK.read_text(encoding="utf-8")
CELL_SECONDS = 120  # that one cell may take
IMAGES = 600  # to train on: four batches


def test_it_is_kept_without_outputs() -> None:
    """Nor counts of executions, nor anything of a machine; so a diff shows what a person changed."""
    assert as_kept(TEXT) == TEXT, f"{NOTEBOOK} holds more than its cells; `python -m tests.notebook` cleans it"
    nbformat.validate(nbformat.reads(TEXT, as_version=nbformat.NO_CONVERT))
    assert not re.search(r"/(home|root|tmp|Users|work)/", TEXT)


def test_cleaning_removes_what_a_run_leaves() -> None:
    """Outputs, counts and the metadata of whatever ran it; sources, ids and tags stay."""
    ran = nbformat.reads(TEXT, as_version=4)
    ran.metadata.language_info.version = "3.11.7"
    for number, cell in enumerate(cell for cell in ran.cells if cell.cell_type == "code"):
        cell.execution_count = number
        cell.outputs = [nbformat.v4.new_output("stream", text="/home/me")]
        cell.metadata.execution = {"iopub.execute_input": "2026-01-01T00:00:00Z"}
    assert as_kept(nbformat.writes(ran)) == TEXT


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the notebook writes into."""
    return tmp_path_factory.mktemp("notebook") / "run"


@pytest.fixture(scope="module")
def cells(out: Path, small_mnist: Path, tmp_path_factory: pytest.TempPathFactory) -> list[NotebookNode]:
    """The code cells after all of them ran in a kernel, on a sample; the first that fails raises."""
    notebook = nbformat.reads(TEXT, as_version=4)
    (place,) = (index for index, cell in enumerate(notebook.cells) if "parameters" in cell.metadata.get("tags", []))
    paths = f"DATA, OUT = type(ROOT)({str(small_mnist)!r}), type(ROOT)({str(out)!r})"
    chosen = nbformat.v4.new_code_cell(f"{paths}\nIMAGES, VERIFY = {IMAGES}, False", id="chosen-by-the-test")
    notebook.cells.insert(place + 1, chosen)
    home = tmp_path_factory.mktemp("jupyter")
    with pytest.MonkeyPatch.context() as patch:
        # neither the settings nor the kernels of whoever runs the tests
        for name in ("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR"):
            patch.setenv(name, str(home / name))
        NotebookClient(
            notebook,
            timeout=CELL_SECONDS,
            force_raise_errors=True,
            resources={"metadata": {"path": str(home)}},
        ).execute()
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def test_it_leaves_what_other_programs_take(cells: list[NotebookNode], out: Path) -> None:
    """A checkpoint, an ONNX file and an archive for TorchServe, in the folder that was named."""
    checkpoint = checkpoints.load(out / "cnn.pt")
    assert set(checkpoint.metrics) == {"validation_accuracy", "training_seconds"}
    session = onnxruntime.InferenceSession(out / "cnn.onnx", providers=["CPUExecutionProvider"])
    assert float(session.get_modelmeta().custom_metadata_map["min_log_odds"]) == checkpoint.min_log_odds
    with ZipFile(out / "mnist.mar") as archive:
        assert archive.read("model.onnx") == (out / "cnn.onnx").read_bytes()


def test_it_shows_every_picture(cells: list[NotebookNode]) -> None:
    """A figure is a PNG, not the name of an object."""
    shown = {cell.id for cell in cells for output in cell.outputs if "image/png" in output.get("data", {})}
    assert shown == {cell.id for cell in cells if re.match(r"(plot_|Picture\(|figure$)", cell.source.splitlines()[-1])}
    assert len(shown) == 11


def test_it_runs_without_a_warning(cells: list[NotebookNode]) -> None:
    """What goes to stderr is the progress bar."""
    errors = [output.text for cell in cells for output in cell.outputs if output.get("name") == "stderr"]
    assert all(not text.strip() or "training cnn: " in text for text in errors), errors


def test_it_trains_on_as_many_images_as_it_is_told(cells: list[NotebookNode]) -> None:
    """Less the twelfth that is held out; two passes of whole batches."""
    (training,) = (cell for cell in cells if cell.id == "training")
    assert f"| {IMAGES * 11 // 12 // 128 * 128 * 2 / 1000:.2f}k/" in "".join(
        output.get("text", "") for output in training.outputs
    )
