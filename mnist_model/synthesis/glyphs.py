"""Signs as pen strokes: a short text of points -> smooth paths of the pen.

A sign is written as strokes between bars, each a row of points x,y in a unit box: x to the right, y down, 0 to 1 the
height of a capital; small letters begin at y 0.4 and tails may hang to 1.35. The pen goes smoothly through the points
and turns sharply where a point is written twice; a stroke of one point is a dot; a stroke that ends where it began is
closed smoothly. A capital A is "0,1 .5,0 .5,0 1,1 | .2,.6 .8,.6".
"""

import numpy as np
from numpy.typing import NDArray

from ..errors import MnistError

Glyph = tuple[NDArray[np.float64], ...]  # strokes, each (points, 2)


class GlyphError(MnistError):
    """A text that does not describe strokes."""


def parse(text: str) -> tuple[NDArray[np.float64], ...]:
    """Read the strokes' control points, each stroke (points, 2); a corner's point is still there twice.

    Raises:
        GlyphError: no point between two bars, or a point that is not two finite numbers with a comma between.
    """
    strokes = []
    for part in text.split("|"):
        if not (words := part.split()):
            raise GlyphError(f"expected a point x,y in each stroke, got an empty stroke in {text!r}")
        strokes.append(np.array([_read_point(word, text) for word in words]))
    return tuple(strokes)


def _read_point(word: str, text: str) -> tuple[float, float]:
    try:
        x, y = (float(number) for number in word.split(","))
    except ValueError:
        raise GlyphError(f"expected a point as x,y, got {word!r} in {text!r}") from None
    if not np.isfinite([x, y]).all():
        raise GlyphError(f"expected finite numbers, got {word!r} in {text!r}")
    return x, y


def trace(control: NDArray[np.float64], points_per_segment: int = 6) -> NDArray[np.float64]:
    """The pen's path through a stroke's control points: a centripetal Catmull-Rom spline, which makes no loops.

    Args:
        control: (points, 2), a corner's point twice in a row.
        points_per_segment: how many points the path has from one control point to the next.

    Returns:
        (segments · points_per_segment + 1, 2), through every control point; a stroke of one place is one point.
    """
    fresh: NDArray[np.bool_] = np.append(True, (control[1:] != control[:-1]).any(axis=1))
    points: NDArray[np.float64] = control[fresh]
    if len(points) == 1:
        return points
    times = np.diff(np.append(np.flatnonzero(fresh), len(control)))
    sharp = times > 1
    closed = len(points) > 2 and (points[0] == points[-1]).all() and not (sharp[0] or sharp[-1])
    sharp[[0, -1]] = not closed
    start, end = points[:-1], points[1:]
    # at a corner or an end the neighbour is the segment's mirror image, which lets the curve run out straight
    before = np.where(sharp[:-1, np.newaxis], 2 * start - end, np.roll(start, 1, axis=0))
    after = np.where(sharp[1:, np.newaxis], 2 * end - start, np.roll(end, -1, axis=0))
    spans = [
        np.sqrt(np.linalg.norm(b - a, axis=1))[:, np.newaxis] for a, b in ((before, start), (start, end), (end, after))
    ]
    leave = _slope(before, start, end, spans[0], spans[1]) * spans[1]
    arrive = _slope(start, end, after, spans[1], spans[2]) * spans[1]
    t = (np.arange(points_per_segment) / points_per_segment)[:, np.newaxis]
    hermite = np.hstack([(1 + 2 * t) * (1 - t) ** 2, t * (1 - t) ** 2, t * t * (3 - 2 * t), t * t * (t - 1)])
    path = hermite @ np.stack([start, leave, end, arrive], axis=1)  # (segments, points_per_segment, 2)
    return np.vstack([path.reshape(-1, 2), points[-1:]])


def _slope(
    a: NDArray[np.float64],
    b: NDArray[np.float64],
    c: NDArray[np.float64],
    to_b: NDArray[np.float64],
    to_c: NDArray[np.float64],
) -> NDArray[np.float64]:
    """The parabola's derivative at b, which it reaches to_b after a and leaves to_c before c; each (segments, ...)."""
    return ((b - a) / to_b * to_c + (c - b) / to_c * to_b) / (to_b + to_c)


def read_table(text: str) -> dict[str, tuple[str, ...]]:
    """Split a table of signs into name -> its forms, each a text that `parse` reads.

    A line is a name, a blank and strokes; an indented line goes on with the one before. A name on several lines has
    several forms.
    """
    table: dict[str, tuple[str, ...]] = {}
    for line in text.strip().replace("\n ", " ").splitlines():
        name, _, strokes = line.partition(" ")
        table[name] = (*table.get(name, ()), strokes)
    return table
