"""A made-up writer's hand: what stays the same in all that one person writes, and what varies each time.

The style of a writer is drawn once: slant, proportions, roundness, tremor, how fast the pen goes, how often it fails to
close a gap or goes over a stroke again. Each sign then differs a little, as it does on paper.
"""

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from .glyphs import parse, trace

Strokes = list[NDArray[np.float64]]  # as `preprocessing.from_strokes` takes them


@dataclass(frozen=True)
class Hand:
    """The style of one writer; lengths are in units of a digit's height.

    Attributes:
        seed: of the writer's own way with each form: where its control points always lie.
        slant: shear, to the right positive.
        aspect: width in proportion to that of the forms' tables.
        turn: rotation in radians.
        bend: bow of upright strokes and sag of level ones, (2,).
        taper: how much wider the top is than the bottom.
        roundness: the chance that a corner is written as a curve.
        habit: standard deviation of a form's control points from one writer to the next.
        looseness: the same from one time to the next.
        tremor: of each point of the pen.
        spacing: between samples on a straight line; a fast pen has few.
        braking: how much closer samples lie in curves.
        overshoot: by which strokes run past their ends; negative where they stop short.
        hook: length of the small ticks with which the pen lands and leaves; 0 for none.
        grid: of the coordinates that the pad reports, 0 for none.
        corrections: the chance that a stroke is gone over again.
    """

    seed: int
    slant: float
    aspect: float
    turn: float
    bend: tuple[float, float]
    taper: float
    roundness: float
    habit: float
    looseness: float
    tremor: float
    spacing: float
    braking: float
    overshoot: float
    hook: float
    grid: float
    corrections: float

    @classmethod
    def sample(cls, rng: Generator) -> "Hand":
        """Draw a writer's style."""
        mouse = rng.random() < 0.35  # by mouse or trackpad: shakier, coarser
        return cls(
            seed=int(rng.integers(2**32)),
            slant=float(rng.normal(0.12, 0.22)),
            aspect=float(np.exp(rng.normal(0.0, 0.24))),
            turn=float(rng.normal(0.0, 0.07)),
            bend=(float(rng.normal(0.0, 0.06)), float(rng.normal(0.0, 0.06))),
            taper=float(rng.normal(0.0, 0.1)),
            roundness=float(rng.beta(0.6, 1.6)),
            habit=float(rng.uniform(0.015, 0.06)),
            looseness=float(rng.uniform(0.01, 0.04)),
            tremor=float(rng.exponential(0.008 if mouse else 0.003)),
            spacing=float(rng.uniform(0.03, 0.16)),
            braking=float(rng.uniform(0.0, 0.8)),
            overshoot=float(rng.normal(0.0, 0.035)),
            hook=float(max(rng.normal(-0.02, 0.05), 0.0)),
            grid=float(1 / rng.uniform(40, 250)) if mouse or rng.random() < 0.5 else 0.0,
            corrections=float(0.08 * rng.random() ** 2),
        )

    def choose(self, kind: str, weights: NDArray[np.float64]) -> NDArray[np.float64]:
        """Turn the general weights of a sign's forms into this writer's: nearly always the one or two they learnt."""
        own = np.random.default_rng([self.seed, *kind.encode()])
        favourites = own.choice(len(weights), size=2, p=weights / weights.sum())
        chances = 0.06 * weights / weights.sum()
        chances[favourites[0]] += 0.8
        chances[favourites[1]] += 0.14
        return np.asarray(chances)

    def write(self, form: str, rng: Generator) -> Strokes:
        """Write one sign, given in the notation of glyphs.py."""
        own = np.random.default_rng([self.seed, *form.encode()])
        strokes: Strokes = []
        for control in parse(form):
            moved = control + self._displace(control, own, self.habit) + self._displace(control, rng, self.looseness)
            moved += rng.normal(0.0, self.looseness, 2)  # where the pen lands
            path = trace(self._round(moved, rng))
            strokes.append(self._run_on(path, rng))
        strokes = self._shape(strokes, rng)
        if rng.random() < self.corrections:
            again = strokes[rng.integers(len(strokes))]
            cut = rng.integers(len(again) // 2 + 1)
            strokes.append(again[cut:] + rng.normal(0.0, 0.015, 2))
        return [self._sample_pen(path, rng) for path in strokes]

    @staticmethod
    def _displace(control: NDArray[np.float64], rng: Generator, deviation: float) -> NDArray[np.float64]:
        """Random displacements of control points; a corner's two points move together."""
        moves = rng.normal(0.0, deviation, control.shape)
        for index in range(1, len(control)):
            if (control[index] == control[index - 1]).all():
                moves[index] = moves[index - 1]
        return moves

    def _round(self, control: NDArray[np.float64], rng: Generator) -> NDArray[np.float64]:
        """Write some corners as curves: without its second point a corner is a smooth turn."""
        is_corner = np.append(False, (control[1:] == control[:-1]).all(axis=1))
        return control[~(is_corner & (rng.random(len(control)) < self.roundness))]

    def _run_on(self, path: NDArray[np.float64], rng: Generator) -> NDArray[np.float64]:
        """Lengthen or shorten a stroke's ends, and let the pen land and leave with a tick."""
        if len(path) < 4:
            return path
        for _ in range(2):  # each end in turn
            path = path[::-1]
            past = self.overshoot + float(rng.normal(0.0, 0.02))
            direction = path[-1] - path[-3]
            direction = direction / (np.linalg.norm(direction) + 1e-9)
            if past > 0:
                path = np.vstack([path, path[-1] + direction * past])
            else:
                lengths = np.linalg.norm(np.diff(path, axis=0), axis=1)
                kept = lengths.sum() - np.cumsum(lengths[::-1])[::-1] <= max(lengths.sum() + past, 0.0)
                path = path[: max(int(kept.sum()) + 1, 3)]
            if self.hook and rng.random() < 0.5:
                side = np.array([-direction[1], direction[0]]) * rng.choice([-1.0, 1.0])
                path = np.vstack([path, path[-1] + (direction * 0.3 + side) * self.hook * rng.random()])
        return path

    def _shape(self, strokes: Strokes, rng: Generator) -> Strokes:
        """Give the whole sign the hand's proportions: bend, taper, aspect, slant, turn."""
        aspect = self.aspect * float(np.exp(rng.normal(0.0, 0.06)))
        slant = self.slant + float(rng.normal(0.0, 0.05))
        angle = self.turn + float(rng.normal(0.0, 0.05))
        cos, sin = np.cos(angle), np.sin(angle)
        linear = np.array([[aspect, -slant], [0.0, 1.0]])
        matrix = np.array([[cos, -sin], [sin, cos]]) @ linear
        middle = np.concatenate(strokes).mean(axis=0)
        shaped = []
        for path in strokes:
            x, y = (path - middle).T
            bent = np.stack([x * (1 - self.taper * y) + self.bend[0] * y * y, y + self.bend[1] * x * x], axis=1)
            shaped.append(bent @ matrix.T)
        return shaped

    def _sample_pen(self, path: NDArray[np.float64], rng: Generator) -> NDArray[np.float64]:
        """What a pad reports of a path: samples at equal times of a pen that brakes in curves, shakes, and is rounded.

        The pen slows down where the path curves, roughly as the two-thirds power law of handwriting says (Lacquaniti,
        Terzuolo and Viviani, 1983).
        """
        if len(path) > 2:
            steps = np.linalg.norm(np.diff(path, axis=0), axis=1)
            heading = np.unwrap(np.arctan2(*np.diff(path, axis=0).T[::-1]))
            turning = np.abs(np.gradient(heading)) / (steps + 0.01)
            times = np.append(0.0, np.cumsum(steps * (1 + self.braking * np.minimum(turning, 20.0) / 4)))
            count = max(int(times[-1] / self.spacing), 2)
            at = np.linspace(0.0, times[-1], count + 1)
            path = np.stack([np.interp(at, times, axis) for axis in path.T], axis=1)
        path = path + rng.normal(0.0, self.tremor, path.shape)
        return np.round(path / self.grid) * self.grid if self.grid else path
