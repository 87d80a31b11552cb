"""The two recipes: all that "best" does, on a small scale, and what an interrupted run finds again."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from mnist_model import checkpoint as checkpoints
from mnist_model import recipes, training
from mnist_model.dataset import Split
from mnist_model.errors import MnistError
from mnist_model.recipes import RECIPES, Recipe, choose, train
from mnist_model.training import TrainConfig, Trainer

SMALL = Recipe(
    TrainConfig(arch="mlp", epochs=2, batch_size=32, augmentation="all", distillation=1.0, seed=3),
    pen_digits=70,
    non_digits=60,
    held_out_pen_digits=40,
    teacher=TrainConfig(arch="mlp", epochs=1, batch_size=32),
    teachers=1,
    variants=2,
)


@pytest.fixture
def split(digits: Split) -> Split:
    return Split(digits.images[:120], digits.labels[:120])


def test_the_recipes_are_whole() -> None:
    """One is MNIST alone, the other has everything; both make the network that is served."""
    fast, best = RECIPES["fast"], RECIPES["best"]
    assert fast == Recipe(fast.student)
    assert min(best.pen_digits, best.non_digits, best.held_out_pen_digits, best.teachers, best.variants) > 0
    assert fast.student.arch == best.student.arch == "cnn"


def test_a_recipe_can_be_changed() -> None:
    """By the options of `mnist train`; the MLP has a gentler training of its own."""
    assert choose("best", seed=4).student == replace(RECIPES["best"].student, seed=4)
    assert choose("best", seed=4).pen_digits == RECIPES["best"].pen_digits
    mlp = choose("fast", arch="mlp", epochs=5).student
    assert (mlp.arch, mlp.epochs) == ("mlp", 5)
    assert mlp.max_lr < RECIPES["fast"].student.max_lr


def test_the_mlp_learns_from_the_same_images_without_teachers() -> None:
    """They take most of the hour, and it is there to compare."""
    best, mlp = RECIPES["best"], choose("best", arch="mlp", seed=2)
    assert (mlp.teachers, mlp.variants, mlp.student.distillation) == (0, 0, 0.0)
    assert (mlp.pen_digits, mlp.non_digits) == (best.pen_digits, best.non_digits)
    assert mlp.held_out_pen_digits == best.held_out_pen_digits
    assert (mlp.student.arch, mlp.student.seed) == ("mlp", 2)
    assert choose("best", arch="cnn") == choose("best") == best


def test_best_learns_from_all_its_parts(split: Split, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """MNIST, pen digits and non-digits, with lessons of a teacher; pen digits by other hands are held out."""
    seen: list[Trainer] = []
    fit = training.fit

    def spy(trainer: Trainer, validation: Split, state: Path) -> checkpoints.Checkpoint:
        seen.append(trainer)
        assert len(validation.labels) == (10 if state.name == "teacher0.last.pt" else 50)
        return fit(trainer, validation, state)

    monkeypatch.setattr(recipes, "fit", spy)
    made = train(SMALL, split, tmp_path)
    teacher, student = seen
    assert len(teacher.training.labels) == 110
    assert torch.bincount(student.training.labels, minlength=11)[10] == 60
    assert len(student.training.labels) == 110 + 70 + 60
    assert student.lessons is not None
    assert student.lessons.images.shape == (2, 110, 28, 28)
    assert made.seed == 3
    assert made.config["pen_digits"] == 70
    assert made.config["teachers"] == 1
    assert made.min_log_odds < 20


def test_an_interrupted_run_keeps_its_teachers(split: Split, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Resumed, it ends with the weights of an uninterrupted one, and trains no teacher again."""
    whole = train(SMALL, split, tmp_path / "whole")
    one_epoch = Trainer.train_one_epoch

    def interrupted(trainer: Trainer, *args: object) -> None:
        if trainer.epoch == 1:
            raise KeyboardInterrupt
        one_epoch(trainer)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Trainer, "train_one_epoch", interrupted)
        train(SMALL, split, tmp_path / "cut")
    teacher = (tmp_path / "cut" / "teacher0.pt").stat().st_mtime_ns
    resumed = train(replace(SMALL, student=TrainConfig()), split, tmp_path / "cut", resume=True)
    assert (tmp_path / "cut" / "teacher0.pt").stat().st_mtime_ns == teacher
    assert all(torch.equal(weights, resumed.model[name]) for name, weights in whole.model.items())


def test_a_resumed_run_without_teachers_trains_none(split: Split, tmp_path: Path) -> None:
    """`--resume` names no architecture: the run's own settings say that its student listens to nobody."""
    alone = replace(SMALL, teachers=0, variants=0, student=replace(SMALL.student, distillation=0.0))
    whole = train(alone, split, tmp_path)
    resumed = train(SMALL, split, tmp_path, resume=True)
    assert [path.name for path in tmp_path.iterdir()] == ["last.pt"]
    assert (resumed.config["teachers"], resumed.config["variants"]) == (0, 0)
    assert all(torch.equal(weights, resumed.model[name]) for name, weights in whole.model.items())


def test_another_run_trains_its_own_teachers(split: Split, tmp_path: Path) -> None:
    """What an earlier run of other settings left in the folder, finished or not, is not taken for its own."""
    train(SMALL, split, tmp_path)
    train(replace(SMALL, student=replace(SMALL.student, seed=8)), split, tmp_path)
    assert checkpoints.load(tmp_path / "teacher0.pt").seed == 108
    longer = replace(SMALL, teacher=replace(SMALL.teacher, epochs=2), student=replace(SMALL.student, seed=8))
    train(longer, split, tmp_path)
    assert checkpoints.load(tmp_path / "teacher0.pt").config["epochs"] == 2


def test_nothing_to_resume_is_said(split: Split, tmp_path: Path) -> None:
    """Before any work is done."""
    with pytest.raises(MnistError, match="no such checkpoint"):
        train(SMALL, split, tmp_path, resume=True)
