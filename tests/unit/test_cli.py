"""The `mnist` command: its subcommands, its exit statuses, its one line on stderr."""

import gzip
import json
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from mnist_model import checkpoint as checkpoints
from mnist_model.cli import main
from mnist_model.dataset import Split
from mnist_model.idx import write_idx

GOLDEN = Path(__file__).parent.parent / "golden"


def mnist(*arguments: str | Path) -> int:
    """Run the command in this process; returns its exit status."""
    try:
        return main([str(argument) for argument in arguments])
    except SystemExit as stop:
        return int(stop.code or 0)


@pytest.mark.parametrize("command", ["train", "evaluate", "synth", "predict", "export", "archive"])
def test_every_command_has_help_with_an_example(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    """And exits with 0."""
    assert mnist(command, "--help") == 0
    assert f"example:\n  mnist {command}" in capsys.readouterr().out


def test_serve_has_help_with_an_example() -> None:
    """It is a process of its own."""
    result = subprocess.run(
        [sys.executable, "-m", "mnist_model", "serve", "--help"], capture_output=True, text=True, check=True
    )
    assert "usage: mnist serve" in result.stdout
    assert "PORT=8800 mnist serve" in result.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["fly"],
        ["predict"],
        ["train", "--epochs", "0"],
        ["train", "--arch", "x"],
        ["train", "--resume", "--seed", "1"],
        ["export", "--arch", "mlp", "--weights", "mlp.pt"],
    ],
)
def test_wrong_usage_exits_with_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """And shows the usage."""
    assert mnist(*arguments) == 2
    assert "usage: mnist" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["predict", "no-such.png"], "No such file or directory: 'no-such.png'"),
        (["predict", str(GOLDEN / "make.py")], "expected a whole PNG or JPEG picture, got"),
        (["predict", str(GOLDEN / "photo.jpg"), "--weights", "no-such.pt"], "no-such.pt: no such checkpoint"),
        (["evaluate", "--no-verify", "--data", "no-such-folder"], "no-such-folder: expected t10k-images-idx3-ubyte"),
        (["train", "--no-verify", "--data", "no-such-folder"], "no-such-folder: expected train-images-idx3-ubyte"),
        (["export", "--weights", "no-such.pt"], "no-such.pt: no such checkpoint"),
        (["export", "--data", "no-such-folder"], "no-such-folder: expected t10k-images-idx3-ubyte"),
        (["archive", "--weights", "no-such.pt"], "no-such.pt: no such checkpoint"),
    ],
)
def test_a_failure_is_one_line_and_exits_with_1(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """On stderr, with no traceback."""
    assert mnist(*arguments) == 1
    errors = capsys.readouterr().err
    assert errors.startswith("mnist: ")
    assert message in errors
    assert len(errors.splitlines()) == 1


def test_predict_reads_pictures(capsys: pytest.CaptureFixture[str]) -> None:
    """A line each, in order; blank ones have no digit."""
    paths = [GOLDEN / "photo.jpg", GOLDEN / "blank.png"]
    assert mnist("predict", *paths) == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith(f"{paths[0]}: 7 (")
    assert second == f"{paths[1]}: no ink"
    assert mnist("predict", "--json", *paths) == 0
    answers = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [answer["digit"] for answer in answers] == [7, None]
    assert answers[0]["file"] == str(paths[0])


def test_train_evaluate_and_archive_work_together(
    small_mnist: Path, digits: Split, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """From raw files to an archive, with a resumed run in between."""
    run = tmp_path / "run"
    assert mnist("train", "--data", small_mnist, "--no-verify", "--epochs", "2", "--seed", "5", "--out", run) == 0
    assert "accuracy" in capsys.readouterr().out
    trained = checkpoints.load(run / "cnn.pt")
    assert trained.seed == 5
    assert set(trained.metrics) == {"validation_accuracy", "training_seconds", "test_accuracy"}
    assert mnist("train", "--data", small_mnist, "--no-verify", "--resume", "--out", run) == 0  # nothing left to do
    assert mnist(
        *("evaluate", "--data", small_mnist, "--no-verify", "--weights", run / "cnn.pt", "--out", tmp_path / "report")
    ) == (0)
    assert "of 1000)" in capsys.readouterr().out
    report = json.loads((tmp_path / "report" / "report.json").read_text())
    assert report["checkpoint"]["seed"] == 5
    assert report["digits"]["MNIST"]["images"] == 1000
    assert (tmp_path / "report" / "index.html").is_file()
    assert mnist("archive", "--weights", run / "cnn.pt", "--out", tmp_path / "store") == 0
    stored = sorted((tmp_path / "store").glob("*.mar"))
    assert [path.name for path in stored] == ["mnist.mar", "mnist_mlp.mar"]
    assert capsys.readouterr().out.splitlines()[-2:] == [str(path) for path in stored]


SEVEN = {"label": 7, "strokes": [[[10, 12], [40, 11], [22, 60]]]}
PLUS = {"label": -1, "name": "+", "strokes": [[[0, 5], [10, 5]], [[5, 0], [5, 10]]]}


def test_evaluate_measures_drawings_and_non_digits_too(
    small_mnist: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A family a file, named after it, or after its folder; a file with both is split."""
    (tmp_path / "mine.strokes.json").write_text(json.dumps([SEVEN, PLUS, SEVEN]))
    (tmp_path / "others.json").write_text(json.dumps([PLUS]))
    noise = torch.randint(0, 256, (20, 28, 28), generator=torch.Generator().manual_seed(0)).byte()
    (tmp_path / "fashion-mnist").mkdir()
    for path in ("fashion-mnist/t10k-images-idx3-ubyte.gz", "noise-idx3-ubyte"):
        write_idx(tmp_path / path, noise)
    report = tmp_path / "report"
    status = mnist(
        *("evaluate", "--data", small_mnist, "--no-verify", "--out", report),
        *("--drawings", tmp_path / "mine.strokes.json", tmp_path / "others.json"),
        *("--non-digits", tmp_path / "fashion-mnist", "--non-digits", tmp_path / "noise-idx3-ubyte"),
    )
    assert status == 0
    numbers = json.loads((report / "report.json").read_text())
    assert {name: family["images"] for name, family in numbers["digits"].items()} == {"MNIST": 1000, "mine": 2}
    assert {name: family["images"] for name, family in numbers["non_digits"].items()} == {
        "mine": 1,
        "others": 1,
        "fashion-mnist": 20,
        "noise-idx3-ubyte": 20,
    }
    assert numbers["digits"]["mine"]["recall"][7]["share"] == 1
    assert list(numbers["non_digits"]["mine"]["refused_by_kind"]) == ["+"]
    output = capsys.readouterr().out
    for name in ("mine", "others", "fashion-mnist", "noise-idx3-ubyte"):
        assert f"\n{name} " in output
    assert output.endswith(f"wrote {report / 'index.html'}\nwrote {report / 'report.json'}\n")


def test_made_up_images_are_measured_and_shown(
    small_mnist: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As a family of digits, and as one of non-digits by kind; the sheet is a picture of all that training adds."""
    report = tmp_path / "report"
    assert mnist("evaluate", "--data", small_mnist, "--no-verify", "--out", report, "--made-up", "60") == 0
    numbers = json.loads((report / "report.json").read_text())
    assert numbers["digits"]["made-up"]["images"] == 60
    assert numbers["non_digits"]["made-up"]["images"] == 60
    assert set(numbers["non_digits"]["made-up"]["refused_by_kind"]) == {"other letters", "other symbols"}
    assert mnist("synth", "--sheet", tmp_path / "out.png") == 0
    assert capsys.readouterr().out.endswith(f"wrote {tmp_path / 'out.png'}\n")
    assert (tmp_path / "out.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("option", ["--drawings", "--non-digits"])
@pytest.mark.parametrize("name", ["mine", "mine.gz"])
def test_interrupted_data_is_one_line(
    option: str, name: str, small_mnist: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever was cut off: a file of drawings or of images, plain or compressed."""
    path = tmp_path / name
    if option == "--drawings":
        content = json.dumps([SEVEN, PLUS]).encode()
        path.write_bytes(gzip.compress(content) if path.suffix else content)
    else:
        write_idx(path, torch.zeros(3, 28, 28, dtype=torch.uint8))
    path.write_bytes(path.read_bytes()[:-10])
    assert mnist("evaluate", "--data", small_mnist, "--no-verify", "--out", tmp_path / "report", option, path) == 1
    errors = capsys.readouterr().err
    assert errors.startswith(f"mnist: {path}: expected ")
    assert errors.endswith("; get the file again, or leave it out\n")
    assert len(errors.splitlines()) == 1
    assert not (tmp_path / "report").exists()


def test_ctrl_c_keeps_the_last_epoch_and_resume_goes_on(small_mnist: Path, tmp_path: Path) -> None:
    """The real signal to the real process; exit status 1 and a line that says how to go on."""
    run = tmp_path / "run"
    command = [sys.executable, "-m", "mnist_model", "train", "--no-verify", "--data", str(small_mnist)]
    command += ["--arch", "mlp", "--epochs", "2000", "--out", str(run)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        deadline = time.monotonic() + 60
        while not (run / "last.pt").exists():
            assert time.monotonic() < deadline
            time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    assert f"stopped; `mnist train --recipe fast --resume --out {run}` goes on from the last whole epoch" in errors
    assert "Traceback" not in errors
    assert 0 <= checkpoints.load_content(run / "last.pt")["epoch"] < 2000


def test_without_the_training_libraries_it_says_how_to_get_them(tmp_path: Path) -> None:
    """Only where they are needed: predicting works."""
    for name in ("tqdm", "matplotlib", "torchvision"):
        (tmp_path / f"{name}.py").write_text(f"raise ModuleNotFoundError('No module named {name}', name='{name}')")

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        code = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); from mnist_model.cli import main; sys.exit(main())"
        return subprocess.run(
            [sys.executable, "-c", code, *arguments], capture_output=True, text=True, timeout=60, check=False
        )

    lacking = run("train")
    assert lacking.returncode == 1
    assert lacking.stderr == "mnist: tqdm is not installed; `make setup` in the checkout installs it\n"
    assert run("predict", str(GOLDEN / "photo.jpg")).returncode == 0


def test_serve_needs_the_checkout(tmp_path: Path) -> None:
    """An installed package alone says so."""
    shutil.copytree(Path(__file__).parents[2] / "mnist_model", tmp_path / "mnist_model")
    result = subprocess.run(
        [sys.executable, "-m", "mnist_model", "serve"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert result.returncode == 1
    assert "expected the project's checkout, found no serve folder" in result.stderr
