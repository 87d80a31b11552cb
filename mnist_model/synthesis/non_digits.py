"""Pen drawings that nobody would call a digit: letters, symbols, sketches, scribbles, and digits spoilt.

Each family is a function of a writer's hand and a generator. What a person could take for a digit is left out: letters
such as O and l, a bare circle, a bare line, the half of an 8, a mirrored 0.
"""

from collections.abc import Callable

import numpy as np
from numpy.random import Generator

from .digits import write_digit
from .hand import Hand, Strokes
from .letters import LETTERS
from .letters import LOOKALIKES as LETTER_LOOKALIKES
from .shapes import SHAPES, sketch
from .symbols import LOOKALIKES as SYMBOL_LOOKALIKES
from .symbols import SYMBOLS

Family = Callable[[Hand, Generator], Strokes]

# Kinds kept out of training, to choose by and to measure how strangers fare: scripts that few users of the page write,
# and rarer pictures. What everybody draws, training must have seen.
LEFT_OUT_SCRIPTS = "\N{HEBREW LETTER ALEF}"  # from here on in Unicode: Hebrew, Arabic, Devanagari, kana, hanzi
LEFT_OUT_SYMBOLS = frozenset(
    {
        *("cat", "mug", "key", "yin-yang", "pennant", "hatching", "santa-house", "stairs", "cube", "contour-integral"),
        *("copyright", "arrow-bent", "parallelogram", "anchor", "umbrella", "car", "fish", "root", "glasses", "ladder"),
    }
)


def signs(tables: dict[str, tuple[str, ...]], lookalikes: frozenset[str], left_out: bool) -> list[str]:
    """The forms that nobody takes for a digit, of the kinds that are left out of training, or of the others.

    Args:
        tables: kind -> its forms.
        lookalikes: what could be taken for one, as a kind or as "kind:variant".
        left_out: which of the two.
    """
    return [
        form
        for kind, forms in tables.items()
        for variant, form in enumerate(forms)
        if (kind in LEFT_OUT_SYMBOLS or (len(kind) == 1 and kind >= LEFT_OUT_SCRIPTS)) == left_out
        and kind not in lookalikes
        and f"{kind}:{variant}" not in lookalikes
    ]


_LETTERS, _OTHER_LETTERS = (signs(LETTERS, LETTER_LOOKALIKES, left_out) for left_out in (False, True))
_SYMBOLS, _OTHER_SYMBOLS = (signs(SYMBOLS, SYMBOL_LOOKALIKES, left_out) for left_out in (False, True))
# for rows of letters, where lookalikes and what is left out alone may stand too
_ALL_LETTERS = [form for forms in LETTERS.values() for form in forms]

# Digits that are none when seen in a mirror, upside down, or lying on their side: a mirrored 2 or 5 is near the other,
# an upside-down 6 is a 9, a lying 8 is still an 8 to many.
MIRRORED = (3, 7)
UPSIDE_DOWN = (3, 4, 7)
LYING = (2, 3, 4, 5, 7)
# (digit, axis, whether the first part is kept): a half that is neither a line, a ring, nor another digit
HALVES = ((0, 1, True), (0, 1, False), (2, 1, False), (3, 1, False), (5, 1, True), (5, 1, False))


def letter(hand: Hand, rng: Generator) -> Strokes:
    """One letter."""
    return hand.write(str(rng.choice(_LETTERS)), rng)


def symbol(hand: Hand, rng: Generator) -> Strokes:
    """One symbol or simple picture."""
    return hand.write(str(rng.choice(_SYMBOLS)), rng)


def other_letter(hand: Hand, rng: Generator) -> Strokes:
    """A letter of the kinds that training never sees."""
    return hand.write(str(rng.choice(_OTHER_LETTERS)), rng)


def other_symbol(hand: Hand, rng: Generator) -> Strokes:
    """A symbol of the kinds that training never sees."""
    return hand.write(str(rng.choice(_OTHER_SYMBOLS)), rng)


def scribble(hand: Hand, rng: Generator) -> Strokes:
    """A pen that goes to and fro, round and round, or wherever it likes."""
    strokes = []
    for _ in range(int(rng.choice([1, 1, 1, 2, 3]))):
        count = int(rng.integers(14, 60))
        way = rng.integers(3)
        if way == 0:  # wherever it likes
            swing = np.sin(np.arange(count)[:, np.newaxis] * rng.uniform(0.5, 2, 2))
            path = np.cumsum(rng.normal(0, 1, (count, 2)) + 1.5 * swing, axis=0)
        elif way == 1:  # to and fro
            heading = rng.uniform(0, np.pi)
            along = np.where(np.arange(count) % 2, 1.0, -1.0) * rng.uniform(0.6, 1.2, count)
            across = np.linspace(-1, 1, count) * rng.uniform(0.4, 1.5) + rng.normal(0, 0.1, count)
            path = np.stack([along, across], axis=1) @ np.array(
                [[np.cos(heading), np.sin(heading)], [-np.sin(heading), np.cos(heading)]]
            )
        else:  # round and round
            angle = np.linspace(0, 2 * np.pi * rng.uniform(2.5, 7), count) * rng.choice([-1, 1])
            radius = rng.uniform(0.5, 1.0, 2) * (1 + rng.normal(0, 0.15, (count, 1)))
            drift = np.linspace(0, 1, count)[:, np.newaxis] * rng.normal(0, 0.8, 2)
            path = np.stack([np.cos(angle), np.sin(angle)], axis=1) * radius + drift
        strokes.append(path / (np.ptp(path, axis=0).max() + 1e-9) + rng.normal(0, 0.2, 2))
    return strokes


