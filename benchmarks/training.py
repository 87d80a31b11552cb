"""Races two recipes to the same accuracy: `make bench-training`, or `python -m benchmarks.training --seeds 3`.

One is pytorch/examples', written anew in pytorch_examples.py, on all 60,000 training images; the other is ours, on the
55,000 that `mnist train` learns from. They run in turns, seed by seed, in one process with the same threads, so that
whatever slows the machine slows both.

Each run has a stopwatch that stands still while the test set is read, which happens after every 15,000 images and at
the end of the run. A time is that of the first reading at or above a target, so it errs upwards. The test set times
the crossings and chooses nothing.
"""

import argparse
import json
import math
import os
import platform
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch

from mnist_model.archive import ROOT
from mnist_model.dataset import Split, ensure, load_split
from mnist_model.errors import MnistError
from mnist_model.evaluation import evaluate
from mnist_model.predictor import Predictor
from mnist_model.recipes import RECIPES
from mnist_model.recogniser import Recogniser
from mnist_model.torch_runtime import TorchRuntime
from mnist_model.training import TrainConfig, Trainer, hold_out

from . import pytorch_examples

FAST = RECIPES["fast"].student
THEIRS, OURS = "pytorch/examples", "ours"
TARGETS = (0.98, 0.99, 0.9917)  # the last is about where pytorch/examples' recipe ends
READ_EVERY = 15_000  # images between two readings of the test set
RESULTS = ROOT / "benchmarks" / "results" / "training.json"


@dataclass(frozen=True)
class Reading:
    """The test set, read during a run: after how many images, at what second of its stopwatch, how well."""

    images: int
    seconds: float
    accuracy: float


@dataclass(frozen=True)
class Run:
    """One recipe's run with one seed."""

    recipe: str
    seed: int
    readings: tuple[Reading, ...]

    @property
    def end(self) -> Reading:
        """The last reading, after the whole schedule."""
        return self.readings[-1]

    def seconds_to(self, accuracy: float) -> float:
        """Time of the first reading at or above an accuracy; infinite where there is none."""
        return next((reading.seconds for reading in self.readings if reading.accuracy >= accuracy), math.inf)

    def __str__(self) -> str:
        """One line for a terminal."""
        crossings = "".join(f"   {percent(target)} {in_seconds(self.seconds_to(target)):>11}" for target in TARGETS)
        end = f"ended at {percent(self.end.accuracy)} after {in_seconds(self.end.seconds)}"
        return f"{self.recipe:16} seed {self.seed}{crossings}   {end}"


Recipes = dict[str, Callable[[int], Run]]  # by name: seed -> run


class Stopwatch:
    """Times a run from the moment it is made; stands still while it reads the test set.

    Args:
        read: returns the accuracy on the test set.
    """

    def __init__(self, read: Callable[[], float]) -> None:
        self.readings: list[Reading] = []
        self._read = read
        self._images = 0
        self._seconds = 0.0
        self._started = time.perf_counter()

    def on_batch(self, count: int, loss: float) -> None:
        """Count a batch, and read the test set whenever another READ_EVERY images are full."""
        before, self._images = self._images, self._images + count
        if self._images // READ_EVERY > before // READ_EVERY:
            self._take_reading()

    def stop(self) -> tuple[Reading, ...]:
        """Return all readings, the last of them after the last batch."""
        if not self.readings or self.readings[-1].images < self._images:
            self._take_reading()
        return tuple(self.readings)

    def _take_reading(self) -> None:
        self._seconds += time.perf_counter() - self._started
        self.readings.append(Reading(self._images, self._seconds, self._read()))
        self._started = time.perf_counter()


def run_theirs(training: Split, test: Split, seed: int, epochs: int) -> Run:
    """Run pytorch/examples' recipe; normalising the images once is left out of its time."""
    images, test_images = (pytorch_examples.normalise(split.images) for split in (training, test))
    torch.manual_seed(seed)
    model = pytorch_examples.network()
    stopwatch = Stopwatch(lambda: pytorch_examples.accuracy(model, test_images, test.labels))
    pytorch_examples.train(model, images, training.labels, epochs, stopwatch.on_batch)
    return Run(THEIRS, seed, stopwatch.stop())


def run_ours(config: TrainConfig, training: Split, test: Split, seed: int) -> Run:
    """Run our recipe, read through its averaged weights; it has its held-out digits and never looks at them."""
    trainer = Trainer(replace(config, seed=seed), hold_out(training)[0])
    predictor = Predictor(TorchRuntime(Recogniser(trainer.averaged.module)), 0.0)
    stopwatch = Stopwatch(lambda: evaluate(predictor, test).accuracy)
    while trainer.epoch < config.epochs:
        trainer.train_one_epoch(stopwatch.on_batch)
    return Run(OURS, seed, stopwatch.stop())


def race(recipes: Recipes, seeds: int, done: Sequence[Run]) -> Iterator[Run]:
    """Run the recipes in turns, seed by seed, except for what is done; yields each run as it ends."""
    finished = {(run.recipe, run.seed) for run in done}
    for seed in range(seeds):
        for name, recipe in recipes.items():
            if (name, seed) not in finished:
                yield recipe(seed)


def percent(share: float) -> str:
    """0.9917 -> "99.17 %", 0.98 -> "98 %"."""
    return f"{100 * share:.6g} %"


