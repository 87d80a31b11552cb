"""Signs as pen strokes: texts are read strictly, paths go where the points say."""

import numpy as np
import pytest

from mnist_model.preprocessing import from_strokes
from mnist_model.synthesis import letters, symbols
from mnist_model.synthesis.glyphs import GlyphError, parse, read_table, trace


@pytest.mark.parametrize("text", ["", "  ", "0,0 1,1 |", "0,0 | | 1,1", "0 1", "0,0,0", "a,b", "0,nan", "inf,0", ",1"])
def test_a_text_that_is_no_strokes_is_refused(text: str) -> None:
    """Empty strokes and points that are not two finite numbers are named in the error."""
    with pytest.raises(GlyphError, match="expected"):
        parse(text)


def test_strokes_are_read_as_written() -> None:
    """A bar ends a stroke; a corner's point stays there twice."""
    bar, dot = parse("0,1 .5,0 .5,0 1,1 | .2,-.6")
    assert bar.tolist() == [[0, 1], [0.5, 0], [0.5, 0], [1, 1]]
    assert dot.tolist() == [[0.2, -0.6]]


def test_the_path_goes_through_every_point() -> None:
    """In order, each after as many steps as asked for, and without leaps between."""
    (control,) = parse("0,1 .1,.4 .9,.5 .3,.1 .35,.1 1,.9")
    path = trace(control, points_per_segment=8)
    assert path[::8] == pytest.approx(control)
    steps = np.linalg.norm(np.diff(path, axis=0), axis=1)
    assert steps.max() < 0.3


def test_two_points_are_a_straight_line() -> None:
    """Evenly divided."""
    (control,) = parse("0,0 1,.5")
    assert trace(control, 4).tolist() == [[0, 0], [0.25, 0.125], [0.5, 0.25], [0.75, 0.375], [1, 0.5]]


@pytest.mark.parametrize("text", [".3,.4", ".3,.4 .3,.4"])
def test_a_dot_stays_a_dot(text: str) -> None:
    """However often its point is written."""
    assert trace(parse(text)[0]).tolist() == [[0.3, 0.4]]


def turns(path: np.ndarray) -> np.ndarray:
    """The angle, in degrees, by which the path turns at each of its inner points."""
    steps = np.diff(path, axis=0)
    headings = np.arctan2(steps[:, 1], steps[:, 0])
    return np.abs(np.degrees((np.diff(headings) + np.pi) % (2 * np.pi) - np.pi))


def test_a_point_written_twice_is_a_corner() -> None:
    """The path turns there at once and runs straight beside it; elsewhere it turns by and by."""
    sharp = turns(trace(parse("0,0 1,0 1,0 1,1")[0], 12))
    smooth = turns(trace(parse("0,0 1,0 1,1")[0], 12))
    assert sharp[11] == pytest.approx(90)
    assert sharp[[*range(11), *range(12, 23)]] == pytest.approx(0, abs=1e-6)
    assert smooth.max() < 30


@pytest.mark.parametrize(("text", "most"), [(".5,0 0,.5 .5,1 1,.5 .5,0", 30), (".5,0 .5,0 0,.5 .5,1 1,.5 .5,0", 180)])
def test_a_closed_stroke_has_no_seam(text: str, most: float) -> None:
    """Unless one of its ends is marked as a corner."""
    path = trace(parse(text)[0], 12)
    turn = turns(np.vstack([path, path[1]]))[-1]
    assert most / 4 < turn < most


def test_a_table_is_read_line_by_line() -> None:
    """A name's lines are its forms; an indented line goes on with the one before."""
    assert read_table("\nx 0,0 1,1 |\n 0,1 1,0\nx 0,0\ny 1,1\n") == {"x": ("0,0 1,1 | 0,1 1,0", "0,0"), "y": ("1,1",)}


TABLES = [(letters.LETTERS, letters.LOOKALIKES), (symbols.SYMBOLS, symbols.LOOKALIKES)]
FORMS = [
    pytest.param(form, id=f"{name}:{index}")
    for table, _ in TABLES
    for name, forms in table.items()
    for index, form in enumerate(forms)
]


@pytest.mark.parametrize("form", FORMS)
def test_a_sign_is_drawn_in_its_box(form: str) -> None:
    """It reaches no further than a tail or a hat does, is not tiny, and leaves ink on the canonical image."""
    strokes = [trace(control) for control in parse(form)]
    points = np.concatenate(strokes)
    low, high = points.min(axis=0), points.max(axis=0)
    assert (low >= -0.4).all()
    assert high[0] <= 1.5
    assert high[1] <= 1.4
    assert (high - low).max() >= 0.35
    assert from_strokes(strokes).sum() > 255 * 8


@pytest.mark.parametrize(("table", "lookalikes"), TABLES)
def test_lookalikes_are_signs_of_the_table(table: dict[str, tuple[str, ...]], lookalikes: frozenset[str]) -> None:
    """Each by its name, or by its name and which of its forms it is."""
    assert lookalikes <= {*table, *(f"{name}:{i}" for name, forms in table.items() for i in range(len(forms)))}


@pytest.mark.parametrize(("table", "_lookalikes"), TABLES)
def test_no_form_is_there_twice(table: dict[str, tuple[str, ...]], _lookalikes: frozenset[str]) -> None:
    """Not even under two names."""
    forms = [form for forms in table.values() for form in forms]
    assert len(forms) == len(set(forms))
