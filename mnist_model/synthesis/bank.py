"""Banks of made-up images to train and to measure with, the same for the same seed on any number of processes."""

import os
from collections.abc import Callable
from functools import partial
from multiprocessing import get_context

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from ..preprocessing import SIZE, from_strokes
from .digits import write_digit
from .hand import Hand, Strokes
from .non_digits import DRAWN, LEFT_OUT
from .non_digits import Family as DrawnFamily
from .paintings import PAINTED
from .paintings import Family as PaintedFamily
from .rendering import scan

CHUNK = 500  # images that one seed makes: the unit of work of a process
SIGNS_PER_HAND = 20  # that one writer writes
SCANNED = 0.3  # share that is rendered as a scanner's rather than the page's

Images = NDArray[np.uint8]
Chunk = tuple[Images, NDArray[np.int64]]
Families = dict[str, tuple[float, Callable[[Hand, Generator], Images]]]


def _drawn(family: DrawnFamily, hand: Hand, rng: Generator) -> Images:
    return render(family(hand, rng), rng)


def _painted(family: PaintedFamily, hand: Hand, rng: Generator) -> Images:
    return family(rng)


def render(strokes: Strokes, rng: Generator) -> Images:
    """As the page draws it, or as a scanner might see it."""
    return scan(strokes, rng) if rng.random() < SCANNED else from_strokes(strokes)


# family -> how often it comes, what makes an image of it (functions of modules, since they travel to processes)
ALL: Families = {
    **{name: (weight, partial(_drawn, family)) for name, (weight, family) in DRAWN.items()},
    **{name: (weight, partial(_painted, family)) for name, (weight, family) in PAINTED.items()},
}
UNSEEN: Families = {name: (weight, partial(_drawn, family)) for name, (weight, family) in LEFT_OUT.items()}


def make_digits(count: int, seed: int) -> Chunk:
    """Pen digits by many hands: images (count, 28, 28) uint8, labels (count,) int64."""
    return _make(_digit_chunk, count, seed)


def make_non_digits(count: int, seed: int, families: Families = ALL) -> Chunk:
    """What is no digit: images (count, 28, 28) uint8, and each one's family as its index in `families` (count,)."""
    return _make(partial(_non_digit_chunk, families), count, seed)


def _make(make_chunk: Callable[[int, int], Chunk], count: int, seed: int) -> Chunk:
    """Make chunks in as many processes as there are cores, and put them together in order."""
    chunks = range(-(-count // CHUNK))
    with get_context("spawn").Pool(min(os.cpu_count() or 1, len(chunks))) as pool:
        parts = pool.starmap(make_chunk, [(seed, chunk) for chunk in chunks], chunksize=1)
    images, labels = (np.concatenate(part)[:count] for part in zip(*parts, strict=True))
    return images, labels


def _digit_chunk(seed: int, chunk: int) -> Chunk:
    rng = np.random.default_rng([seed, chunk])
    images, labels = np.empty((CHUNK, SIZE, SIZE), np.uint8), rng.integers(0, 10, CHUNK)
    for index, label in enumerate(labels):
        if index % SIGNS_PER_HAND == 0:
            hand = Hand.sample(rng)
        images[index] = render(write_digit(int(label), hand, rng), rng)
    return images, labels


def _non_digit_chunk(families: Families, seed: int, chunk: int) -> Chunk:
    rng = np.random.default_rng([seed, chunk, 1])
    weights = np.array([weight for weight, _ in families.values()])
    makers = [make for _, make in families.values()]
    images, labels = np.empty((CHUNK, SIZE, SIZE), np.uint8), rng.choice(len(makers), CHUNK, p=weights / weights.sum())
    for index, label in enumerate(labels):
        if index % SIGNS_PER_HAND == 0:
            hand = Hand.sample(rng)
        images[index] = makers[label](hand, rng)
    return images, labels
