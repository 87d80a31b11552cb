"""Trains a network: one-cycle schedule, batched augmentation, averaged weights; resumable after every epoch.

All randomness of an epoch follows from the seed and the epoch's number, so a resumed run ends with the same weights,
bit for bit, as one that was never interrupted (on the same machine, with as many threads and processes).
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim.swa_utils import AveragedModel
from tqdm import tqdm

from . import checkpoint as checkpoints
from . import parallel
from .augmentation import random_affine, random_shift, vary
from .calibration import fit_temperature, threshold_at
from .checkpoint import Checkpoint
from .dataset import Split
from .distillation import Lessons, distillation_loss
from .errors import MnistError
from .model import create_model
from .predictor import CHUNK
from .preprocessing import VERSION as PREPROCESSING_VERSION
from .recogniser import background_in_training, with_background
from .scores import CLASSES

VALIDATION_SHARE = 1 / 12  # of the training data: 5,000 of MNIST's 60,000
SPLIT_SEED = 0  # the held-out digits are the same ones whatever the seed of the run
REFUSED_HELD_OUT = 0.005  # share of held-out digits that the threshold may refuse


@dataclass(frozen=True)
class TrainConfig:
    """The hyper-parameters of a run."""

    arch: str = "cnn"
    epochs: int = 2
    batch_size: int = 128
    max_lr: float = 0.3
    momentum: float = 0.9
    weight_decay: float = 5e-4
    warm_up: float = 0.25  # share of the steps in which the learning rate rises
    label_smoothing: float = 0.1  # probability that the target spreads evenly (Szegedy et al., 2016)
    averaging_decay: float = 0.99  # of the exponential moving average of the weights, a step; less at the beginning
    augmentation: str = "shift"  # a key of AUGMENTATIONS
    distillation: float = 0.0  # weight of the teachers' word beside that of the labels, where there are teachers
    distillation_temperature: float = 3.0
    seed: int = 0


AUGMENTATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "none": lambda images: images,
    "shift": random_shift,
    "affine": random_affine,
    "all": vary,
}


def hold_out(split: Split) -> tuple[Split, Split]:
    """Divide the training data into (training, validation), always the same way."""
    size = round(len(split.labels) * VALIDATION_SHARE)
    order = torch.randperm(len(split.labels), generator=torch.Generator().manual_seed(SPLIT_SEED))
    held_out, kept = order[:size], order[size:]
    return Split(split.images[kept], split.labels[kept]), Split(split.images[held_out], split.labels[held_out])


class Trainer:
    """A run in progress: the network, its average, the optimiser and the schedule.

    Args:
        config: the hyper-parameters.
        training: the images to learn from, and their labels; 10 is "no digit".
        lessons: what teachers say of the first images of `training`; these are shown as the teachers saw them.
    """

    def __init__(self, config: TrainConfig, training: Split, lessons: Lessons | None = None) -> None:
        if len(training.labels) < config.batch_size:
            raise MnistError(
                f"expected at least one batch of {config.batch_size} training images, got {len(training.labels)}"
            )
        self.config = config
        self.training = training
        self.lessons = lessons
        self.augment = AUGMENTATIONS[config.augmentation]
        non_digits = int((training.labels == CLASSES).sum())
        self.background = background_in_training(len(training.labels) - non_digits, non_digits)
        self.epoch = 0  # how many are complete
        self.seconds = 0.0  # spent in `fit`, whatever interruptions there were
        self.steps_per_epoch = len(training.labels) // config.batch_size
        torch.manual_seed(config.seed)
        model = parallel.synchronise_batch_norm(create_model(config.arch))
        self.model: nn.Module = model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.averaged = AveragedModel(self.model, multi_avg_fn=self._average, use_buffers=True)
        self.optimizer = torch.optim.SGD(
            self.model.parameters(),
            lr=config.max_lr,
            momentum=config.momentum,
            nesterov=True,
            weight_decay=config.weight_decay,
        )
        self.scheduler = torch.optim.lr_scheduler.OneCycleLR(
            self.optimizer,
            config.max_lr,
            total_steps=config.epochs * self.steps_per_epoch,
            pct_start=config.warm_up,
            cycle_momentum=False,
        )

    def train_one_epoch(self, on_batch: Callable[[int, float], object] = lambda count, loss: None) -> None:
        """Go through the training data once, in a new order; `on_batch` gets each batch's size and loss."""
        torch.manual_seed(self.config.seed * 1_000_003 + self.epoch)
        self.model.train()
        order = torch.randperm(len(self.training.labels))[: self.steps_per_epoch * self.config.batch_size]
        parallel.draw_apart()
        for batch in order.split(self.config.batch_size):
            loss = self.step(batch)
            self.scheduler.step()
            on_batch(len(batch), loss)
        self.epoch += 1

    def step(self, batch: Tensor) -> float:
        """One step of the optimiser on the training images with these indices; returns the loss before it."""
        share = parallel.share(batch)
        loss = self.loss(share) * (len(share) / len(batch))  # so that the processes' sum is the loss of the batch
        self.optimizer.zero_grad()
        loss.backward()
        loss = parallel.add_up_gradients(self.model, loss)
        self.optimizer.step()
        self.averaged.update_parameters(self.model)
        return float(loss.detach())

    def loss(self, batch: Tensor) -> Tensor:
        """Cross-entropy over the digits and "no digit", and the divergence from the teachers where they spoke.

        The forward pass is in bfloat16 where that is safe: 1.6 times as fast on processors that have it.
        """
        taught = len(self.lessons.logits[0]) if self.lessons else 0
        alone, batch_taught = batch[batch >= taught], batch[batch < taught]
        shown = [self.augment(self.training.images[alone]).float()] if len(alone) else []
        if self.lessons and len(batch_taught):
            variants = torch.randint(len(self.lessons.images), (len(batch_taught),))
            shown.insert(0, self.lessons.images[variants, batch_taught].float())
        images = torch.cat(shown)
        labels = self.training.labels[torch.cat([batch_taught, alone])]
        with torch.autocast("cpu", torch.bfloat16):
            logits = self.model(images).float()
        scores = with_background(logits, self.background)
        loss = F.cross_entropy(scores, labels, label_smoothing=self.config.label_smoothing)
        if self.lessons and len(batch_taught):
            said = self.lessons.logits[variants, batch_taught].float()
            share = self.config.distillation * len(batch_taught) / len(batch)
            loss = loss + share * distillation_loss(
                logits[: len(batch_taught)], said, self.config.distillation_temperature
            )
        return loss

    @torch.no_grad()
    def _average(self, averaged: Sequence[Tensor], current: Sequence[Tensor], steps: Tensor | int) -> None:
        """Exponential moving average, over the last few steps only while there are few."""
        decay = min(self.config.averaging_decay, (1 + int(steps)) / (10 + int(steps)))
        for old, new in zip(averaged, current, strict=True):
            if old.is_floating_point():
                old.lerp_(new, 1 - decay)
            else:
                old.copy_(new)  # batch normalisation's count of batches

    def state(self) -> dict[str, Any]:
        """Return all that `resume` needs."""
        return {
            "config": asdict(self.config),
            "images": len(self.training.labels),
            "epoch": self.epoch,
            "seconds": self.seconds,
            "model": self.model.state_dict(),
            "averaged": self.averaged.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "scheduler": self.scheduler.state_dict(),
        }

    def keep(self, path: str | Path) -> None:
        """Write the state; of several processes, whose states are the same, the first one does."""
        if parallel.rank() == 0:
            checkpoints.save_atomically(self.state(), path)

    @staticmethod
    def saved_config(path: str | Path) -> TrainConfig:
        """Return the hyper-parameters of the run that `fit` left in a file.

        Raises:
            CheckpointError: there is no such file, or it is damaged.
            MnistError: it was made by another version.
        """
        try:
            return TrainConfig(**checkpoints.load_content(path)["config"])
        except (KeyError, TypeError) as error:
            raise _of_another_version(path, error) from error

    @classmethod
    def resume(cls, path: str | Path, training: Split, lessons: Lessons | None = None) -> "Trainer":
        """Continue from the file that `fit` left.

        Raises:
            CheckpointError: there is no such file, or it is damaged.
            MnistError: it was made by another version, or on other data.
        """
        state = checkpoints.load_content(path)
        try:
            trainer = cls(cls.saved_config(path), training, lessons)
            if state["images"] != len(training.labels):
                raise MnistError(
                    f"{path}: expected the {state['images']} training images it began with, got {len(training.labels)}"
                )
            trainer.model.load_state_dict(state["model"])
            trainer.averaged.load_state_dict(state["averaged"])
            trainer.optimizer.load_state_dict(state["optimizer"])
            trainer.scheduler.load_state_dict(state["scheduler"])
            trainer.epoch, trainer.seconds = state["epoch"], state["seconds"]
        except (KeyError, TypeError, RuntimeError) as error:
            raise _of_another_version(path, error) from error
        return trainer


