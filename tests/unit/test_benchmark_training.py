"""The race of two training recipes: what is timed, when, and what is said of it."""

import math
import time
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from benchmarks import pytorch_examples
from benchmarks.training import (
    FAST,
    OURS,
    READ_EVERY,
    THEIRS,
    Reading,
    Recipes,
    Run,
    Stopwatch,
    load_runs,
    pair,
    race,
    run_ours,
    run_theirs,
    save_runs,
    table,
)
from mnist_model.dataset import Split
from mnist_model.errors import MnistError


def run(recipe: str, seed: int, *readings: tuple[float, float]) -> Run:
    return Run(recipe, seed, tuple(Reading(n, *reading) for n, reading in enumerate(readings, 1)))


SLOW = run(THEIRS, 0, (100.0, 0.985), (200.0, 0.9901), (300.0, 0.9915), (400.0, 0.9914), (500.0, 0.9915))
QUICK = run(OURS, 0, (5.0, 0.97), (10.0, 0.992), (15.0, 0.991))
QUICK_BUT_WORSE = run(OURS, 1, (5.0, 0.98), (10.0, 0.99))


def test_the_network_is_that_of_pytorch_examples() -> None:
    """It has as many parameters, and its ten outputs are logarithms of probabilities."""
    model = pytorch_examples.network()
    assert sum(parameter.numel() for parameter in model.parameters()) == 1_199_882
    log_probabilities = model(pytorch_examples.normalise(torch.zeros(3, 28, 28, dtype=torch.uint8)))
    assert log_probabilities.shape == (3, 10)
    assert torch.allclose(log_probabilities.exp().sum(dim=1), torch.ones(3))


def test_both_recipes_run(digits: Split) -> None:
    """One epoch of each learns something and ends with a reading after its last image."""
    training = Split(digits.images[:480], digits.labels[:480])
    theirs = run_theirs(training, digits, seed=1, epochs=1)
    ours = run_ours(replace(FAST, epochs=1, batch_size=20, max_lr=0.05, averaging_decay=0.5), training, digits, seed=1)
    assert (theirs.recipe, theirs.seed, theirs.end.images) == (THEIRS, 1, 480)
    assert (ours.recipe, ours.seed, ours.end.images) == (OURS, 1, 440)  # without the twelfth that is held out
    assert theirs.end.accuracy > 0.2
    assert ours.end.accuracy > 0.2
    assert min(theirs.end.seconds, ours.end.seconds) > 0


def test_a_reading_leaves_training_as_it_was(digits: Split) -> None:
    """The network goes on in training mode, with its dropout."""
    model = pytorch_examples.network()
    pytorch_examples.accuracy(model, pytorch_examples.normalise(digits.images), digits.labels)
    assert all(module.training for module in model.modules())


def test_the_stopwatch_stands_still_while_it_reads() -> None:
    """Readings take place where the count of images passes a multiple, and at the end; none costs the run time."""

    def read() -> float:
        time.sleep(0.2)
        return 0.5

    stopwatch = Stopwatch(read)
    for _ in range(5):
        stopwatch.on_batch(READ_EVERY // 2 + 1, 0.0)
    readings = stopwatch.stop()
    assert [reading.images for reading in readings] == [(READ_EVERY // 2 + 1) * batches for batches in (2, 4, 5)]
    assert readings[-1].seconds < 0.2


def test_the_last_reading_is_not_taken_twice() -> None:
    """A run that ends on a multiple has been read there."""
    stopwatch = Stopwatch(lambda: 0.5)
    stopwatch.on_batch(READ_EVERY, 0.0)
    assert len(stopwatch.stop()) == 1


def test_a_time_is_that_of_the_first_reading_at_or_above_the_target() -> None:
    """Whatever later readings say; and a target that was never reached has no time."""
    assert QUICK.seconds_to(0.992) == 10
    assert SLOW.seconds_to(0.98) == 100
    assert SLOW.seconds_to(0.9915) == 300
    assert SLOW.seconds_to(0.9917) == math.inf


def test_what_was_not_reached_is_said_so() -> None:
    """In a run's line, in the table, in its spread, and without a ratio."""
    assert str(SLOW).endswith("99.17 % not reached   ended at 99.15 % after 500.0 s")
    (row,) = (line for line in table([SLOW, QUICK, QUICK_BUT_WORSE]).splitlines() if "99.17" in line)
    never = "not reached (not reached - not reached)"
    assert row == f"| to 99.17 % | {never} | not reached (10.0 s - not reached) | - |"


def test_the_table_compares_medians_and_pairs() -> None:
    """Median, least and greatest of each target, and for each seed the way to where theirs ended."""
    lines = table([SLOW, QUICK, replace(SLOW, seed=1), QUICK_BUT_WORSE]).splitlines()
    assert lines[0] == "| n=2, 2 | pytorch/examples | ours | ratio of medians |"
    assert lines[2] == "| to 98 % | 100.0 s (100.0 s - 100.0 s) | 7.5 s (5.0 s - 10.0 s) | 13.3 |"
    assert "| accuracy at the end | 99.15 % (99.15 % - 99.15 %) | 99.05 % (99 % - 99.1 %) | |" in lines
    assert lines[-2:] == [pair(SLOW, QUICK), pair(replace(SLOW, seed=1), QUICK_BUT_WORSE)]
    assert pair(SLOW, QUICK) == (
        "seed 0: pytorch/examples ended at 99.15 % after 500.0 s, having first read it at 300.0 s; ours: 10.0 s; "
        "ratios 50.0 and 30.0"
    )
    assert lines[-1].endswith("ours: not reached; ratios - and -")


def test_recipes_take_turns_and_what_is_done_is_left_out() -> None:
    """Theirs, ours, theirs, ours; a race that was stopped goes on where it was."""
    recipes: Recipes = {
        THEIRS: lambda seed: run(THEIRS, seed, (1.0, 0.5)),
        OURS: lambda seed: run(OURS, seed, (1.0, 0.5)),
    }
    order = [(each.recipe, each.seed) for each in race(recipes, 2, [])]
    assert order == [(THEIRS, 0), (OURS, 0), (THEIRS, 1), (OURS, 1)]
    assert [(each.recipe, each.seed) for each in race(recipes, 2, [SLOW, QUICK, replace(SLOW, seed=1)])] == [(OURS, 1)]


def test_runs_are_kept_with_what_they_were_made_with(tmp_path: Path) -> None:
    """They come back as they were, and are not mixed with runs of other settings."""
    path = tmp_path / "results" / "training.json"
    save_runs(path, {"machine": "this one"}, [SLOW, QUICK])
    assert load_runs(path, {"machine": "this one"}) == [SLOW, QUICK]
    with pytest.raises(MnistError, match=r"expected runs with .*another.*, found .*this one"):
        load_runs(path, {"machine": "another"})
