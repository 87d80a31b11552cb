"""Training: it learns, it repeats, and it resumes as if never interrupted."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from mnist_model import checkpoint as checkpoints
from mnist_model.checkpoint import Checkpoint
from mnist_model.dataset import Split
from mnist_model.errors import MnistError
from mnist_model.training import TrainConfig, Trainer, fit, hold_out

SHORT = TrainConfig(epochs=3, batch_size=64)


def same_weights(one: Checkpoint, other: Checkpoint) -> bool:
    return all(torch.equal(tensor, other.model[name]) for name, tensor in one.model.items())


@pytest.fixture(scope="module")
def splits(digits: Split) -> tuple[Split, Split]:
    return hold_out(Split(digits.images[:240], digits.labels[:240]))


@pytest.mark.parametrize("arch", ["cnn", "mlp"])
def test_one_batch_is_learnt_by_heart(arch: str, digits: Split) -> None:
    """A network that can learn brings the loss of 32 digits below a hundredth of where it began.

    The schedule, which is not stepped here, begins at a 25th of max_lr.
    """
    batch = Split(digits.images[:32], digits.labels[:32])
    trainer = Trainer(
        TrainConfig(arch=arch, epochs=60, batch_size=32, max_lr=0.5, augmentation="none", label_smoothing=0), batch
    )
    first = trainer.step(torch.arange(32))
    for _ in range(59):
        last = trainer.step(torch.arange(32))
    assert last < first / 100


def test_a_resumed_run_equals_an_uninterrupted_one(splits: tuple[Split, Split], tmp_path: Path) -> None:
    """Bit for bit, after an interruption at each of the epochs."""
    training, validation = splits
    whole = fit(Trainer(SHORT, training), validation, tmp_path / "whole.pt")
    for epochs_before in (1, 2):
        path = tmp_path / f"resumed-{epochs_before}.pt"
        interrupted = Trainer(SHORT, training)
        for _ in range(epochs_before):
            interrupted.train_one_epoch()
        checkpoints.save_atomically(interrupted.state(), path)
        torch.manual_seed(999)  # whatever else drew random numbers meanwhile
        resumed = Trainer.resume(path, training)
        assert resumed.epoch == epochs_before
        assert same_weights(fit(resumed, validation, path), whole)


def test_ctrl_c_keeps_the_last_whole_epoch(splits: tuple[Split, Split], tmp_path: Path) -> None:
    """The interruption passes through, and the state on disk is that of the epoch before it."""
    training, validation = splits
    trainer = Trainer(SHORT, training)
    train_one_epoch, calls = trainer.train_one_epoch, 0

    def interrupted_in_the_second(on_batch: object) -> None:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise KeyboardInterrupt
        train_one_epoch(on_batch)  # type: ignore[arg-type]

    trainer.train_one_epoch = interrupted_in_the_second  # type: ignore[method-assign, assignment]
    with pytest.raises(KeyboardInterrupt):
        fit(trainer, validation, tmp_path / "last.pt")
    assert Trainer.resume(tmp_path / "last.pt", training).epoch == 1


def test_the_seed_repeats_a_run(splits: tuple[Split, Split], tmp_path: Path) -> None:
    """The same seed gives the same weights, another one others."""
    training, validation = splits
    config = replace(SHORT, epochs=1)
    first, second, other = (
        fit(Trainer(replace(config, seed=seed), training), validation, tmp_path / "last.pt") for seed in (1, 1, 2)
    )
    assert same_weights(first, second)
    assert not same_weights(first, other)


def test_held_out_digits_are_never_trained_on(digits: Split) -> None:
    """A twelfth, always the same, with no image in both parts."""
    numbered = Split(torch.arange(1000).view(-1, 1, 1).expand(-1, 28, 28), digits.labels)
    training, validation = hold_out(numbered)
    assert len(validation.labels) == 83
    assert len(training.labels) == 917
    assert set(training.images[:, 0, 0].tolist()).isdisjoint(validation.images[:, 0, 0].tolist())
    assert torch.equal(hold_out(numbered)[1].images, validation.images)


def test_the_checkpoint_says_how_it_was_made(splits: tuple[Split, Split], tmp_path: Path) -> None:
    """Seed, hyper-parameters, versions, and what was measured; and a threshold that the held-out digits pass."""
    training, validation = splits
    made = fit(Trainer(replace(SHORT, seed=4), training), validation, tmp_path / "last.pt")
    assert made.seed == 4
    assert made.config["max_lr"] == SHORT.max_lr
    assert set(made.metrics) == {"validation_accuracy", "training_seconds"}
    assert np.isfinite(made.min_log_odds)
    assert made.versions["torch"].startswith("2.")


def test_other_data_and_other_files_are_not_resumed(splits: tuple[Split, Split], tmp_path: Path) -> None:
    """The run would not be the one that was interrupted."""
    training, _ = splits
    path = tmp_path / "last.pt"
    checkpoints.save_atomically(Trainer(SHORT, training).state(), path)
    with pytest.raises(MnistError, match="expected the 220 training images it began with, got 110"):
        Trainer.resume(path, Split(training.images[:110], training.labels[:110]))
    checkpoints.save_atomically({"something": "else"}, path)
    with pytest.raises(MnistError, match="expected a run of this version"):
        Trainer.resume(path, training)


def test_too_little_data_is_refused(digits: Split) -> None:
    """Less than a batch."""
    with pytest.raises(MnistError, match="at least one batch of 128 training images, got 100"):
        Trainer(TrainConfig(), Split(digits.images[:100], digits.labels[:100]))
