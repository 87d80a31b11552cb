"""Reading numbers, in Python; tests/page holds the JavaScript to the same golden cases."""

import json
import time
from pathlib import Path

import numpy as np
import pytest

from mnist_model.numbers import MAX_STROKES, best_reading, candidate_groups, find_candidates
from mnist_model.predictor import Predictor
from mnist_model.preprocessing import StrokesError, from_strokes
from tests.numbers import Number, make_up, read

GOLDEN = json.loads((Path(__file__).parent.parent / "golden" / "numbers.json").read_text())
Stroke = list[tuple[float, float]]
Strokes = list[Stroke]

ONE: Strokes = [[(0, 0), (0, 50), (0, 100)]]
ZERO: Strokes = [[(30 + 30 * np.sin(turn), 50 - 50 * np.cos(turn)) for turn in np.linspace(0, 2 * np.pi, 30)]]
FOUR: Strokes = [[(30, 0), (0, 60), (60, 60)], [(45, 20), (45, 100)]]
FIVE: Strokes = [[(10, 0), (8, 42), (30, 38), (55, 55), (50, 90), (25, 100), (0, 92)], [(22, -3), (68, -5)]]
SEVEN: Strokes = [[(0, 0), (60, 0), (20, 100)], [(12, 50), (58, 50)]]
SLASHED: Strokes = [*ZERO, [(62, -5), (0, 105)]]
SLANTED: Strokes = [[(40, 0), (0, 100)]]
SMALL: Strokes = [[(x / 2, 50 + y / 2) for x, y in ZERO[0]]]


@pytest.fixture(scope="module")
def predictor() -> Predictor:
    return Predictor.load()


def side_by_side(*placed: tuple[float, Strokes]) -> Number:
    """Digits moved to the right by so much each."""
    strokes = [np.array(stroke) + np.array([left, 0.0]) for left, drawing in placed for stroke in drawing]
    return Number("", strokes, [])


@pytest.mark.parametrize("case", GOLDEN, ids=[case["name"] for case in GOLDEN])
def test_the_golden_cases_hold(case: dict[str, object]) -> None:
    """Groups and readings, as in JavaScript."""
    strokes, groups, readings = case["strokes"], case["groups"], case["readings"]
    assert candidate_groups(strokes) == groups  # type: ignore[arg-type]
    for given in readings:  # type: ignore[attr-defined]
        assert best_reading(strokes, groups, given["confidences"]) == given["reading"]  # type: ignore[arg-type]


def test_made_up_numbers_are_read(predictor: Predictor) -> None:
    """Neat or uneven, touching or overlapping: of 2,500 about 97.4 % are read right, 99.6 % cut right."""
    numbers = make_up(400, seed=7)
    readings = read(predictor, numbers)
    assert np.mean([r.digits == n.digits for r, n in zip(readings, numbers, strict=True)]) >= 0.96
    assert np.mean([r.groups == n.groups for r, n in zip(readings, numbers, strict=True)]) >= 0.98


@pytest.mark.parametrize(
    ("digits", "placed"),
    [
        ("11", [(0, ONE), (20, ONE)]),
        ("11", [(0, ONE), (8, ONE)]),
        ("11", [(0, SLANTED), (20, SLANTED)]),
        ("10", [(0, ONE), (12, ZERO)]),
        ("10", [(0, ONE), (1, ZERO)]),
        ("101", [(0, ONE), (0, ZERO), (60, ONE)]),
        ("44", [(0, FOUR), (58, FOUR)]),
        ("141", [(0, ONE), (10, FOUR), (75, ONE)]),
        ("5", [(0, FIVE)]),
        ("55", [(0, FIVE), (58, FIVE)]),
        ("151", [(0, ONE), (10, FIVE), (75, ONE)]),
        ("77", [(0, SEVEN), (58, SEVEN)]),
        ("71", [(0, SEVEN), (55, ONE)]),
        ("00", [(0, SLASHED), (58, SLASHED)]),
        ("1000", [(0, ONE), (10, SMALL), (45, SMALL), (80, SMALL)]),
        ("47", [(200, SEVEN), (0, FOUR)]),
    ],
)
def test_hard_neighbours_are_told_apart(digits: str, placed: list[tuple[float, Strokes]], predictor: Predictor) -> None:
    """Digits of two strokes, close, touching, overlapping or slanted ones, small ones, and any order of writing."""
    assert read(predictor, [side_by_side(*placed)])[0].digits == digits


def test_size_place_and_unit_do_not_matter(predictor: Predictor) -> None:
    """The same number anywhere reads the same."""
    number = side_by_side((0, ONE), (10, FIVE), (70, FOUR))
    moved = Number("", [stroke * 1e-3 + 7 for stroke in number.strokes], [])
    assert read(predictor, [number]) == read(predictor, [moved])


def test_every_stroke_is_read_once(predictor: Predictor) -> None:
    """Left to right, whatever was written."""
    rng = np.random.default_rng(3)
    scribbles = [Number("", [rng.uniform(0, (9, 2), (4, 2)) for _ in range(12)], []) for _ in range(20)]
    for reading in read(predictor, scribbles):
        assert sorted(index for group in reading.groups for index in group) == list(range(12))


def test_candidates_are_drawn_by_the_recipe() -> None:
    """Each as if it were alone."""
    number = side_by_side((0, ONE), (10, FOUR))
    candidates = find_candidates(number.strokes)
    assert candidates.images.shape == (len(candidates.groups), 28, 28)
    for group, image in zip(candidates.groups, candidates.images, strict=True):
        assert np.array_equal(image, from_strokes([number.strokes[index] for index in group]))


def test_no_ink_is_no_number() -> None:
    """No candidates, no images, an empty reading."""
    nothing: list[list[Stroke]] = [[], [[]], [[], []]]
    for strokes in nothing:
        candidates = find_candidates(strokes)
        assert candidates.images.shape == (0, 28, 28)
        assert candidates.read([]) == []


def test_too_many_strokes_are_refused() -> None:
    """Forty are taken; strokes without points do not count."""
    line = [[[float(x), 0.0], [float(x), 9.0]] for x in range(MAX_STROKES)]
    assert candidate_groups([*line, []])
    with pytest.raises(StrokesError, match="expected a number of at most 40 strokes, got 41"):
        candidate_groups([*line, line[0]])


@pytest.mark.parametrize(("strokes", "points"), [(40, 60), (40, 9), (3, 1600), (1, 4900)])
def test_a_number_of_much_ink_is_refused_at_once(strokes: int, points: int) -> None:
    """Long lines to and fro, shared by many candidates or not."""
    ink = [[[stroke + 0.9 * (i % 2), 5.0 * (i % 2)] for i in range(points)] for stroke in range(strokes)]
    start = time.perf_counter()
    with pytest.raises(
        StrokesError, match=r"at most 5,000,000 samples to draw, got [\d,]+ for its \d+ possible digits"
    ):
        find_candidates(ink)
    assert time.perf_counter() - start < 0.2
