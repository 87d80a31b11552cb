"""Data-parallel training: two real processes on loopback do what one does."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import psutil
import pytest
import torch
from torch import Tensor
from torch.multiprocessing.spawn import spawn

from mnist_model import checkpoint as checkpoints
from mnist_model import parallel
from mnist_model.cli import main
from mnist_model.dataset import Split
from mnist_model.distillation import Lessons
from mnist_model.errors import MnistError
from mnist_model.training import TrainConfig, Trainer

BATCH = 65  # not to be halved
CONFIG = TrainConfig(epochs=2, batch_size=BATCH, augmentation="none", distillation=0.7)


@pytest.fixture(scope="module")
def port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def join(rank: int, work: Callable[..., None], port: int, *arguments: object) -> None:
    """What each spawned process runs; the environment is as torchrun sets it."""
    torch.set_num_threads(1)
    os.environ |= {"RANK": str(rank), "WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    with parallel.joined():
        work(*arguments)


def taught(digits: Split) -> Lessons:
    """Teachers' words on the first 70 digits, more of which fall to one process than to the other."""
    return Lessons(digits.images[None, :70], torch.randn(1, 70, 10, generator=torch.Generator().manual_seed(7)).half())


@contextmanager
def in_double_precision() -> Iterator[None]:
    """Rounding to less turns some ReLUs, and thereby gradients by a hundredth: as much as some mistakes would."""
    torch.set_default_dtype(torch.float64)
    try:
        with patch.object(Tensor, "float", Tensor.double), patch("torch.autocast", lambda *_: nullcontext()):
            yield
    finally:
        torch.set_default_dtype(torch.float32)


@in_double_precision()
def one_step(digits: Split, lessons: Lessons | None) -> dict[str, Tensor]:
    """The loss, the gradients and the running statistics after a step."""
    trainer = Trainer(CONFIG, digits, lessons)
    order = torch.randperm(len(digits.labels), generator=torch.Generator().manual_seed(1))
    loss = trainer.step(order[:BATCH])
    gradients = {name: value.grad for name, value in trainer.model.named_parameters() if value.grad is not None}
    return {"loss": torch.tensor(loss), **gradients, **dict(trainer.model.named_buffers())}


def steps_and_weights(digits: Split, out: Path) -> None:
    """Write what one step yields, and the state after an epoch of a usual run, which draws random numbers."""
    state: dict[str, Any] = {
        "labels alone": one_step(digits, None),
        "with teachers": one_step(digits, taught(digits)),
    }
    drawn: list[Tensor] = []
    trainer = Trainer(replace(CONFIG, augmentation="affine"), digits)
    augment = trainer.augment
    trainer.augment = lambda images: drawn.append(torch.rand(3)) or augment(images)  # type: ignore[func-returns-value]
    trainer.train_one_epoch()
    with parallel.first_process_first():
        found = (out / "fetched").exists()
        time.sleep(0.2)
        (out / "fetched").touch()
    state |= {"trainer": trainer.state(), "drawn": torch.stack(drawn), "found": found}
    torch.save(state, out / f"{parallel.rank()}.pt")


