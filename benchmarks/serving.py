"""Measures the service against its goals and against other servers: `make bench`, or `python -m benchmarks.serving`.

Each round starts every contender anew, one after another, warms it up and measures it; every other round goes through
them backwards, so that a machine that slows down slows none of them more. Only one server runs at a time: an idle
TorchServe still has timers, and a new start in each round lets the spread tell how much one start differs from the
next. The load generator shares the machine's cores with the server, so rates are of the whole, not of the server alone.

Ratios are taken within a round. A run with any error ends the benchmark: it is no measurement.
"""

import argparse
import json
import shlex
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path

from mnist_model.archive import ROOT, build_archives

from . import machine, own, plot
from .client import require_answer
from .contenders import CONTENDERS, Contender
from .goals import OURS, P99_MS, judge, rates
from .load import LoadError, closed_loop
from .report import markdown
from .results import Measurement, Results
from .running import Running
from .usage import cpu_seconds, rss_mb, snapshot

WARM_UP_SECONDS = 3  # in each form, before any is measured: Java compiles what is used often while it runs
AGAIN_SECONDS = 1  # and once more before each
SHARES = (0.25, 0.5, 0.75, 0.9)  # of the peak, for the open loop
OPEN_LOOP_FORM = "json"  # what most programs send
START_SECONDS = 6  # about what a server takes to start, for the estimate
RESULTS = ROOT / "benchmarks" / "results" / "serving.json"
PLOT = ROOT / "docs" / "latency.svg"


class Progress:
    """Says what is done, with the time since the beginning."""

    def __init__(self) -> None:
        self._started = time.monotonic()

    def say(self, text: str) -> None:
        """Print a line at once."""
        minutes, seconds = divmod(int(time.monotonic() - self._started), 60)
        print(f"[{minutes:2d}:{seconds:02d}] {text}", flush=True)


def measure(number: int, contender: Contender, running: Running, form: str, seconds: int) -> Measurement:
    """Load one running server, which is warm, in one form."""
    warm_up(contender.name, running, form, AGAIN_SECONDS)
    before = snapshot(running.process)
    load = closed_loop(contender.name, running.url, form, seconds)
    after = snapshot(running.process)
    require_answer(contender.name, running.url, [form])
    spent = {kind: 1e6 * used / load.requests for kind, used in cpu_seconds(before, after).items()}
    return Measurement(
        number, contender.name, form, load.requests, load.rate, load.p50_ms, load.p99_ms, load.max_ms, spent,
        rss_mb(after),
    )  # fmt: skip


def warm_up(contender: str, running: Running, form: str, seconds: int = WARM_UP_SECONDS) -> None:
    """Load a server for nothing, until it answers as fast as it will, and wait until it is idle again."""
    closed_loop(f"{contender}, warming up", running.url, form, seconds)
    require_answer(contender, running.url, [form])


def measure_rounds(
    contenders: Sequence[Contender], rounds: int, seconds: int, results: Results, progress: Progress
) -> None:
    """Measure every contender in every round; of ours, also what only ours is measured for."""
    for number in range(1, rounds + 1):
        for contender in contenders if number % 2 else reversed(contenders):
            with started(contender) as running:
                require_answer(contender.name, running.url, contender.forms)
                at_rest = own.memory(running)
                for form in contender.forms:
                    warm_up(contender.name, running, form)
                for form in contender.forms:
                    found = measure(number, contender, running, form, seconds)
                    results.measurements.append(found)
                    progress.say(
                        f"round {number}/{rounds}  {contender.name}, {form}: {found.rate:,.0f} requests/s, "
                        f"99 % {found.p99_ms:.1f} ms, CPU {found.all_cpu_us:.0f} µs a request"
                    )
                if contender.name == OURS:
                    alone = own.measure_round(number, running, seconds, at_rest)
                    results.own.append(alone)
                    progress.say(
                        f"round {number}/{rounds}  {contender.name}, a lone client: "
                        f"{', '.join(f'{client.form} {client.p50_ms:.2f} ms' for client in alone.lone)}; many digits: "
                        f"{alone.served_images:,.0f} images/s, bare runtime {alone.bare_images:,.0f}"
                    )


