"""The page's sample drawings: each is read as the digit that it is meant to be."""

import json
import subprocess

import numpy as np
import pytest

from mnist_model.archive import ROOT
from mnist_model.predictor import Predictor
from mnist_model.preprocessing import from_strokes

FORMS = 3  # of each digit at least
STROKES = """
import { sample } from './web/samples.js';
const [forms, digits] = [JSON.parse(process.argv[1]), [...Array(10).keys()]];
const points = (strokes) => strokes.map((stroke) => stroke.map(({ x, y }) => [x, y]));
console.log(JSON.stringify(digits.map((digit) => forms.map((turn) => points(sample(digit, turn))))));
"""

Strokes = list[list[list[float]]]


def samples(turns: list[int]) -> list[list[Strokes]]:
    """The samples of these turns, for each digit."""
    node = ["node", "--input-type=module", "--eval", STROKES, json.dumps(turns)]
    written = subprocess.run(node, cwd=ROOT, check=True, capture_output=True, text=True)
    answer: list[list[Strokes]] = json.loads(written.stdout)
    return answer


@pytest.fixture(scope="module")
def written() -> list[list[Strokes]]:
    """More turns than any digit has forms."""
    return samples(list(range(2 * FORMS)))


def test_every_sample_is_read_as_its_digit(written: list[list[Strokes]]) -> None:
    """By the shipped network, with a confidence of at least 0.9."""
    predictor = Predictor.load()
    for digit, forms in enumerate(written):
        for turn, answer in enumerate(predictor.predict(np.stack([from_strokes(form) for form in forms]))):
            assert (answer.digit, answer.is_digit) == (digit, True), f"turn {turn} of {digit}: {answer}"
            assert answer.confidence >= 0.9, f"turn {turn} of {digit}: {answer}"


def test_every_digit_has_forms_that_take_turns(written: list[list[Strokes]]) -> None:
    """At least three, and after the last the first again."""
    for forms in written:
        distinct = {json.dumps(form) for form in forms}
        assert len(distinct) >= FORMS
        assert forms[len(distinct)] == forms[0]


def test_samples_are_smooth_and_lie_well_within_the_pad(written: list[list[Strokes]]) -> None:
    """Points at most 4 % of the pad apart, margins of at least 10 %, about 65 % of it high."""
    for form in (form for forms in written for form in forms):
        points = np.concatenate([np.array(stroke) for stroke in form])
        assert points.min() >= 0.1
        assert points.max() <= 0.9
        assert 0.6 <= np.ptp(points[:, 1]) <= 0.7
        assert all(np.linalg.norm(np.diff(stroke, axis=0), axis=1).max() <= 0.04 for stroke in form)
