"""The benchmark's results as Markdown: goals, contenders, the open loop, and what a million digits cost."""

import statistics
from collections.abc import Iterator, Sequence

from .goals import FORM_NAMES, OURS, Row, Spread
from .results import Measurement, Outcome, Results
from .usage import KINDS

CLOSED_LOOP_NOTE = (
    "One digit a request, closed loop of wrk, 64 connections. Latency is from the actual send, so it says nothing of "
    "those who would have come during a stall. CPU time and resident memory are the server's own, summed over its "
    "processes; what processes share counts for each."
)
OPEN_LOOP_NOTE = (
    "Ours in an open loop: requests at a constant rate, latency from when each was due. `late` is the generator's own "
    "delay where a connection was free, and is within the latencies."
)
MET = {True: "yes", False: "no", None: "-"}


def markdown(machine: dict[str, str], rows: Sequence[Row], results: Results) -> str:
    """Return the whole report."""
    parts = [
        ", ".join(f"{name} {value}" for name, value in machine.items()),
        goals_table(rows),
        CLOSED_LOOP_NOTE,
        contenders_table(results.measurements),
    ]
    if results.open_loop:
        parts += [
            OPEN_LOOP_NOTE,
            open_loop_table(results.peak, results.open_loop),
        ]
    return "\n\n".join([*parts, *cost(results)])


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in Markdown."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def goals_table(rows: Sequence[Row]) -> str:
    """Each goal, with the figure and whether it is met."""
    header = ["what", "goal", "median (least-greatest) of the rounds", "met"]
    return table(header, [[row.what, row.goal, row.measured, MET[row.met]] for row in rows])


def groups(measurements: Sequence[Measurement]) -> Iterator[tuple[str, str, list[Measurement]]]:
    """All rounds of each contender and form, in the order in which they were first measured."""
    for contender, form in dict.fromkeys((each.contender, each.form) for each in measurements):
        yield contender, form, [each for each in measurements if (each.contender, each.form) == (contender, form)]


def contenders_table(measurements: Sequence[Measurement]) -> str:
    """Medians over the rounds, in order of name; the rate with its spread."""
    header = ["server", "a digit as", "n", "requests/s", "p50 ms", "p99 ms", "CPU µs a request"]
    header += [*(f"of it {kind}" for kind in KINDS), "memory MB"]
    rows = []
    for contender, form, found in sorted(groups(measurements), key=lambda group: group[:2]):
        kinds = [statistics.median(each.cpu_us[kind] for each in found) for kind in KINDS]
        rows.append(
            [
                contender,
                FORM_NAMES[form],
                str(len(found)),
                Spread.of([each.rate for each in found]).show(",.0f"),
                f"{statistics.median(each.p50_ms for each in found):.2f}",
                f"{statistics.median(each.p99_ms for each in found):.2f}",
                f"{statistics.median(each.all_cpu_us for each in found):.0f}",
                *(f"{value:.0f}" for value in kinds),
                f"{statistics.median(sum(each.rss_mb.values()) for each in found):.0f}",
            ]
        )
    return table(header, rows)


def by_rate(outcomes: Sequence[Outcome]) -> dict[float, list[Outcome]]:
    """The rounds of each rate, from the lowest."""
    return {rate: [each for each in outcomes if each.rate == rate] for rate in sorted({each.rate for each in outcomes})}


def open_loop_table(peak: float, outcomes: Sequence[Outcome]) -> str:
    """Medians over the rounds, for each rate."""
    columns = ["achieved", "p50_ms", "p90_ms", "p99_ms", "p999_ms", "max_ms", "late_p99_ms", "cpu_cores"]
    header = ["share of the peak", "requests/s", "n", "achieved", "p50 ms", "p90 ms", "p99 ms", "p99.9 ms", "max ms"]
    header += ["late p99 ms", "generator's cores"]
    rows = []
    for rate, found in by_rate(outcomes).items():
        values = [statistics.median(getattr(each, column) for each in found) for column in columns]
        rest = [f"{values[0]:,.0f}", *(f"{value:.2f}" for value in values[1:])]
        rows.append([f"{rate / peak:.0%}", f"{rate:,.0f}", str(len(found)), *rest])
    return table(header, rows)


def core_hours_a_million(cpu_us: float) -> float:
    """What a million digits need of one core, in hours, from CPU microseconds a digit."""
    return cpu_us * 1e6 / 1e6 / 3600


def cost(results: Results) -> Iterator[str]:
    """One line: digits a CPU-second, and what a million cost, as a product that the reader fills in."""
    found = [
        (f"{FORM_NAMES[form]}, one a request", statistics.median(each.all_cpu_us for each in rounds))
        for contender, form, rounds in groups(results.measurements)
        if contender == OURS
    ]
    if results.own:
        found.append(("4,096 a request", statistics.median(each.cpu_us_an_image for each in results.own)))
    if found:
        parts = (
            f"{core_hours_a_million(cpu_us):.3f} × P ({what}; {1e6 / cpu_us:,.0f} digits a CPU-second)"
            for what, cpu_us in found
        )
        yield f"A million digits cost, where one core costs P an hour and is fully used: {'; '.join(parts)}."
