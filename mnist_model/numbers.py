"""Reading numbers of several digits, left to right, from pen strokes.

Which strokes make up a digit is not known beforehand: a 4 or a 5 is often two, and neighbours touch or overlap. So
every run of neighbouring strokes that may be one digit is a candidate; the recogniser answers for all candidates at
once; and the sequence of candidates that covers all strokes with the highest score is the reading (over-segmentation
and dynamic programming: Bengio, LeCun, Nohl and Burges, 1995, "LeRec: A NN/HMM Hybrid for On-Line Handwriting
Recognition").

    candidates = find_candidates(strokes)
    predictions = predictor.predict(candidates.images)
    reading = candidates.read([prediction.confidence for prediction in predictions])
    number = "".join(str(predictions[index].digit) for index in reading)

The shape of a stroke is never cut: two digits drawn without lifting the pen are read as one. A dot belongs to a digit
or is read as one; there is no decimal point. web/numbers.js is the same arithmetic in JavaScript; tests/golden holds
both to the same cases.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .preprocessing import SIZE, StrokesError, count_samples, from_strokes

MAX_STROKES = 40  # of a number: some 25 digits
MAX_PIECES = 3  # of a digit: strokes, or bundles of strokes that no cut can part
MAX_SAMPLES = 5_000_000  # that drawing all candidates may look at: 0.2 s at worst; a digit takes 50,000

# Lengths are in units of the number's height, which is that of its tallest stroke. In 2,500 made-up numbers the widest
# gap within one of their 8,839 digits was 0.21, and all digits of several pieces but one were narrower than 1.6.
FAR = 0.25  # a wider gap always parts two digits
WIDEST = 1.6  # of a digit of several pieces
COVERED = 0.7  # share of a stroke's width that lies over another's, where no cut can part the two
INSIDE = 0.25  # and how far within the other its middle lies at least, in the other's widths

# A candidate's score is the logarithm of its confidence and these three. They are the weights, divided by that of the
# confidence and rounded, under which 5,000 made-up numbers were likeliest to be cut as they were written (a conditional
# random field over their readings). Of 2,500 others confidence alone cuts 99.0 % right, all four terms 99.6 %.
PER_DIGIT = 0.5  # for each digit: splitting must not lose merely by having more of them
PER_GAP = 2.0  # for each cut, times its width in heights; an overlap counts against it
PER_HEIGHT = 0.6  # times the logarithm of the digit's height: it is rarely half as high as the number
OVERLAP = -0.3  # a deeper overlap counts no further
LOWEST = 0.05  # confidence or height below which nothing gets worse
TIE = 1e-9  # a score must be this much better: so close, languages may round logarithms differently


class _Line(NamedTuple):
    """Strokes from left to right, and what can be said of the cuts between them.

    Attributes:
        order: the index of each stroke among those given; strokes without points are left out.
        boxes: left, top, right, bottom of each.
        height: of the tallest.
        gaps: width of the cut after each stroke but the last, negative where the two sides overlap.
        is_bound: whether that cut would part strokes that belong together.
    """

    order: list[int]
    boxes: list[tuple[float, float, float, float]]
    height: float
    gaps: list[float]
    is_bound: list[bool]


@dataclass(frozen=True)
class Candidates:
    """What may be the digits of a number.

    Attributes:
        strokes: those of the number, each (points, 2).
        groups: for each candidate the indices of its strokes, ascending. Candidates are in the order of their first
            stroke from the left, the shorter before the longer.
        images: (N, 28, 28) uint8, each candidate in MNIST's frame.
    """

    strokes: Sequence[ArrayLike]
    groups: list[list[int]]
    images: NDArray[np.uint8]

    def read(self, confidences: Sequence[float]) -> list[int]:
        """What `best_reading` says of them."""
        return best_reading(self.strokes, self.groups, confidences)

    def select(self, reading: Sequence[int]) -> "Candidates":
        """Those of a reading alone."""
        return Candidates(self.strokes, [self.groups[index] for index in reading], self.images[list(reading)])


def find_candidates(strokes: Sequence[ArrayLike]) -> Candidates:
    """Group strokes into candidates and draw each.

    Args:
        strokes: each of shape (points, 2), x to the right and y down, in any unit; finite.

    Raises:
        StrokesError: more than `MAX_STROKES` strokes, or so much ink that drawing it would keep others waiting.
    """
    groups = candidate_groups(strokes)
    drawings = [[strokes[index] for index in group] for group in groups]
    samples = sum(map(count_samples, drawings))
    if samples > MAX_SAMPLES:
        raise StrokesError(
            f"expected a number that takes at most {MAX_SAMPLES:,} samples to draw, got {samples:,.0f} for its "
            f"{len(groups)} possible digits; send fewer points, or fewer digits"
        )
    images = [from_strokes(drawing) for drawing in drawings]
    return Candidates(strokes, groups, np.stack(images) if images else np.empty((0, SIZE, SIZE), np.uint8))


def candidate_groups(strokes: Sequence[ArrayLike]) -> list[list[int]]:
    """The indices of each candidate's strokes; none where there is no point. See `Candidates` for their order.

    Raises:
        StrokesError: more than `MAX_STROKES` strokes.
    """
    line = _line_up(strokes)
    return [sorted(line.order[first : last + 1]) for first, last in _runs(line)]


def best_reading(
    strokes: Sequence[ArrayLike], groups: Sequence[Sequence[int]], confidences: Sequence[float]
) -> list[int]:
    """The candidates, left to right, that cover all strokes with the highest score.

    A candidate's confidence is that of the recogniser's answer for its image. It is near 0.1 for what is no digit and
    smaller the less certain the digit, so it says both whether the strokes belong together and what they are. Of two
    readings that score the same, the one whose last digit has more strokes is taken, then so on to the left.

    Args:
        strokes: as given to `candidate_groups`.
        groups: what it returned.
        confidences: one a group.

    Returns:
        Indices into `groups`.
    """
    line = _line_up(strokes)
    place = {index: position for position, index in enumerate(line.order)}
    count = len(line.order)
    scores = [0.0] + [-math.inf] * count  # of the best reading of so many strokes from the left
    chosen, starts = [0] * (count + 1), [0] * (count + 1)  # its last group, and where that begins
    for index, (group, confidence) in enumerate(zip(groups, confidences, strict=True)):
        positions = [place[stroke] for stroke in group]
        first, last = min(positions), max(positions)
        score = scores[first] + _score(line, first, last, confidence)
        if score > scores[last + 1] + TIE:
            scores[last + 1], chosen[last + 1], starts[last + 1] = score, index, first
    reading = []
    end = count
    while end > 0:
        reading.append(chosen[end])
        end = starts[end]
    return reading[::-1]


def _line_up(strokes: Sequence[ArrayLike]) -> _Line:
    """Sort strokes by their middles, and look at each cut between neighbours."""
    paths = {index: np.asarray(stroke, dtype=np.float64).reshape(-1, 2) for index, stroke in enumerate(strokes)}
    paths = {index: path for index, path in paths.items() if len(path)}
    if len(paths) > MAX_STROKES:
        raise StrokesError(f"expected a number of at most {MAX_STROKES} strokes, got {len(paths)}")
    own: dict[int, tuple[float, float, float, float]] = {}
    for index, path in paths.items():
        (left, top), (right, bottom) = path.min(axis=0).tolist(), path.max(axis=0).tolist()
        own[index] = (left, top, right, bottom)
    order = sorted(own, key=lambda index: own[index][0] + own[index][2])
    boxes = [own[index] for index in order]
    ends = list(accumulate((box[2] for box in boxes), max))
    begins = list(accumulate((box[0] for box in reversed(boxes)), min))[::-1]
    reaches = [
        max(other for other in range(len(boxes)) if other == position or _belong_together(box, boxes[other]))
        for position, box in enumerate(boxes)
    ]
    return _Line(
        order,
        boxes,
        max((bottom - top for _, top, _, bottom in boxes), default=0.0),
        [begin - end for begin, end in zip(begins[1:], ends, strict=False)],
        [reach > position for position, reach in enumerate(accumulate(reaches, max))],
    )


def _belong_together(one: tuple[float, float, float, float], other: tuple[float, float, float, float]) -> bool:
    """Whether the narrower of two strokes stands well within the other: a bar of a 7, a slash of a 0, a foot of a 1."""
    narrow, wide = sorted((one, other), key=lambda box: box[2] - box[0])
    overlap = min(narrow[2], wide[2]) - max(narrow[0], wide[0])
    middle = (narrow[0] + narrow[2]) / 2
    depth = min(middle - wide[0], wide[2] - middle)
    return overlap >= COVERED * (narrow[2] - narrow[0]) and depth >= INSIDE * (wide[2] - wide[0])


def _runs(line: _Line) -> list[tuple[int, int]]:
    """First and last position of each run of strokes that may be one digit."""
    runs = []
    for first in range(len(line.order)):
        if first > 0 and line.is_bound[first - 1]:
            continue
        pieces = 0
        for last in range(first, len(line.order)):
            if last > first and line.gaps[last - 1] > FAR * line.height:
                break
            if line.is_bound[last]:
                continue
            pieces += 1
            left, _, right, _ = _box(line, first, last)
            if pieces > 1 and (pieces > MAX_PIECES or right - left > WIDEST * line.height):
                break
            runs.append((first, last))
    return runs


def _score(line: _Line, first: int, last: int, confidence: float) -> float:
    """How well a run of strokes does for a digit, with the cut that follows it."""
    _, top, _, bottom = _box(line, first, last)
    unit = line.height or 1.0  # a line of dots or level strokes has no height
    share = (bottom - top) / unit if line.height > 0 else 1.0
    score = math.log(max(confidence, LOWEST)) + PER_DIGIT + PER_HEIGHT * math.log(max(share, LOWEST))
    if last + 1 < len(line.order):
        score += PER_GAP * min(max(line.gaps[last] / unit, OVERLAP), FAR)
    return score


def _box(line: _Line, first: int, last: int) -> tuple[float, float, float, float]:
    """Left, top, right and bottom of a run of strokes."""
    lefts, tops, rights, bottoms = zip(*line.boxes[first : last + 1], strict=True)
    return min(lefts), min(tops), max(rights), max(bottoms)
