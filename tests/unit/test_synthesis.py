"""Made-up digits and non-digits: the same for the same seed, one hand at a time, and in MNIST's frame."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from mnist_model.predictor import Predictor
from mnist_model.preprocessing import BOX, CENTRE
from mnist_model.synthesis.bank import ALL, CHUNK, UNSEEN, make_digits, make_non_digits
from mnist_model.synthesis.digits import DIGITS, write_digit
from mnist_model.synthesis.glyphs import parse
from mnist_model.synthesis.hand import Hand
from mnist_model.synthesis.letters import LETTERS
from mnist_model.synthesis.non_digits import DRAWN, LEFT_OUT_SYMBOLS, signs
from mnist_model.synthesis.paintings import PAINTED
from mnist_model.synthesis.rendering import scan
from mnist_model.synthesis.sheet import draw_sheet
from mnist_model.synthesis.symbols import SYMBOLS


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(7)


def test_every_form_of_every_digit_can_be_written(rng: np.random.Generator) -> None:
    """All ten digits are there, in several forms, and each form gives finite strokes of some size."""
    assert sorted(DIGITS) == list(range(10))
    for forms in DIGITS.values():
        assert len(forms) >= 6
        for weight, form in forms:
            strokes = Hand.sample(rng).write(form, rng)
            assert weight > 0
            assert len(strokes) >= len(parse(form))
            points = np.concatenate(strokes)
            assert np.isfinite(points).all()
            assert 0.3 < np.ptp(points, axis=0).max() < 3


def test_a_hand_is_coherent(rng: np.random.Generator) -> None:
    """One writer's sevens differ less from each other than two writers' do."""
    hands = [Hand.sample(rng) for _ in range(30)]
    form = DIGITS[7][0][1]

    def shape(hand: Hand) -> NDArray[np.float64]:
        strokes = np.concatenate(hand.write(form, rng))
        places = np.interp(np.linspace(0, 1, 12), np.linspace(0, 1, len(strokes)), np.arange(len(strokes)))
        return np.asarray(strokes[places.astype(int)])

    own = np.mean([np.abs(shape(hand) - shape(hand)).mean() for hand in hands])
    others = np.mean([np.abs(shape(a) - shape(b)).mean() for a, b in pairwise(hands)])
    assert own < 0.7 * others


def test_a_writer_keeps_to_a_form_or_two(rng: np.random.Generator) -> None:
    """Their favourite form is the same one each time they are asked, and likely."""
    hand = Hand.sample(rng)
    weights = np.array([weight for weight, _ in DIGITS[4]])
    chances = hand.choose("4", weights)
    assert np.array_equal(chances, hand.choose("4", weights))
    assert chances.sum() == pytest.approx(1)
    assert np.sort(chances)[-2:].sum() > 0.9


def test_the_seed_repeats_the_bank() -> None:
    """Also across chunks, which different processes make; another seed gives other images."""
    images, labels = make_digits(CHUNK + 20, seed=3)
    again, labels_again = make_digits(CHUNK + 20, seed=3)
    assert images.shape == (CHUNK + 20, 28, 28)
    assert np.array_equal(images, again)
    assert np.array_equal(labels, labels_again)
    assert not np.array_equal(images[:20], make_digits(20, seed=4)[0])
    assert not np.array_equal(images[:20], images[CHUNK:])


def test_pen_digits_are_in_mnists_frame() -> None:
    """All ten digits; ink on every image, its longer side 20 px, its centre of mass at index 14."""
    images, labels = make_digits(400, seed=0)
    assert set(labels) == set(range(10))
    index = np.arange(28)
    for image in images.astype(float):
        rows, columns = np.flatnonzero(image.any(axis=1)), np.flatnonzero(image.any(axis=0))
        assert BOX - 2 <= max(np.ptp(rows), np.ptp(columns)) + 1 <= BOX + 2
        assert abs((image.sum(axis=1) * index).sum() / image.sum() - CENTRE) <= 0.51
        assert abs((image.sum(axis=0) * index).sum() / image.sum() - CENTRE) <= 0.51


def test_people_would_agree_with_the_digits() -> None:
    """The shipped network, which reads strangers' digits, reads hands that it was not trained on."""
    images, labels = make_digits(500, seed=987_654)
    assert np.mean([p.digit == label for p, label in zip(Predictor.load().predict(images), labels, strict=True)]) > 0.98


@pytest.mark.parametrize("name", [*ALL])
def test_every_family_of_non_digits_draws(name: str, rng: np.random.Generator) -> None:
    """(28, 28) uint8, with ink nearly always, and not the same picture twice."""
    make = ALL[name][1]
    images = np.stack([make(Hand.sample(rng), rng) for _ in range(12)])
    assert images.shape == (12, 28, 28)
    assert images.dtype == np.uint8
    assert (images.max(axis=(1, 2)) > 0).sum() >= 11
    assert len({image.tobytes() for image in images}) >= 11


def test_non_digits_come_from_all_families() -> None:
    """In a bank every family has its share; the families are those that draw and those that paint."""
    assert set(ALL) == {*DRAWN, *PAINTED}
    _, families = make_non_digits(CHUNK, seed=0)
    assert set(families) == set(range(len(ALL)))


def test_kinds_left_out_are_never_trained_on() -> None:
    """Letters and symbols divide by kind, and lookalikes are in neither part."""
    table: dict[str, tuple[str, ...]] = {"a": ("1", "2"), "b": ("3",), "c": ("4",), "cat": ("5", "6"), "ש": ("7",)}
    lookalikes = frozenset({"a:0", "c", "cat:1"})
    assert signs(table, lookalikes, left_out=False) == ["2", "3"]
    assert signs(table, lookalikes, left_out=True) == ["5", "7"]
    assert set(SYMBOLS) >= LEFT_OUT_SYMBOLS
    assert len(UNSEEN) == 2
    for tables in (LETTERS, SYMBOLS):
        trained, left_out = (signs(tables, frozenset(), side) for side in (False, True))
        assert 0.05 < len(left_out) / (len(trained) + len(left_out)) < 0.4
        assert not set(trained) & set(left_out)


def test_a_scan_keeps_a_line_narrow(rng: np.random.Generator) -> None:
    """However far a picture is stretched towards a square, a lone upright line stays higher than wide."""
    for _ in range(50):
        image = scan([np.array([[0.0, 0.0], [0.01, 1.0]])], rng)
        assert 2 * np.count_nonzero(image.any(axis=0)) < np.count_nonzero(image.any(axis=1))


def test_the_digits_of_a_writer_are_theirs(rng: np.random.Generator) -> None:
    """`write_digit` uses the hand's own form of the digit, whatever was written before."""
    hand = Hand.sample(rng)
    counts = [len(write_digit(4, hand, np.random.default_rng(seed))) for seed in range(40)]
    assert np.bincount(counts).max() >= 20


def test_the_sheet_is_a_picture(tmp_path: Path) -> None:
    """One row for each family and two for each digit, the same for the same seed."""
    for name in ("one.png", "two.png"):
        draw_sheet(tmp_path / "new" / name, seed=1)
    with Image.open(tmp_path / "new" / "one.png") as sheet:
        assert sheet.height == (20 + len(ALL)) * 58
    assert (tmp_path / "new" / "one.png").read_bytes() == (tmp_path / "new" / "two.png").read_bytes()