@pytest.fixture(scope="module")
def pair(digits: Split, port: int, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """What `steps_and_weights` yields in each of two processes."""
    out = tmp_path_factory.mktemp("pair")
    some = Split(digits.images[:200], digits.labels[:200])
    spawn(join, (steps_and_weights, port, some, out), nprocs=2)
    return [torch.load(out / f"{rank}.pt") for rank in range(2)]


@pytest.mark.parametrize("case", ["labels alone", "with teachers"])
def test_gradients_are_those_of_one_process(pair: list[dict[str, Any]], digits: Split, case: str) -> None:
    """And so are the loss and the statistics of batch normalisation, up to rounding, in both processes."""
    some = Split(digits.images[:200], digits.labels[:200])
    alone = one_step(some, taught(some) if case == "with teachers" else None)
    for together in pair:
        assert together[case].keys() == alone.keys()
        for name, expected in alone.items():
            torch.testing.assert_close(together[case][name], expected, rtol=1e-9, atol=1e-9, msg=name)


def test_the_processes_end_an_epoch_with_the_same_weights(pair: list[dict[str, Any]]) -> None:
    """Bit for bit, averaged weights, optimiser and schedule too, although each draws random numbers of its own."""
    first, second = (one["trainer"] for one in pair)
    for part in ("model", "averaged"):
        assert all(torch.equal(tensor, second[part][name]) for name, tensor in first[part].items())
    for one, other in zip(first["optimizer"]["state"].values(), second["optimizer"]["state"].values(), strict=True):
        assert torch.equal(one["momentum_buffer"], other["momentum_buffer"])
    assert first["scheduler"]["last_epoch"] == second["scheduler"]["last_epoch"] == 3
    assert not (pair[0]["drawn"] == pair[1]["drawn"]).any()


def test_the_first_process_fetches_for_all(pair: list[dict[str, Any]]) -> None:
    """The second begins when the first is done, and finds everything there."""
    assert [one["found"] for one in pair] == [False, True]


def test_more_processes_than_images_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process without an image has no loss."""
    monkeypatch.setattr(parallel, "world_size", lambda: 3)
    with pytest.raises(MnistError, match="at most 2 processes, one for each image of a batch, got 3"):
        parallel.share(torch.arange(2))


def wait_in_vain(out: Path) -> None:
    """The first process waits for the second, which sleeps."""
    if parallel.rank() == 1:
        time.sleep(60)
    started = time.monotonic()
    with pytest.raises(MnistError, match="process 0 of 2 stops: another one has ended, or does not answer"):
        parallel.synchronise_batch_norm(torch.nn.Sequential(torch.nn.BatchNorm2d(1)))(torch.ones(2, 1, 2, 2))
    (out / "waited").write_text(str(time.monotonic() - started))


def with_short_timeout(rank: int, port: int, out: Path) -> None:
    with patch.object(parallel, "TIMEOUT", timedelta(seconds=2)):
        join(rank, wait_in_vain, port, out)


def test_a_silent_process_is_not_waited_for_forever(port: int, tmp_path: Path) -> None:
    """The other ends after TIMEOUT."""
    context = spawn(with_short_timeout, (port, tmp_path), nprocs=2, join=False)
    try:
        context.processes[0].join(60)
        assert context.processes[0].exitcode == 0
    finally:
        context.processes[1].kill()
        context.processes[1].join()
    assert 1 < float((tmp_path / "waited").read_text()) < 10


def torchrun(data: Path, out: Path, epochs: int) -> list[str]:
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2", "-m"]
    return [*launcher, "mnist_model", "train", "--no-verify", f"--data={data}", f"--out={out}", f"--epochs={epochs}"]


def test_torchrun_trains_one_network(small_mnist: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One process reports and writes; its checkpoint loads, and a single process resumes the run."""
    result = subprocess.run(
        torchrun(small_mnist, tmp_path, 2), capture_output=True, text=True, timeout=120, check=False
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout.count(f"wrote {tmp_path / 'cnn.pt'}") == 1
    assert result.stderr.count("| 0.00/1.28k [00:00<?") == 1  # where a progress bar begins
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cnn.pt", "last.pt"]
    trained = checkpoints.load(tmp_path / "cnn.pt")
    assert main(["train", "--no-verify", f"--data={small_mnist}", f"--out={tmp_path}", "--resume"]) == 0
    assert len(result.stdout.splitlines()) == len(capsys.readouterr().out.splitlines())
    resumed = checkpoints.load(tmp_path / "cnn.pt")
    assert all(torch.equal(tensor, resumed.model[name]) for name, tensor in trained.model.items())


@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGINT])
def test_the_end_of_one_is_the_end_of_all(small_mnist: Path, tmp_path: Path, ending: signal.Signals) -> None:
    """If the second process dies, or by Ctrl-C: one line from the first, soon; the last whole epoch is kept."""
    with subprocess.Popen(torchrun(small_mnist, tmp_path, 2000), stderr=subprocess.PIPE, text=True) as launcher:
        try:
            deadline = time.monotonic() + 60
            while not (tmp_path / "last.pt").exists():
                assert time.monotonic() < deadline
                time.sleep(0.1)
            if ending == signal.SIGKILL:
                children = psutil.Process(launcher.pid).children()
                next(child for child in children if child.environ().get("RANK") == "1").kill()
            else:
                launcher.send_signal(ending)
            _, errors = launcher.communicate(timeout=20)
        finally:
            launcher.terminate()  # and torchrun ends what it started
    assert launcher.returncode == 1
    (line,) = (line for line in errors.splitlines() if line.startswith("mnist: "))
    said = (
        "process 0 of 2 stops: another one has ended"
        if ending == signal.SIGKILL
        else "stopped; `mnist train --recipe fast --resume --out "
    )
    assert line.startswith(f"mnist: {said}")
    assert checkpoints.load_content(tmp_path / "last.pt")["epoch"] < 2000
