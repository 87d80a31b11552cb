"""Numbers composed of single drawn digits, and how many of them are read right.

python -m tests.numbers                             # made up: the kind that the constants were chosen on
python -m tests.numbers digits.json                 # each digit by a random writer, four to a number
python -m tests.numbers digits.json --same-writer   # for a file that has its writers in the same order for each digit
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.random import Generator

from mnist_model.numbers import find_candidates
from mnist_model.predictor import Predictor
from mnist_model.synthesis.digits import write_digit
from mnist_model.synthesis.hand import Hand, Strokes

SPLITTING = (0, 1, 4, 5, 7, 9)  # digits that are often several strokes, or a part of such a one


class Number(NamedTuple):
    """A number as somebody wrote it: its digits, all its strokes, and the indices of each digit's strokes."""

    digits: str
    strokes: Strokes
    groups: list[list[int]]


class Reading(NamedTuple):
    """What was read of one: its digits, and the indices of each digit's strokes."""

    digits: str
    groups: list[list[int]]


def compose(
    drawings: Sequence[tuple[int, Strokes]],
    rng: Generator,
    gaps: tuple[float, float] = (0.1, 0.6),
    size: float = 0.1,
    baseline: float = 0.05,
) -> Number:
    """Put drawn digits side by side.

    Args:
        drawings: each digit and its strokes.
        rng: where chance comes from.
        gaps: least and greatest gap between the boxes of neighbours, in mean widths of this number's digits; negative
            where they overlap.
        size: by which share a digit's height may differ from 1, either way.
        baseline: standard deviation of a digit's foot, in heights.
    """
    scaled, widths = [], []
    for _, drawing in drawings:
        points = np.concatenate(drawing)
        (left, top), (right, bottom) = points.min(axis=0), points.max(axis=0)
        scale = rng.uniform(1 - size, 1 + size) / (bottom - top)
        scaled.append([(path - np.array([left, bottom])) * scale for path in drawing])
        widths.append((right - left) * scale)
    strokes: Strokes = []
    groups = []
    x = 0.0
    for drawing, width in zip(scaled, widths, strict=True):
        groups.append([len(strokes) + index for index in range(len(drawing))])
        foot = rng.normal(0.0, baseline)
        strokes += [path + np.array([x, foot]) for path in drawing]
        x += width + rng.uniform(*gaps) * float(np.mean(widths))
    return Number("".join(str(digit) for digit, _ in drawings), strokes, groups)


def make_up(count: int, seed: int) -> list[Number]:
    """Numbers of one to six digits, by one hand mostly: neat or uneven, spread out, touching or overlapping."""
    rng = np.random.default_rng(seed)
    numbers = []
    for _ in range(count):
        length = int(rng.integers(1, 7))
        hands = [Hand.sample(rng) for _ in range(1 if rng.random() < 0.7 else length)]
        digits = rng.choice(SPLITTING, length) if rng.random() < 0.25 else rng.integers(0, 10, length)
        drawings = [
            (int(digit), write_digit(int(digit), hands[place % len(hands)], rng)) for place, digit in enumerate(digits)
        ]
        least = rng.uniform(-0.15, 0.3)
        gaps = (least, least + rng.uniform(0.1, 0.6))
        numbers.append(compose(drawings, rng, gaps, size=rng.uniform(0.02, 0.35), baseline=rng.uniform(0.0, 0.15)))
    return numbers


def compose_from_file(path: Path, count: int, seed: int, length: int = 4, same_writer: bool = False) -> list[Number]:
    """Numbers of digits drawn by people, from a file as `mnist evaluate --drawings` takes it.

    With `same_writer` all digits of a number stand at the same place among those of their kind.
    """
    by_digit: list[list[Strokes]] = [[] for _ in range(10)]
    for entry in json.loads(path.read_text()):
        if entry["label"] >= 0:
            by_digit[entry["label"]].append([np.array(stroke, np.float64) for stroke in entry["strokes"] if stroke])
    rng = np.random.default_rng(seed)
    numbers = []
    for _ in range(count):
        digits = rng.integers(0, 10, length).tolist()
        places = rng.integers(0, min(map(len, by_digit)), length)
        if same_writer:
            places[:] = places[0]
        drawings = [(digit, by_digit[digit][place]) for digit, place in zip(digits, places, strict=True)]
        numbers.append(compose(drawings, rng))
    return numbers


def read(predictor: Predictor, numbers: Sequence[Number]) -> list[Reading]:
    """Read each number as the service does."""
    readings = []
    for number in numbers:
        candidates = find_candidates(number.strokes)
        predictions = predictor.predict(candidates.images)
        reading = candidates.read([prediction.confidence for prediction in predictions])
        digits = "".join(str(predictions[index].digit) for index in reading)
        readings.append(Reading(digits, [candidates.groups[index] for index in reading]))
    return readings


def main() -> None:
    """Print the share read right, and what went wrong with the others."""
    parser = argparse.ArgumentParser(description="How many composed numbers are read right.")
    parser.add_argument("file", type=Path, nargs="?", help="drawn digits; without it they are made up")
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--same-writer", action="store_true")
    options: Any = parser.parse_args()
    if options.file:
        numbers = compose_from_file(options.file, options.count, options.seed, same_writer=options.same_writer)
    else:
        numbers = make_up(options.count, options.seed)
    pairs = list(zip(numbers, read(Predictor.load(), numbers), strict=True))
    wrong = [(number, reading) for number, reading in pairs if reading.digits != number.digits]
    cut_wrong = sum(reading.groups != number.groups for number, reading in wrong)
    right = len(pairs) - len(wrong)
    print(f"{right} of {len(pairs)} read right ({right / len(pairs):.2%}); of the others {cut_wrong} were cut wrong")
    for number, reading in wrong[:20]:
        print(f"  {number.digits} as {reading.digits}{'' if reading.groups == number.groups else ', cut wrong'}")


if __name__ == "__main__":
    main()
