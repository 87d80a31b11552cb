"""Figures of geometry, and sketches put together from them as people put together a cat, a house or a cup."""

from collections.abc import Callable

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from .glyphs import trace
from .hand import Strokes

Points = NDArray[np.float64]
Shape = Callable[[Generator], Strokes]


def ellipse(rng: Generator, share: float = 1.0) -> Points:
    """A round line of radius about 0.5, or the given share of it, from anywhere; wobbling a little."""
    angle = rng.uniform(0, 2 * np.pi) + np.linspace(0, 2 * np.pi * share, 24) * rng.choice([-1, 1])
    wobble = 1 + 0.06 * np.sin(2 * angle + rng.uniform(0, 6)) * rng.normal() + 0.04 * np.sin(3 * angle) * rng.normal()
    ring = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return np.asarray(ring * 0.5 * np.asarray(wobble)[:, np.newaxis])


def polygon(rng: Generator, corners: int | None = None, closed: bool = True) -> Points:
    """Straight lines between corners around the middle."""
    count = corners or int(rng.choice([3, 4, 4, 5, 6]))
    angle = rng.uniform(0, 2 * np.pi) + (np.arange(count) + rng.normal(0, 0.12, count)) * 2 * np.pi / count
    points = np.stack([np.cos(angle), np.sin(angle)], axis=1) * 0.5
    return np.vstack([points, points[:1]]) if closed else points


def rectangle(rng: Generator) -> Points:
    """Upright, between square and twice as long as wide."""
    half = np.array([0.5, 0.5]) * rng.uniform(0.45, 1.0, 2)
    return np.array([[-1, -1], [1, -1], [1, 1], [-1, 1], [-1, -1]]) * half + rng.normal(0, 0.02, (5, 2))


def star(rng: Generator) -> Points:
    """Pointed, drawn around its outline or in one line through itself."""
    if rng.random() < 0.5:
        angle = rng.normal(0, 0.1) - np.pi / 2 + np.arange(6) * 4 * np.pi / 5
        return np.stack([np.cos(angle), np.sin(angle)], axis=1) * 0.5
    count = int(rng.integers(4, 9))
    angle = np.arange(2 * count + 1) * np.pi / count + rng.uniform(0, 1)
    radius = np.where(np.arange(2 * count + 1) % 2, rng.uniform(0.15, 0.3), 0.5)[:, np.newaxis]
    return np.stack([np.cos(angle), np.sin(angle)], axis=1) * radius


def zigzag(rng: Generator) -> Points:
    """Up and down with sharp turns, at least five of them."""
    count = int(rng.integers(6, 14))
    up_and_down = np.where(np.arange(count) % 2, 0.5, -0.5) * rng.uniform(0.2, 0.8) + rng.normal(0, 0.04, count)
    return np.stack([np.linspace(-0.5, 0.5, count), up_and_down], axis=1) @ _turn(rng)


def wave(rng: Generator) -> Points:
    """Up and down in curves, three times or more; or loops in a row."""
    along = np.linspace(0, 1, 60)
    phase = along * 2 * np.pi * rng.uniform(2.5, 6)
    loops = rng.choice([0.0, 0.0, rng.uniform(0.05, 0.15)])
    points = np.stack([along - 0.5 + loops * np.cos(phase), np.sin(phase) * rng.uniform(0.1, 0.4)], axis=1)
    return np.asarray(points @ _turn(rng))


def spiral(rng: Generator) -> Points:
    """Two turns or more."""
    along = np.linspace(0.05, 1, 60)
    angle = along * 2 * np.pi * rng.uniform(2.0, 4.5) * rng.choice([-1, 1]) + rng.uniform(0, 6)
    return np.stack([np.cos(angle), np.sin(angle)], axis=1) * 0.5 * along[:, np.newaxis]


def curve(rng: Generator) -> Points:
    """A smooth line through random places; never used alone, for it could be any digit."""
    return trace(rng.uniform(-0.5, 0.5, (int(rng.integers(3, 7)), 2)))


def blob(rng: Generator) -> Points:
    """A closed line like a cloud's, a leaf's or a stone's."""
    angle = np.linspace(0, 2 * np.pi, 48)
    radius = np.full(48, 0.4)
    for waves in range(2, 8):
        radius = radius + rng.normal(0, 0.1 / waves) * np.sin(waves * angle + rng.uniform(0, 6))
    scallops = rng.integers(5, 10) if rng.random() < 0.3 else 0
    radius = radius * (1 + 0.15 * np.abs(np.sin(scallops * angle / 2)))
    return np.asarray(np.stack([np.cos(angle), np.sin(angle)], axis=1) * radius[:, np.newaxis])


def line(rng: Generator) -> Points:
    """Straight, of length one."""
    return np.array([[-0.5, 0.0], [0.5, 0.0]]) @ _turn(rng)


def _turn(rng: Generator) -> Points:
    """A rotation matrix; mostly near upright, as drawings are."""
    angle = rng.normal(0, 0.15) if rng.random() < 0.6 else rng.uniform(0, 2 * np.pi)
    return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])


