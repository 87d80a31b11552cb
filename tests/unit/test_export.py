"""A checkpoint as files for other runtimes, and the refusal of those that do not agree."""

import re
import subprocess
import sys
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import IO

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from numpy.typing import NDArray

from mnist_model import checkpoint as checkpoints
from mnist_model import export as exports
from mnist_model.checkpoint import Checkpoint
from mnist_model.cli import main
from mnist_model.dataset import Split
from mnist_model.export import TOLERANCE, Exportable, Exported, ExportError, Outputs
from mnist_model.model import create_model
from mnist_model.predictor import Predictor
from mnist_model.preprocessing import VERSION
from mnist_model.scores import METADATA, Scores
from mnist_model.torch_runtime import TorchRuntime


@pytest.fixture(scope="module")
def mlp() -> Checkpoint:
    """Without training, and with a temperature, which would show if it were left out."""
    torch.manual_seed(0)
    return Checkpoint(
        arch="mlp",
        model=create_model("mlp").state_dict(),
        preprocessing_version=VERSION,
        temperature=0.3,
        min_log_odds=2.3,  # in the middle of what it says of these digits
        seed=0,
        config={},
        metrics={},
        versions={},
    )


@pytest.fixture(scope="module")
def real(digits: Split) -> NDArray[np.uint8]:
    images: NDArray[np.uint8] = digits.images.numpy()
    return images


@pytest.fixture(scope="module", params=["cnn", "mlp"])
def written(
    request: pytest.FixtureRequest, mlp: Checkpoint, real: NDArray[np.uint8], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Checkpoint, list[Exported]]:
    """The shipped network and an MLP, each with its three files."""
    checkpoint = checkpoints.load() if request.param == "cnn" else mlp
    return checkpoint, exports.export(checkpoint, tmp_path_factory.mktemp("export") / "new", real)


def test_there_is_one_file_of_each_kind(written: tuple[Checkpoint, list[Exported]]) -> None:
    """Named after the architecture, in a folder that is made, and nothing beside them."""
    checkpoint, exported = written
    paths = [each.path for each in exported]
    assert [path.name for path in paths] == [
        f"{checkpoint.arch}{suffix}" for suffix in (".onnx", "-float32.onnx", ".pt2")
    ]
    assert sorted(paths[0].parent.iterdir()) == sorted(paths)
    assert [each.size for each in exported] == [path.stat().st_size for path in paths]


@pytest.mark.parametrize("count", [1, 2, 3, 1000])
def test_both_answer_as_the_predictor_does(
    written: tuple[Checkpoint, list[Exported]], count: int, real: NDArray[np.uint8]
) -> None:
    """Read anew from the disk, without this project's code, for batches of any size."""
    checkpoint, (_, onnx_file, pt2_file) = written
    images = real[:count]
    expected = Predictor(TorchRuntime(checkpoint.build()), checkpoint.min_log_odds).score(images)
    session = onnxruntime.InferenceSession(onnx_file.path, providers=["CPUExecutionProvider"])
    module = torch.export.load(pt2_file.path).module()
    for probabilities, log_odds, is_digit in (
        session.run(["probabilities", "log_odds", "is_digit"], {"images": images}),
        [output.detach().numpy() for output in module(torch.tensor(images))],
    ):
        assert (probabilities.shape, probabilities.dtype) == ((count, 10), np.float32)
        assert (log_odds.shape, log_odds.dtype) == ((count,), np.float32)
        assert np.abs(probabilities - expected.probabilities).max() <= TOLERANCE
        np.testing.assert_allclose(log_odds, expected.log_odds, rtol=TOLERANCE, atol=TOLERANCE)
        np.testing.assert_array_equal(probabilities.argmax(axis=1), expected.probabilities.argmax(axis=1))
        assert (is_digit.shape, is_digit.dtype) == ((count,), np.bool_)
        np.testing.assert_array_equal(is_digit, log_odds >= checkpoint.min_log_odds)


def test_both_know_the_threshold(written: tuple[Checkpoint, list[Exported]], real: NDArray[np.uint8]) -> None:
    """What the predictor refuses, both refuse: some of these images, and not all."""
    checkpoint, (_, onnx_file, pt2_file) = written
    images = np.concatenate([real, exports.unreal_images()])
    images = images[images.any(axis=(1, 2))]  # one without ink the predictor refuses by itself
    expected = [
        each.is_digit for each in Predictor(TorchRuntime(checkpoint.build()), checkpoint.min_log_odds).predict(images)
    ]
    session = onnxruntime.InferenceSession(onnx_file.path, providers=["CPUExecutionProvider"])
    module = torch.export.load(pt2_file.path).module()
    for is_digit in (session.run(["is_digit"], {"images": images})[0], module(torch.tensor(images))[2].numpy()):
        np.testing.assert_array_equal(is_digit, expected)
    assert 0 < sum(expected) < len(expected)


