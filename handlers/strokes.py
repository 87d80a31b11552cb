"""Strokes as a request has them: lists of [x, y] points, checked."""

from handlers.errors import PayloadError
from handlers.json_text import name, shown

MAX_POINTS = 5_000  # of a drawing; people need some hundreds, and each costs about 25 µs
MAX_COORDINATE = 1e9  # any unit that a person draws in is far below; far above, float arithmetic loses the shape


def parse_strokes(values: object) -> list[list[list[float]]]:
    """Take strokes as they are: [[[x, y], ...], ...].

    Raises:
        PayloadError: they are something else, or too many points.
    """
    expected = "expected strokes as lists of [x, y] points"
    if not isinstance(values, list):
        raise PayloadError("InvalidStrokes", f"{expected}, got {name(values)}")
    strokes: list[list[list[float]]] = []
    points = 0
    for number, stroke in enumerate(values):
        if not isinstance(stroke, list):
            raise PayloadError("InvalidStrokes", f"{expected}, got {name(stroke)} as stroke {number}")
        points += max(1, len(stroke))  # an empty stroke costs its share too
        if points > MAX_POINTS:
            raise PayloadError("TooManyPoints", f"expected at most {MAX_POINTS} points, got more")
        for place, point in enumerate(stroke):
            if not _is_point(point):
                found = f"{shown(point)} as point {place} of stroke {number}"
                raise PayloadError("InvalidStrokes", f"{expected}, numbers within ±{MAX_COORDINATE:.0e}, got {found}")
        strokes.append(stroke)
    return strokes


def _is_point(value: object) -> bool:
    return (
        isinstance(value, list)
        and len(value) == 2
        and all(type(number) in (int, float) and abs(number) <= MAX_COORDINATE for number in value)
    )