def in_seconds(seconds: float) -> str:
    """What is infinite was not reached."""
    return f"{seconds:.1f} s" if math.isfinite(seconds) else "not reached"


def spread(values: Sequence[float], show: Callable[[float], str]) -> str:
    """Median, least and greatest; a run that never arrived counts as later than all others."""
    return f"{show(statistics.median(values))} ({show(min(values))} - {show(max(values))})"


def ratio(theirs: float, ours: float) -> str:
    """How many times sooner ours arrived, where both did."""
    return f"{theirs / ours:.1f}" if math.isfinite(theirs) and math.isfinite(ours) else "-"


def table(runs: Sequence[Run]) -> str:
    """Return the comparison in Markdown: medians over the seeds with their spread, then each pair by itself."""
    theirs, ours = ([run for run in runs if run.recipe == recipe] for recipe in (THEIRS, OURS))
    lines = [f"| n={len(theirs)}, {len(ours)} | {THEIRS} | {OURS} | ratio of medians |", "| --- | --- | --- | --- |"]
    for target in TARGETS:
        times = [[run.seconds_to(target) for run in side] for side in (theirs, ours)]
        cells = " | ".join(spread(side, in_seconds) for side in times)
        medians = ratio(*(statistics.median(side) for side in times))
        lines.append(f"| to {percent(target)} | {cells} | {medians} |")
    ends = " | ".join(spread([run.end.accuracy for run in side], percent) for side in (theirs, ours))
    lines.append(f"| accuracy at the end | {ends} | |")
    whole = [[run.end.seconds for run in side] for side in (theirs, ours)]
    cells = " | ".join(spread(side, in_seconds) for side in whole)
    lines += [f"| whole run | {cells} | {ratio(*(statistics.median(side) for side in whole))} |", ""]
    return "\n".join(lines + [pair(*both) for both in zip(theirs, ours, strict=False)])


def pair(theirs: Run, ours: Run) -> str:
    """Return one seed's line: how long ours took to the accuracy at which theirs ended, against theirs."""
    end, first = theirs.end, theirs.seconds_to(theirs.end.accuracy)
    reached = ours.seconds_to(end.accuracy)
    return (
        f"seed {theirs.seed}: {THEIRS} ended at {percent(end.accuracy)} after {in_seconds(end.seconds)}, having first "
        f"read it at {in_seconds(first)}; {OURS}: {in_seconds(reached)}; ratios {ratio(end.seconds, reached)} and "
        f"{ratio(first, reached)}"
    )


def machine() -> str:
    """Processor, cores, versions and torch's threads, in a line."""
    cpuinfo = Path("/proc/cpuinfo")  # on Linux platform.processor() says little or nothing
    lines = cpuinfo.read_text().splitlines() if cpuinfo.is_file() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    processor = names[0] if names else platform.processor() or platform.machine()
    return (
        f"{processor}, {os.cpu_count()} cores, Python {platform.python_version()}, torch {torch.__version__}, "
        f"threads: {torch.get_num_threads()}"
    )


def load_runs(path: Path, settings: dict[str, Any]) -> list[Run]:
    """Return the runs that an earlier call left.

    Raises:
        MnistError: it ran with other settings, or elsewhere.
    """
    content = json.loads(path.read_text())
    if (before := {name: content[name] for name in settings}) != settings:
        raise MnistError(f"{path}: expected runs with {settings}, found {before}; leave out --resume, or change --out")
    return [
        Run(run["recipe"], run["seed"], tuple(Reading(**each) for each in run["readings"])) for run in content["runs"]
    ]


def save_runs(path: Path, settings: dict[str, Any], runs: Sequence[Run]) -> None:
    """Write all runs so far, and with what they were made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({**settings, "runs": [asdict(run) for run in runs]}, indent=1) + "\n")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run both recipes in turns, seed by seed; print each run as it ends, then the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.training", description="Race two recipes.")
    parser.add_argument("--seeds", type=int, default=3, metavar="N", help="pairs of runs (3)")
    parser.add_argument("--epochs", type=int, default=pytorch_examples.EPOCHS, metavar="N", help="of theirs (14)")
    parser.add_argument("--threads", type=int, default=os.cpu_count(), metavar="N", help="of torch (one a core)")
    parser.add_argument("--data", type=Path, default=Path("data"), metavar="DIR", help="MNIST's IDX files (data/)")
    parser.add_argument("--out", type=Path, default=RESULTS, metavar="FILE", help="JSON, rewritten after each run")
    parser.add_argument("--resume", action="store_true", help="go on after the runs that --out holds")
    args = parser.parse_args(arguments)
    torch.set_num_threads(args.threads)
    ensure(args.data, "train", "test")
    training, test = load_split(args.data, "train"), load_split(args.data, "test")
    settings = {"machine": machine(), "epochs": args.epochs, "read_every": READ_EVERY, "ours": asdict(FAST)}
    runs = load_runs(args.out, settings) if args.resume and args.out.is_file() else []
    print(settings["machine"], *runs, sep="\n", flush=True)
    recipes: Recipes = {
        THEIRS: lambda seed: run_theirs(training, test, seed, args.epochs),
        OURS: lambda seed: run_ours(FAST, training, test, seed),
    }
    for run in race(recipes, args.seeds, runs):
        runs.append(run)
        print(run, flush=True)
        save_runs(args.out, settings, runs)
    print(table(runs))


if __name__ == "__main__":
    main()
