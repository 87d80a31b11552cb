"""The two ways to train: in under a minute on MNIST alone, or as the shipped weights were made.

"best" adds made-up pen digits and non-digits to MNIST, trains two larger teachers first, and then lets the small
network learn from all of it for long. Its parts stay in the run's folder, so an interrupted run goes on where it was.
"""

import logging
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import nn

from . import checkpoint as checkpoints
from . import parallel
from .checkpoint import Checkpoint
from .dataset import Split
from .distillation import prepare_lessons
from .scores import CLASSES
from .synthesis.bank import make_digits, make_non_digits
from .training import TrainConfig, Trainer, fit, hold_out

logger = logging.getLogger(__name__)


TEACHER = TrainConfig(
    arch="teacher", epochs=30, max_lr=0.05, label_smoothing=0.0, averaging_decay=0.999, augmentation="all"
)


@dataclass(frozen=True)
class Recipe:
    """What a network is trained on, and how.

    Attributes:
        student: the hyper-parameters of the network that is kept.
        pen_digits: how many made-up digits join MNIST.
        non_digits: how many made-up non-digits do.
        held_out_pen_digits: how many more, by other hands, join the held-out digits.
        teacher: the hyper-parameters of the teachers, which see MNIST alone.
        teachers: how many of them there are.
        variants: how often each image of MNIST is augmented for them.
    """

    student: TrainConfig
    pen_digits: int = 0
    non_digits: int = 0
    held_out_pen_digits: int = 0
    teacher: TrainConfig = TEACHER
    teachers: int = 0
    variants: int = 0


RECIPES = {
    "fast": Recipe(TrainConfig()),
    "best": Recipe(
        TrainConfig(
            epochs=60,
            batch_size=256,
            max_lr=0.25,
            weight_decay=3e-4,
            label_smoothing=0.0,
            averaging_decay=0.9995,
            augmentation="all",
            distillation=1.0,
        ),
        pen_digits=50_000,
        non_digits=45_000,
        held_out_pen_digits=5_000,
        teachers=2,
        variants=10,
    ),
}
# What an MLP's training changes of each recipe. Without batch normalisation it learns worse at high rates; all the
# augmentation is more than its 512 units take in; and what is there to compare is not worth the teachers' time.
FOR_MLP: dict[str, dict[str, Any]] = {
    "fast": {"epochs": 13, "max_lr": 0.05, "augmentation": "affine"},
    "best": {"epochs": 30, "max_lr": 0.1, "augmentation": "affine", "distillation": 0.0},
}
HELD_OUT_HANDS = 2**31  # added to the seed of the banks: other hands than those that train


def choose(name: str, **changes: Any) -> Recipe:
    """Return the recipe of that name with some of its student's hyper-parameters changed."""
    of_its_arch = FOR_MLP[name] if changes.get("arch") == "mlp" else {}
    return _for_student(RECIPES[name], replace(RECIPES[name].student, **{**of_its_arch, **changes}))


def _for_student(recipe: Recipe, student: TrainConfig) -> Recipe:
    """The recipe with another student; without teachers for one that does not listen to them."""
    if not student.distillation:
        recipe = replace(recipe, teachers=0, variants=0)
    return replace(recipe, student=student)


def train(recipe: Recipe, split: Split, folder: Path, resume: bool = False) -> Checkpoint:
    """Carry out a recipe on MNIST's training data, keeping its state in `folder`.

    Args:
        recipe: what to do; the seed is its student's, unless a run is resumed, which has its own student.
        split: MNIST's training data; a part is held out, to set the threshold and the temperature.
        folder: for the state.
        resume: go on from that state.

    Raises:
        MnistError: there is nothing to resume, or it is of another run.
    """
    state = folder / "last.pt"
    if resume:
        recipe = _for_student(recipe, Trainer.saved_config(state))
    training, validation = hold_out(split)
    seed = recipe.student.seed
    lessons = None
    if recipe.teachers:
        teachers = [_teacher(recipe, index, training, validation, folder) for index in range(recipe.teachers)]
        lessons = prepare_lessons(training.images, teachers, recipe.variants, seed)
    training = _join(training, *_made_up(recipe, seed))
    if recipe.held_out_pen_digits:
        validation = _join(validation, _pen_digits(recipe.held_out_pen_digits, seed + HELD_OUT_HANDS))
    trainer = Trainer.resume(state, training, lessons) if resume else Trainer(recipe.student, training, lessons)
    checkpoint = fit(trainer, validation, state)
    besides = {name: getattr(recipe, name) for name in ("pen_digits", "non_digits", "teachers", "variants")}
    return replace(checkpoint, config={**checkpoint.config, **besides})


def _made_up(recipe: Recipe, seed: int) -> Iterator[Split]:
    """What joins MNIST."""
    if recipe.pen_digits:
        logger.info("writing %d pen digits", recipe.pen_digits)
        yield _pen_digits(recipe.pen_digits, seed)
    if recipe.non_digits:
        logger.info("drawing %d non-digits", recipe.non_digits)
        images, _ = make_non_digits(recipe.non_digits, seed)
        yield Split(torch.from_numpy(images), torch.full((len(images),), CLASSES))


def _pen_digits(count: int, seed: int) -> Split:
    images, labels = make_digits(count, seed)
    return Split(torch.from_numpy(images), torch.from_numpy(labels))


def _join(*splits: Split) -> Split:
    images, labels = zip(*splits, strict=True)
    return Split(torch.cat(images), torch.cat(labels))


def _teacher(recipe: Recipe, index: int, training: Split, validation: Split, folder: Path) -> nn.Module:
    """Train a teacher, or take up what an interrupted run of the same settings has left of it."""
    config = replace(recipe.teacher, seed=recipe.student.seed + 100 + index)
    path, state = folder / f"teacher{index}.pt", folder / f"teacher{index}.last.pt"
    if path.is_file() and (made := checkpoints.load(path)).config == asdict(config):
        return made.build().network
    begun = state.is_file() and Trainer.saved_config(state) == config
    trainer = Trainer.resume(state, training) if begun else Trainer(config, training)
    made = fit(trainer, validation, state)
    if parallel.rank() == 0:
        checkpoints.save(made, path)
    return made.build().network
