"""Which ink decided: the arithmetic, the golden cases that tests/page has too, and what it says of real answers."""

import hashlib
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from mnist_model.dataset import Split
from mnist_model.explanation import WINDOW, occluded, relevance
from mnist_model.predictor import Predictor
from mnist_model.preprocessing import SIZE, from_strokes

CASES: list[dict[str, Any]] = json.loads((Path(__file__).parent.parent / "golden" / "occlusion.json").read_text())
BARRED_SEVEN = [[[10, 10], [40, 10], [22, 60]], [[18, 36], [38, 36]]]


@pytest.fixture(scope="module")
def predictor() -> Predictor:
    return Predictor.load()


def explain(predictor: Predictor, image: NDArray[np.uint8]) -> NDArray[np.float32]:
    """As the handler does it."""
    windows, images = occluded(image)
    return relevance(
        image, windows, predictor.score(image[np.newaxis]).probabilities[0], predictor.score(images).probabilities
    )


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_the_golden_cases_are_met(case: dict[str, Any]) -> None:
    """Windows and blanked images exactly, relevance to six digits."""
    image = np.frombuffer(bytes.fromhex(case["image"]), np.uint8).reshape(SIZE, SIZE)
    windows, images = occluded(image)
    assert windows.tolist() == case["windows"]
    assert hashlib.sha256(images.tobytes()).hexdigest() == case["images_sha256"]
    probabilities = np.array(case["probabilities"])
    found = relevance(image, windows, probabilities[0], probabilities[1:])
    assert found.dtype == np.float32
    assert found.ravel() == pytest.approx(case["relevance"], rel=1e-5, abs=1e-5)


def test_each_window_is_blanked_in_an_image_of_its_own(digits: Split) -> None:
    """Nothing else changes, something does, and each pixel with ink is blanked in 4 to 9 images."""
    for image in digits.images[:50].numpy():
        windows, images = occluded(image)
        assert images.shape == (len(windows), SIZE, SIZE)
        assert images.dtype == np.uint8
        blanked = np.zeros((SIZE, SIZE), int)
        for (top, left), without in zip(windows.tolist(), images, strict=True):
            changed = np.argwhere(without != image)
            assert len(changed)
            assert ((changed >= (top, left)) & (changed < (top + WINDOW, left + WINDOW))).all()
            assert (without[image != without] == 0).all()
            blanked += without != image
        assert set(np.unique(blanked[image > 0])) <= {4, 6, 9}


def test_relevance_is_what_recomputing_by_hand_gives(predictor: Predictor, digits: Split) -> None:
    """Pixel by pixel, from the definition."""
    image = digits.images[8].numpy()
    probabilities = predictor.score(image[np.newaxis]).probabilities[0].tolist()
    digit = probabilities.index(max(probabilities))

    def evidence(pixels: NDArray[np.uint8]) -> float:
        p = min(max(float(predictor.score(pixels[np.newaxis]).probabilities[0, digit]), 1e-6), 1 - 1e-6)
        return math.log(p / (1 - p))

    found = explain(predictor, image)
    for row, column in [(0, 0), *np.argwhere(image > 0)[::7].tolist()]:
        falls = []
        for top in range(-4, SIZE, 2):
            for left in range(-4, SIZE, 2):
                without = image.copy()
                without[max(top, 0) : top + 5, max(left, 0) : left + 5] = 0
                if top <= row < top + 5 and left <= column < left + 5 and (without != image).any():
                    falls.append(evidence(image) - evidence(without))
        expected = sum(falls) / len(falls) if image[row, column] else 0.0
        assert found[row, column] == pytest.approx(expected, abs=0.02)  # near 1, float32 leaves p that much room


def test_essential_ink_has_more_relevance_than_the_rest(predictor: Predictor) -> None:
    """A 7 without the outer ends of its bar is a 7 still; without its stem it is none."""
    image = from_strokes(BARRED_SEVEN)
    found = explain(predictor, image)
    rows = np.flatnonzero((image > 0).any(axis=1))
    bar = [row for row in rows if 0.45 < (row - rows[0]) / np.ptp(rows) < 0.6]
    ends = [found[row, np.flatnonzero(image[row])[:2]] for row in bar]
    stem = [found[row][image[row] > 0] for row in rows if (row - rows[0]) / np.ptp(rows) > 0.65]
    assert np.concatenate(stem).mean() > 2 * np.concatenate(ends).mean()
    assert found[image > 0].mean() > 1


def test_ink_that_speaks_against_the_digit_is_negative(predictor: Predictor) -> None:
    """A stray line beside a 7 makes it less of one."""
    image = from_strokes([*BARRED_SEVEN[:1], [[48, 40], [48, 60]]])
    found = explain(predictor, image)
    stray = np.zeros((SIZE, SIZE), bool)
    stray[:, np.flatnonzero(image.any(axis=0))[-2:]] = True
    assert found[stray & (image > 0)].mean() < 0 < found[~stray & (image > 0)].mean()


def test_where_there_is_no_ink_there_is_no_relevance(predictor: Predictor, digits: Split) -> None:
    """Nor any in an image without ink, which needs no answers to explain."""
    image = digits.images[3].numpy()
    assert not explain(predictor, image)[image == 0].any()
    blank = np.zeros((SIZE, SIZE), np.uint8)
    windows, images = occluded(blank)
    assert (windows.shape, images.shape) == ((0, 2), (0, SIZE, SIZE))
    assert not explain(predictor, blank).any()


def test_certainty_is_finite(digits: Split) -> None:
    """Probabilities of exactly 0 and 1 are taken to be a millionth away from them."""
    image = digits.images[3].numpy()
    windows, _ = occluded(image)
    sure, never = np.eye(10)[3], np.eye(10)[4]
    found = relevance(image, windows, sure, np.tile(never, (len(windows), 1)))
    assert found[image > 0] == pytest.approx(2 * math.log(1e6 - 1), rel=1e-5)
