"""What the service is to reach, and whether a run of the benchmark found that it does.

A ratio is taken within each round, of two servers measured minutes apart on the same machine; what is compared with
the goal is the median of the rounds, and the least and greatest stand beside it.
"""

import statistics
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from .results import Outcome, Parity, Results

# Contenders, as contenders.py names them.
P99_MS = 15.0  # at half the peak rate
OURS = "ours"
CEILING = "TorchServe, a handler that does nothing"
STOCK = "TorchServe, its MNIST example"
FASTIFY = "Fastify, ONNX Runtime"
BATCHED = "Fastify, ONNX Runtime, batched"
ONE_WORKER = "ours, one worker"
FORM_NAMES = {"json": "JSON", "bytes": "784 raw bytes", "png": "PNG"}


@dataclass(frozen=True)
class Row:
    """One goal: `met` is None where what it needs was not measured."""

    what: str
    goal: str
    measured: str
    met: bool | None


@dataclass(frozen=True)
class Spread:
    """Median, least and greatest of some rounds."""

    median: float
    least: float
    greatest: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        """At least one value."""
        return cls(statistics.median(values), min(values), max(values))

    def show(self, form: str, unit: str = "") -> str:
        """Show it as "1.07x (1.02-1.11)", with `form` for each number."""
        return f"{self.median:{form}}{unit} ({self.least:{form}}-{self.greatest:{form}})"


def ratios(ours: dict[int, float], theirs: dict[int, float]) -> list[float]:
    """Ours over theirs, in each round that has both."""
    return [ours[number] / theirs[number] for number in sorted(ours.keys() & theirs.keys())]


def at_least(what: str, goal: float, values: Sequence[float]) -> Row:
    """A row for ratios whose median is to reach the goal."""
    return row(what, f">= {goal}x", values, lambda median: median >= goal, ".2f", "x")


def at_most(what: str, goal: float, values: Sequence[float], form: str, unit: str) -> Row:
    """A row for values whose median is not to exceed the goal."""
    return row(what, f"<= {goal:{form}}{unit}", values, lambda median: median <= goal, form, unit)


def row(what: str, goal: str, values: Sequence[float], reached: Callable[[float], bool], form: str, unit: str) -> Row:
    """A row that the median of values decides; "not measured" where there are none."""
    if not values:
        return Row(what, goal, "not measured", None)
    spread = Spread.of(values)
    return Row(what, goal, f"{spread.show(form, unit)}, n={len(values)}", reached(spread.median))


def rates(results: Results, contender: str, form: str) -> dict[int, float]:
    """Requests a second by round."""
    return {each.round: each.rate for each in results.measurements if (each.contender, each.form) == (contender, form)}


def fastest_form(results: Results, contender: str) -> str | None:
    """The form in which a contender answers most requests a second; None where it was not measured."""
    forms = {each.form for each in results.measurements if each.contender == contender}
    return max(forms, key=lambda form: statistics.median(rates(results, contender, form).values()), default=None)


def judge(results: Results) -> list[Row]:
    """Every goal, one row each."""
    return [*throughput(results), *own(results), *open_loop(results.peak, results.open_loop), *whole(results)]


def throughput(results: Results) -> Iterator[Row]:
    """One digit a request, 64 connections, against the others."""
    for peer, how in ((FASTIFY, "a run for each request"), (BATCHED, "in batches")):
        against = f"against Fastify and onnxruntime-node with the same ONNX file, {how}"
        for form, goal in (("json", 1.0), ("bytes", 1.25)):
            values = ratios(rates(results, OURS, form), rates(results, peer, form))
            yield at_least(f"one digit a request, {FORM_NAMES[form]}, 64 connections, {against}", goal, values)
    forms = fastest_form(results, OURS), fastest_form(results, STOCK)
    if forms[0] and forms[1]:
        values = ratios(rates(results, OURS, forms[0]), rates(results, STOCK, forms[1]))
        how = f"each in its fastest form: {FORM_NAMES[forms[0]]}, {FORM_NAMES[forms[1]]}"
    else:
        values, how = [], "each in its fastest form"
    yield at_least(f"against TorchServe's MNIST example, handler and settings as they come ({how})", 12, values)
    for form, goal in (("json", 0.75), ("bytes", 0.85)):
        values = ratios(rates(results, OURS, form), rates(results, CEILING, form))
        yield at_least(f"against a handler that does nothing, in the same server, {FORM_NAMES[form]}", goal, values)
    for form in ("json", "bytes"):
        values = ratios(rates(results, OURS, form), rates(results, ONE_WORKER, form))
        yield row(f"two workers against one, {FORM_NAMES[form]}", "-", values, lambda median: median >= 1, ".2f", "x")


def own(results: Results) -> Iterator[Row]:
    """What only our own server is measured for."""
    values = [each.served_images / each.bare_images for each in results.own]
    yield at_least("4,096 digits a request, images/s, against ONNX Runtime in a loop on as many threads", 0.85, values)
    clients = [client for each in results.own for client in each.lone]
    for form in sorted({client.form for client in clients}) or [""]:
        mine = [client for client in clients if client.form == form]
        who = f"a lone client, {FORM_NAMES[form]}" if form else "a lone client"
        yield at_most(f"{who}, median", 2.0, [client.p50_ms for client in mine], ".2f", " ms")
        yield at_most(f"{who}, 99 %", 8.0, [client.p99_ms for client in mine], ".2f", " ms")
    for kind, what, goal in (("worker", "a worker", 280), ("java", "the JVM", 250)):
        yield at_most(f"memory at rest: {what}", goal, [each.at_rest_mb[kind] for each in results.own], ".0f", " MB")
        after = [each.after_mb[kind] for each in results.own]
        yield at_most(f"memory after load and bodies of 3 MB: {what}", goal, after, ".0f", " MB")


def open_loop(peak: float, outcomes: Sequence[Outcome]) -> Iterator[Row]:
    """At a constant rate, latency from when a request was due."""
    half = [each.p99_ms for each in outcomes if abs(each.rate / peak - 0.5) < 0.01]
    yield at_most("99 % at half the peak rate, open loop, from when a request was due", P99_MS, half, ".1f", " ms")


def whole(results: Results) -> Iterator[Row]:
    """Start-up and parity."""
    what = "what `make serve` runs, on a machine already set up: command to first right answer"
    yield at_most(what, 5, results.start_up_seconds, ".1f", " s")
    yield parity(results.parity)


def parity(found: Parity | None) -> Row:
    """Served answers against the predictor's."""
    what, goal = "served answers against `mnist evaluate`'s predictor", "identical digits, probabilities within 1e-3"
    if found is None:
        return Row(what, goal, "not measured", None)
    measured = (
        f"{found.different_digits} of {found.images:,} digits of {found.source}/ differ, "
        f"probabilities by at most {found.largest_difference:.1e}"
    )
    return Row(what, goal, measured, found.different_digits == 0 and found.largest_difference <= 1e-3)