def _cross_hatch(rng: Generator) -> Strokes:
    """Parallel lines, in one direction or two: a grid, a fence, a brick wall, rain."""
    count = int(rng.integers(3, 8))
    places = np.linspace(-0.5, 0.5, count)
    lines = [np.array([[place, -0.5], [place, 0.5]]) for place in places]
    if rng.random() < 0.6:
        lines += [path[:, ::-1] for path in lines[: int(rng.integers(1, count + 1))]]
    turn = _turn(rng)
    return [(path * rng.uniform(0.8, 1.0) + rng.normal(0, 0.03, (2, 2))) @ turn for path in lines]


def _nested(rng: Generator) -> Strokes:
    """A figure within a figure: a target, a picture frame, an eye."""
    make = (ellipse, polygon, rectangle, blob)[rng.integers(4)]
    outer = make(rng)
    sizes = np.linspace(1.0, 0.3, int(rng.integers(2, 5)))
    inner = outer if rng.random() < 0.5 else (ellipse, polygon, rectangle)[rng.integers(3)](rng)
    return [outer, *(inner * size * 0.9 + rng.normal(0, 0.03, 2) for size in sizes[1:])]


def _rays(rng: Generator) -> Strokes:
    """Lines from a middle, with or without a ring: a sun, a wheel, a spider, a snowflake."""
    count = int(rng.integers(5, 13))
    inner = rng.choice([0.0, rng.uniform(0.2, 0.35)])
    angles = np.arange(count) * 2 * np.pi / count + rng.normal(0, 0.08, count)
    heads = np.stack([np.cos(angles), np.sin(angles)], axis=1) * 0.5
    rays = [np.stack([head * inner * 2, head * rng.uniform(0.85, 1.1)]) for head in heads]
    ring = [ellipse(rng) * (inner * 2 or rng.uniform(0.4, 1.6))] if inner or rng.random() < 0.4 else []
    return ring + rays


def _stairs(rng: Generator) -> Strokes:
    """Steps, or battlements."""
    count = int(rng.integers(3, 7))
    points = [(0.0, 0.0)]
    for step in range(count):
        down = 1.0 if rng.random() < 0.9 else -1.0
        points += [(step + 1.0, points[-1][1]), (step + 1.0, points[-1][1] + down)]
    path = np.array(points) / count - 0.5
    return [path * rng.choice([-1, 1], 2)]


# Each alone is no digit. A ring, a box, a line and a curve are missing here: they are parts of sketches only.
SHAPES: tuple[Shape, ...] = (
    lambda rng: [polygon(rng, 3)],
    lambda rng: [polygon(rng, int(rng.integers(5, 7)))],
    lambda rng: [star(rng)],
    lambda rng: [zigzag(rng)],
    lambda rng: [wave(rng)],
    lambda rng: [spiral(rng)],
    _cross_hatch,
    _nested,
    _rays,
    _stairs,
)
PARTS = (ellipse, polygon, rectangle, star, zigzag, wave, spiral, curve, blob, line)
BODIES = (ellipse, ellipse, polygon, rectangle, rectangle, blob, blob, curve)


def sketch(rng: Generator) -> Strokes:
    """A body with parts around it, within it or below it, some of them in pairs, as animals and things have them."""
    if rng.random() < 0.12:
        return [*SHAPES[rng.integers(len(SHAPES))](rng), *_place(line, rng)]
    make = BODIES[rng.integers(len(BODIES))]
    strokes: Strokes = [make(rng) * rng.uniform(0.7, 1.6, 2)]
    least = 3 if make in (ellipse, curve, blob) else 1  # a ring with a line through it is a slashed zero
    for _ in range(int(rng.integers(least, 6))):
        part = PARTS[rng.integers(len(PARTS))]
        placed = _place(part, rng)
        strokes += placed
        if rng.random() < 0.45:  # its twin on the other side
            strokes += [path * [-1.0, 1.0] + rng.normal(0, 0.02, 2) for path in placed]
    turn = _turn(rng) if rng.random() < 0.3 else np.eye(2)
    return [path @ turn for path in strokes]


def _place(part: Callable[[Generator], Points], rng: Generator) -> Strokes:
    """One part, or a few equal ones in a row, somewhere on or around the body."""
    size = float(np.exp(rng.uniform(np.log(0.2), np.log(0.9))))
    path = part(rng) * size * rng.uniform(0.5, 1.5, 2)
    if rng.random() < 0.25:
        path = ellipse(rng, float(rng.uniform(0.3, 0.8))) * size
    at = rng.uniform(-0.65, 0.65, 2)
    count = int(rng.choice([1, 1, 1, 1, 2, 3]))
    heading = rng.uniform(0, 2 * np.pi)
    step = np.array([np.cos(heading), np.sin(heading)]) * max(size, 0.25) * rng.uniform(0.6, 1.2)
    return [path + at + step * (index - (count - 1) / 2) for index in range(count)]