def test_the_differences_are_those_of_rounding(written: tuple[Checkpoint, list[Exported]]) -> None:
    """Far below what would be refused; the ONNX file's is not 0, as it was computed by another library."""
    _, (_, onnx_file, pt2_file) = written
    assert 0 < onnx_file.difference < TOLERANCE / 3
    assert 0 <= pt2_file.difference < TOLERANCE / 3


def test_the_onnx_file_is_one_that_browsers_run(written: tuple[Checkpoint, list[Exported]]) -> None:
    """Bytes in, any number of images, weights inside, and operators of ONNX's own alone."""
    _, (_, onnx_file, _) = written
    model = onnx.load(onnx_file.path, load_external_data=False)
    onnx.checker.check_model(model, full_check=True)
    assert [each.domain for each in model.opset_import] == [""]
    assert {node.domain for node in model.graph.node} == {""}
    assert not any(onnx.external_data_helper.uses_external_data(tensor) for tensor in model.graph.initializer)
    session = onnxruntime.InferenceSession(onnx_file.path, providers=["CPUExecutionProvider"])
    (images,) = session.get_inputs()
    assert (images.name, images.type, images.shape) == ("images", "tensor(uint8)", ["batch", 28, 28])
    assert [(each.name, each.type, each.shape) for each in session.get_outputs()] == [
        ("probabilities", "tensor(float)", ["batch", 10]),
        ("log_odds", "tensor(float)", ["batch"]),
        ("is_digit", "tensor(bool)", ["batch"]),
    ]


def test_both_carry_what_their_users_need(written: tuple[Checkpoint, list[Exported]]) -> None:
    """The same threshold, to the last bit, and the recipe's version; no path of the machine that wrote them."""
    checkpoint, (_, onnx_file, pt2_file) = written
    expected = {name: str(getattr(checkpoint, name)) for name in METADATA}
    session = onnxruntime.InferenceSession(onnx_file.path, providers=["CPUExecutionProvider"])
    assert session.get_modelmeta().custom_metadata_map == expected
    found = dict.fromkeys(METADATA, "")
    torch.export.load(pt2_file.path, extra_files=found)
    assert found == expected
    assert float(found["min_log_odds"]) == checkpoint.min_log_odds
    for each in (onnx_file, pt2_file):
        assert str(Path(exports.__file__).parent).encode() not in each.path.read_bytes()