def _of_another_version(path: str | Path, error: Exception) -> MnistError:
    return MnistError(f"{path}: expected a run of this version of `mnist train`, got {error!r}")


def fit(trainer: Trainer, validation: Split, resume_path: str | Path) -> Checkpoint:
    """Train to the end of the schedule, keeping the state in `resume_path` from the start and after each epoch.

    Shows a progress bar with loss, validation accuracy, images a second and time left. KeyboardInterrupt passes
    through; the state of the last whole epoch is on disk then.

    Returns:
        The averaged weights, with their threshold and metrics on the held-out digits.
    """
    config = trainer.config
    images_per_epoch = trainer.steps_per_epoch * config.batch_size
    started = time.monotonic() - trainer.seconds
    trainer.keep(resume_path)  # in place of an older run's, which is not this one
    with tqdm(
        total=config.epochs * images_per_epoch,
        initial=trainer.epoch * images_per_epoch,
        desc=f"training {config.arch}",
        unit=" images",
        unit_scale=True,
        smoothing=0.05,
        disable=parallel.rank() > 0,
    ) as progress:
        shown: dict[str, str] = {}

        def on_batch(count: int, loss: float) -> None:
            shown["loss"] = f"{loss:.3f}"
            progress.set_postfix(shown, refresh=False)
            progress.update(count)

        while trainer.epoch < config.epochs:
            trainer.train_one_epoch(on_batch)
            trainer.seconds = time.monotonic() - started
            trainer.keep(resume_path)
            read = held_out_logits(trainer.averaged.module, validation).argmax(axis=1)
            shown["validation"] = f"{(read == validation.labels.numpy()).mean():.2%}"
            progress.set_postfix(shown)
    return _finish(trainer, validation)


def _finish(trainer: Trainer, validation: Split) -> Checkpoint:
    """The averaged weights as a checkpoint; its temperature and threshold are set on the held-out digits."""
    network = trainer.averaged.module
    logits = held_out_logits(network, validation)
    labels = validation.labels.numpy()
    log_odds = np.logaddexp.reduce(logits, axis=1)
    return Checkpoint(
        arch=trainer.config.arch,
        model={name: tensor.contiguous().clone() for name, tensor in network.state_dict().items()},
        preprocessing_version=PREPROCESSING_VERSION,
        temperature=fit_temperature(logits, labels),
        min_log_odds=threshold_at(log_odds, REFUSED_HELD_OUT),
        seed=trainer.config.seed,
        config=asdict(trainer.config),
        metrics={
            "validation_accuracy": float((logits.argmax(axis=1) == labels).mean()),
            "training_seconds": round(trainer.seconds, 1),
        },
        versions=checkpoints.library_versions(),
    )


@torch.inference_mode()
def held_out_logits(network: nn.Module, split: Split) -> NDArray[np.float32]:
    """(N, 10) logits of a network in evaluation mode."""
    network.eval()
    return np.asarray(torch.cat([network(images) for images in split.images.split(CHUNK)]).numpy())