def measure_ours(ours: Contender, rounds: int, seconds: int, results: Results, progress: Progress) -> None:
    """Measure what needs the peak first, and what is not compared: open loop, parity, start-up."""
    results.peak = statistics.median(rates(results, OURS, OPEN_LOOP_FORM).values())
    with started(ours) as running:
        warm_up(OURS, running, OPEN_LOOP_FORM)
        for number in range(1, rounds + 1):
            for share in SHARES if number % 2 else reversed(SHARES):
                found = own.at_constant_rate(running, share * results.peak, seconds, OPEN_LOOP_FORM)
                results.open_loop.append(found)
                progress.say(
                    f"round {number}/{rounds}  {OURS}, open loop at {share:.0%} of the peak: median "
                    f"{found.p50_ms:.2f} ms, 99 % {found.p99_ms:.2f} ms"
                )
        results.parity = own.parity(running)
        progress.say(f"parity: {results.parity}")
    for number in range(1, rounds + 1):
        results.start_up_seconds.append(own.start_up())
        progress.say(f"start-up {number}/{rounds}: {results.start_up_seconds[-1]:.2f} s to the first right answer")


@contextmanager
def started(contender: Contender) -> Iterator[Running]:
    """A running contender; what goes wrong is told with its name.

    Raises:
        LoadError: it could not be started.
    """
    with ExitStack() as stack:
        try:
            running = stack.enter_context(contender.start())
        except Exception as error:  # each contender fails in its own way
            others = shlex.join(each.name for each in CONTENDERS if each is not contender)
            raise LoadError(f"{contender.name} did not start: {error}; measure without it: --only {others}") from error
        yield running


def estimate(contenders: Sequence[Contender], rounds: int, seconds: int) -> float:
    """Minutes that a run takes, about."""
    each = sum(START_SECONDS + len(one.forms) * (WARM_UP_SECONDS + AGAIN_SECONDS + seconds) for one in contenders)
    alone = (len(own.LONE_FORMS) + 3 + len(SHARES)) * (seconds + 1) + START_SECONDS + own.REST_SECONDS
    return rounds * (each + alone) / 60


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure everything, print the report, and write it as JSON and as a plot."""
    names = [each.name for each in CONTENDERS]
    parser = argparse.ArgumentParser(prog="python -m benchmarks.serving", description="Measure the service.")
    parser.add_argument("--rounds", type=int, default=5, metavar="N", help="of all contenders (5)")
    parser.add_argument("--seconds", type=int, default=5, metavar="N", help="of one measurement (5)")
    parser.add_argument("--only", nargs="+", choices=names, default=names, metavar="NAME", help="; ".join(names))
    parser.add_argument("--out", type=Path, default=RESULTS, metavar="FILE", help="JSON of everything")
    parser.add_argument("--plot", type=Path, default=PLOT, metavar="FILE", help="SVG of latency against rate")
    args = parser.parse_args(arguments)
    contenders = [each for each in CONTENDERS if each.name in args.only]
    described, results, progress = machine.describe(), Results(), Progress()
    minutes = estimate(contenders, args.rounds, args.seconds)
    print(*(f"{name}: {value}" for name, value in described.items()), sep="\n")
    progress.say(f"{'; '.join(each.name for each in contenders)}: about {minutes:.0f} minutes")
    build_archives()
    try:
        measure_rounds(contenders, args.rounds, args.seconds, results, progress)
        ours = next((each for each in contenders if each.name == OURS), None)
        if ours:
            measure_ours(ours, args.rounds, args.seconds, results, progress)
    except LoadError as error:
        sys.exit(f"benchmarks.serving: {error}")
    rows = judge(results)
    settings = {"rounds": args.rounds, "seconds": args.seconds, "warm_up_seconds": WARM_UP_SECONDS}
    content = {"machine": described, **settings, "goals": [asdict(row) for row in rows], **asdict(results)}
    args.out.parent.mkdir(parents=True, exist_ok=True)
    args.out.write_text(json.dumps(content, indent=1) + "\n")
    if results.open_loop:
        plot.draw(results.open_loop, results.peak, P99_MS, args.plot)
    print("", markdown(described, rows, results), sep="\n")


if __name__ == "__main__":
    main()