@pytest.mark.parametrize(("convert", "name"), [("to_onnx", "mlp-float32.onnx"), ("to_pt2", "mlp.pt2")])
def test_a_file_that_disagrees_is_not_written(
    convert: str,
    name: str,
    mlp: Checkpoint,
    real: NDArray[np.uint8],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Though it is off by little, and the other file agrees; older files of both kinds stay as they were."""
    other = exports.trace(replace(mlp, temperature=mlp.temperature * 1.01))
    right = getattr(exports, convert)
    monkeypatch.setattr(exports, convert, lambda program, metadata: right(other, metadata))
    older = {tmp_path / "mlp.onnx": b"an older file", tmp_path / "mlp.pt2": b"another"}
    for path, content in older.items():
        path.write_bytes(content)
    with pytest.raises(ExportError, match=rf"{name}: not written: expected PyTorch's probabilities to within 0.0001"):
        exports.export(mlp, tmp_path, real)
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == older


def test_a_file_for_one_batch_size_is_not_written(
    mlp: Checkpoint, real: NDArray[np.uint8], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor anything else; the folder is not even made."""
    example = torch.zeros(2, 28, 28, dtype=torch.uint8)
    monkeypatch.setattr(exports, "trace", lambda checkpoint: torch.export.export(Exportable(checkpoint), (example,)))
    with pytest.raises(ExportError, match=r"mlp.*: not written: it does not run \(.*images.*\)"):
        exports.export(mlp, tmp_path / "new", real)
    assert list(tmp_path.iterdir()) == []


def test_an_interrupted_write_leaves_the_files_that_were_there(
    mlp: Checkpoint, real: NDArray[np.uint8], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of both kinds: neither is put in place before both are on the disk."""
    (tmp_path / "mlp.onnx").write_bytes(b"an older file")

    def full(path: Path) -> AbstractContextManager[IO[bytes]]:
        if path.suffix == ".pt2":
            raise OSError("no space left on device")
        return checkpoints.atomic_file(path)

    monkeypatch.setattr(exports, "atomic_file", full)
    with pytest.raises(OSError, match="no space left"):
        exports.export(mlp, tmp_path, real)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"mlp.onnx": b"an older file"}


def outputs(
    probabilities: list[list[float]], log_odds: list[float], is_digit: tuple[bool, bool] = (True, True)
) -> Outputs:
    return Outputs(np.array(probabilities, np.float32), np.array(log_odds, np.float32), np.array(is_digit))


EXPECTED = Scores(np.array([[0.5, 0.49998], [0.2, 0.8]], np.float32), np.array([3.0, 500.0], np.float32))
THRESHOLD = 2.5


def test_the_largest_difference_is_told() -> None:
    """Of any probability of any image; log-odds are compared by their own size."""
    actual = outputs([[0.5, 0.49998], [0.20005, 0.79995]], [3.0001, 500.01])
    assert exports.compare(Path("x"), actual, EXPECTED, THRESHOLD)[0] == pytest.approx(5e-5, rel=1e-3)


@pytest.mark.parametrize(
    ("actual", "message"),
    [
        (
            outputs([[0.5, 0.49998], [0.2002, 0.7998]], [3.0, 500.0]),
            "probabilities to within 0.0001, got one .* 0.0002",
        ),
        (
            outputs([[0.5, 0.49998], [np.nan, 0.8]], [3.0, 500.0]),
            "probabilities to within 0.0001, got one that is nan",
        ),
        (outputs([[0.5, 0.49998], [0.2, 0.8]], [3.0, 501.0]), "log-odds to within 0.0001, got one that is 0.002"),
        (
            outputs([[0.5, 0.49998], [0.2, 0.8]], [np.nan, 500.0]),
            "log-odds to within 0.0001, got one that is nan",
        ),
        (outputs([[0.49998, 0.5], [0.2, 0.8]], [3.0, 500.0]), "digits, got others"),
        (outputs([[0.5, 0.49998], [0.2, 0.8]], [3.0, 500.0], (True, False)), "is_digit where the log-odds reach 2.5"),
    ],
)
def test_what_differs_is_refused(actual: Outputs, message: str) -> None:
    """Too much of a difference, what is not a number, another digit however small the difference, another threshold."""
    with pytest.raises(ExportError, match=message):
        exports.compare(Path("x"), actual, EXPECTED, THRESHOLD)


def test_what_is_no_digit_may_be_least_unlike_another() -> None:
    """Its probabilities are all the same but for rounding."""
    actual = outputs([[0.49998, 0.5], [0.2, 0.8]], [3.0, 500.0], (False, True))
    assert exports.compare(Path("x"), actual, EXPECTED, min_log_odds=3.5)[0] < TOLERANCE


def test_rounding_may_cross_the_threshold() -> None:
    """An image that lies on it may be called a digit by one library and not by another, as its log-odds say."""
    actual = outputs([[0.5, 0.49998], [0.2, 0.8]], [2.9999, 500.0], (False, True))
    assert exports.compare(Path("x"), actual, EXPECTED, min_log_odds=3.0)[0] < TOLERANCE


def test_every_batch_size_is_compared() -> None:
    """However few real images there are; blank and full ones are among the others."""
    images = exports.unreal_images()
    sizes = [len(batch) for batch in exports.batches(images)]
    assert sizes[: len(exports.BATCH_SIZES)] == list(exports.BATCH_SIZES)
    assert sum(sizes) == len(images)
    np.testing.assert_array_equal(np.concatenate(list(exports.batches(images))), images)
    assert [images[0].max(), images[1].min()] == [0, 255]
    assert images[2:].std() > 70


def test_drawn_digits_are_read_as_digits() -> None:
    """So they can stand in for real ones: the shipped weights read nearly all as what they are."""
    images = exports.drawn_digits()
    assert images.shape == (20, 28, 28)
    digits = [prediction.digit for prediction in Predictor.load().predict(images)]
    drawn = np.repeat([0, 1, 2, 4, 7], len(exports.SLANTS))
    assert (np.array(digits) == drawn).mean() >= 0.8


def test_the_command_writes_what_it_says(sample: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The shipped cnn, compared on the digits that --data names; and nothing on stderr."""
    assert main(["export", "--data", str(sample), "--out", str(tmp_path)]) == 0
    out, err = capsys.readouterr()
    *lines, last = out.splitlines()
    for line, name in zip(lines, ("cnn.onnx", "cnn-float32.onnx", "cnn.pt2"), strict=True):
        size = (tmp_path / name).stat().st_size
        assert re.fullmatch(
            rf"wrote {tmp_path / name} \({size / 1000:.0f} kB; probabilities within \de-\d\d of PyTorch's, "
            r"\d of the digits read or refused otherwise\)",
            line,
        )
    assert last == f"compared with PyTorch on 1,000 test digits of {sample} and on random images"
    assert err == ""


def test_the_command_writes_the_mlp_that_is_shipped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """In any folder; without MNIST there, it compares on drawn digits."""
    monkeypatch.chdir(tmp_path)
    assert main(["export", "--arch", "mlp"]) == 0
    assert "on 20 drawn digits (MNIST is not in data) and" in capsys.readouterr().out
    assert sorted(path.name for path in Path("export").iterdir()) == ["mlp-float32.onnx", "mlp.onnx", "mlp.pt2"]


def test_the_command_fails_where_files_disagree(
    mlp: Checkpoint,
    sample: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Exit status 1, one line, and no file."""
    checkpoints.save(mlp, tmp_path / "mlp.pt")
    monkeypatch.setattr(exports, "TOLERANCE", 0.0)
    out = tmp_path / "out"
    assert main(["export", "--weights", str(tmp_path / "mlp.pt"), "--data", str(sample), "--out", str(out)]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith(f"mnist: {out / 'mlp-float32.onnx'}: not written: expected PyTorch's probabilities")
    assert len(captured.err.splitlines()) == 1
    assert not out.exists()


@pytest.mark.parametrize("library", ["onnxruntime", "onnxscript"])
def test_without_a_library_it_says_how_to_get_it(library: str, sample: Path, tmp_path: Path) -> None:
    """One line, and no file."""
    (tmp_path / f"{library}.py").write_text(f"raise ModuleNotFoundError('No module named {library}', name='{library}')")
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); from mnist_model.cli import main; sys.exit(main())"
    command = [sys.executable, "-c", code, "export", "--data", str(sample), "--out", str(tmp_path / "out")]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert result.returncode == 1
    assert result.stderr == f"mnist: {library} is not installed; `make setup` in the checkout installs it\n"
    assert not (tmp_path / "out").exists()


def test_eight_bits_hardly_change_what_is_read(
    written: tuple[Checkpoint, list[Exported]], real: NDArray[np.uint8]
) -> None:
    """Less than half the size; what is said of real digits, read anew from the disk."""
    checkpoint, (rounded, floats, _) = written
    assert rounded.size < floats.size / 2
    assert TOLERANCE < rounded.difference < 0.1
    session = onnxruntime.InferenceSession(rounded.path, providers=["CPUExecutionProvider"])
    probabilities, log_odds, is_digit = session.run(None, {"images": real})
    expected = Predictor(TorchRuntime(checkpoint.build()), checkpoint.min_log_odds).score(real)
    assert np.abs(probabilities - expected.probabilities).max() == pytest.approx(rounded.difference, rel=1e-3)
    np.testing.assert_array_equal(is_digit, log_odds >= np.float32(checkpoint.min_log_odds))
    are_digits = expected.log_odds >= checkpoint.min_log_odds
    others = (probabilities.argmax(axis=1) != expected.probabilities.argmax(axis=1)) & are_digits
    assert rounded.others == (others | (is_digit != are_digits)).sum()
    if checkpoint.arch == "cnn":  # the MLP here has learnt nothing, and half of these digits lie at its threshold
        assert rounded.others <= 1


def test_rounding_may_change_what_is_doubtful() -> None:
    """Probabilities by little, and so the digit or the refusal where PyTorch wavers too: that is counted."""
    expected = Scores(np.array([[0.51, 0.49], [0.9, 0.1], [0.9, 0.1]], np.float32), np.array([3.0, 2.6, 3], np.float32))
    actual = Outputs(
        np.array([[0.48, 0.52], [0.9, 0.1], [0.1, 0.9]], np.float32),
        np.array([3.0, 2.4, 3], np.float32),
        np.array([True, False, True]),
    )
    difference, others = exports.compare_rounded(2, Path("x"), actual, expected, THRESHOLD)
    assert difference == pytest.approx(0.03, rel=1e-3)
    assert others == 2
    with pytest.raises(ExportError, match=r"to within 0\.15, got one that is 0\.8 off; 8 bits are too few"):
        exports.compare_rounded(3, Path("x"), actual, expected, THRESHOLD)
    with pytest.raises(ExportError, match=r"is_digit where the log-odds reach 2\.5"):
        exports.compare_rounded(2, Path("x"), actual._replace(is_digit=~actual.is_digit), expected, THRESHOLD)
    blind = actual._replace(probabilities=np.full_like(actual.probabilities, np.nan))
    with pytest.raises(ExportError, match="that is nan off"):
        exports.compare_rounded(2, Path("x"), blind, expected, THRESHOLD)