def _any_letter(hand: Hand, rng: Generator) -> Strokes:
    return hand.write(str(rng.choice(_ALL_LETTERS)), rng)


def row(hand: Hand, rng: Generator) -> Strokes:
    """Two to four digits or letters side by side."""
    strokes: Strokes = []
    right = 0.0
    of_digits = rng.random() < 0.6
    for _ in range(int(rng.choice([2, 2, 2, 3, 4]))):
        sign = write_digit(int(rng.integers(10)), hand, rng) if of_digits else _any_letter(hand, rng)
        left = min(float(path[:, 0].min()) for path in sign)
        strokes += [path + np.array([right - left, 0.0]) for path in sign]
        right = max(float(path[:, 0].max()) for path in strokes) + float(rng.uniform(0.12, 0.5))
    return strokes


def half(hand: Hand, rng: Generator) -> Strokes:
    """The upper or lower half of a digit."""
    digit, axis, first = HALVES[rng.integers(len(HALVES))]
    strokes = write_digit(digit, hand, rng)
    values = np.concatenate(strokes)[:, axis]
    cut = values.min() + np.ptp(values) * rng.uniform(0.42, 0.58)
    parts: Strokes = []
    for path in strokes:
        kept = (path[:, axis] < cut) == first
        edges = np.flatnonzero(np.diff(kept)) + 1
        parts += [part for part, keep in zip(np.split(path, edges), np.split(kept, edges), strict=True) if keep[0]]
    return [part for part in parts if len(part) > 1] or strokes * 2


def crossed_out(hand: Hand, rng: Generator) -> Strokes:
    """A digit that its writer took back: two or more lines across it, or a scribble over it."""
    strokes = write_digit(int(rng.integers(10)), hand, rng)
    points = np.concatenate(strokes)
    middle, size = points.mean(axis=0), np.ptp(points, axis=0) + 0.25
    if rng.random() < 0.4:
        return [*strokes, *(path * size * 1.1 + middle for path in scribble(hand, rng)[:1])]
    lines = np.array([[[-0.6, -0.55], [0.6, 0.55]], [[0.6, -0.55], [-0.6, 0.55]]])
    if rng.random() < 0.4:  # level lines in place of a cross
        heights = rng.permutation(np.linspace(-0.35, 0.35, 4))[: int(rng.integers(2, 5))]
        lines = np.stack([[[-0.75, height], [0.75, height]] for height in heights])
    return [*strokes, *(line * size + middle + rng.normal(0, 0.05, (2, 2)) for line in lines)]


def turned(hand: Hand, rng: Generator) -> Strokes:
    """A digit mirrored, upside down or on its side, where that is none."""
    way = rng.integers(3)
    digit = int(rng.choice((MIRRORED, UPSIDE_DOWN, LYING)[way]))
    turn = np.array(([[-1, 0], [0, 1]], [[-1, 0], [0, -1]], [[0, 1], [-1, 0]])[way], dtype=float)
    if way == 2 and rng.random() < 0.5:
        turn = -turn
    return [path @ turn for path in write_digit(digit, hand, rng)]


def dots(hand: Hand, rng: Generator) -> Strokes:
    """Taps of the pen, or short dashes, here and there."""
    places = rng.uniform(-1, 1, (int(rng.integers(2, 13)), 2))
    if rng.random() < 0.3:
        return [place + rng.normal(0, 0.12, (2, 2)) for place in places]
    return [place[np.newaxis] for place in places]


def shape(hand: Hand, rng: Generator) -> Strokes:
    """One figure of plane geometry that is no digit."""
    return [path + rng.normal(0, hand.tremor, path.shape) for path in SHAPES[rng.integers(len(SHAPES))](rng)]


def drawing(hand: Hand, rng: Generator) -> Strokes:
    """A sketch of some thing: a body with parts around and within it."""
    return [path + rng.normal(0, hand.tremor, path.shape) for path in sketch(rng)]


DRAWN: dict[str, tuple[float, Family]] = {  # family -> how often, drawing
    "letters": (5, letter),
    "symbols": (4, symbol),
    "sketches": (6, drawing),
    "shapes": (2, shape),
    "scribbles": (2.5, scribble),
    "rows": (2, row),
    "halves": (1, half),
    "crossed out": (1, crossed_out),
    "turned": (1, turned),
    "dots": (0.5, dots),
}
LEFT_OUT: dict[str, tuple[float, Family]] = {"other letters": (1, other_letter), "other symbols": (1, other_symbol)}
