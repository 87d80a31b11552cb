"""The serving benchmark's verdicts: ratios within a round, medians against goals, and the report."""

from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.contenders import CONTENDERS
from benchmarks.goals import BATCHED, CEILING, FASTIFY, ONE_WORKER, OURS, STOCK, Row, fastest_form, judge, ratios
from benchmarks.plot import draw
from benchmarks.report import contenders_table, core_hours_a_million, markdown
from benchmarks.results import LoneClient, Measurement, Outcome, OwnRound, Parity, Results

OUTCOME = Outcome(
    rate=500, achieved=499, requests=2500, answered=2500, p50_ms=2, p90_ms=4, p99_ms=9, p999_ms=20, max_ms=30,
    errors={}, queued=0, late_p99_ms=1, late_max_ms=2, cpu_cores=0.1,
)  # fmt: skip


def measured(contender: str, form: str, *rates: float) -> list[Measurement]:
    """One measurement a round."""
    cpu, memory = {"java": 100.0, "worker": 50.0, "other": 0.0}, {"java": 200.0, "worker": 300.0, "other": 10.0}
    return [
        Measurement(number, contender, form, 5000, rate, 5.0, 9.0, 20.0, cpu, memory)
        for number, rate in enumerate(rates, 1)
    ]


def row_of(results: Results, *words: str) -> Row:
    """The one goal whose text has these words."""
    (found,) = (row for row in judge(results) if all(word in row.what for word in words))
    return found


def own_round(number: int, p50_ms: float, worker_mb: float) -> OwnRound:
    lone = tuple(LoneClient(form, 1000, p50_ms, 4.0) for form in ("json", "bytes"))
    at_rest, after = {"worker": worker_mb, "java": 249.0}, {"worker": 300.0, "java": 249.0}
    return OwnRound(number, lone, 9000.0, 110.0, 10000.0, at_rest, after)


def test_the_goals_name_contenders_that_there_are() -> None:
    """Else they would silently stay unmeasured."""
    assert {OURS, ONE_WORKER, CEILING, STOCK, FASTIFY, BATCHED} <= {contender.name for contender in CONTENDERS}


def test_a_ratio_is_taken_within_a_round() -> None:
    """A machine that is half as fast in one round changes no ratio; a round that one of them lacks has none."""
    assert ratios({1: 1000, 2: 500, 3: 900}, {1: 800, 2: 400}) == [1.25, 1.25]


def test_the_median_of_the_ratios_decides() -> None:
    """Neither the best round nor the ratio of medians does, and the spread stands beside it."""
    results = Results(measurements=[*measured(OURS, "json", 100, 99, 140), *measured(FASTIFY, "json", 100, 100, 100)])
    row = row_of(results, "Fastify", "a run for each", "JSON")
    assert row == replace(row, goal=">= 1.0x", measured="1.00x (0.99-1.40), n=3", met=True)
    results.measurements[0] = replace(results.measurements[0], rate=99.5)
    assert row_of(results, "Fastify", "a run for each", "JSON").met is False


@pytest.mark.parametrize(
    ("contender", "form", "words", "goal"),
    [
        (FASTIFY, "bytes", ("a run for each", "784 raw bytes"), 1.25),
        (BATCHED, "json", ("in batches", "JSON"), 1.0),
        (CEILING, "json", ("does nothing", "JSON"), 0.75),
        (CEILING, "bytes", ("does nothing", "784 raw bytes"), 0.85),
        (STOCK, "png", ("example", "784 raw bytes, PNG"), 12),
    ],
)
def test_each_goal_is_met_from_its_limit_on(contender: str, form: str, words: tuple[str, str], goal: float) -> None:
    """And not below; ours is in raw bytes where that is its fastest form."""
    ours = "bytes" if contender == STOCK else form
    results = Results(measurements=[*measured(OURS, ours, 1000 * goal), *measured(contender, form, 1000)])
    assert row_of(results, *words).met is True
    results.measurements[0] = replace(results.measurements[0], rate=1000 * goal - 1)
    assert row_of(results, *words).met is False


def test_what_was_not_measured_is_neither_met_nor_missed() -> None:
    """Every goal has its row all the same."""
    rows = judge(Results())
    assert len(rows) > 10
    assert {(row.measured, row.met) for row in rows} == {("not measured", None)}


def test_latency_memory_and_start_up_are_not_to_exceed_theirs() -> None:
    """The median of the rounds is within the limit, or it is not; forms of a lone client stand apart."""
    results = Results(own=[own_round(1, 1.9, 280), own_round(2, 2.0, 270), own_round(3, 9.0, 300)])
    results.start_up_seconds = [4.0, 5.1, 6.0]
    assert row_of(results, "lone client, JSON, median").measured == "2.00 ms (1.90-9.00), n=3"
    assert row_of(results, "lone client, JSON, median").met is True
    assert row_of(results, "lone client, 784 raw bytes, 99 %").met is True
    assert row_of(results, "memory at rest", "worker").met is True
    assert row_of(results, "memory at rest", "JVM").met is True
    assert row_of(results, "memory after", "worker").met is False
    assert row_of(results, "4,096 digits").met is True
    assert row_of(results, "make serve").met is False


def test_the_open_loop_is_judged_at_half_the_peak() -> None:
    """Not at the other rates."""
    results = Results(peak=1000, open_loop=[OUTCOME, replace(OUTCOME, rate=900, p99_ms=400)])
    assert row_of(results, "half the peak").measured == "9.0 ms (9.0-9.0), n=1"
    assert row_of(results, "half the peak").met is True


@pytest.mark.parametrize(("digits", "difference", "met"), [(0, 1e-3, True), (1, 0.0, False), (0, 1.1e-3, False)])
def test_parity_needs_every_digit_and_close_probabilities(digits: int, difference: float, met: bool) -> None:
    """It says how many images of which folder were compared."""
    row = row_of(Results(parity=Parity(10_000, "data", digits, difference)), "mnist evaluate")
    assert (row.met, row.measured.startswith(f"{digits} of 10,000 digits of data/ differ")) == (met, True)


def test_the_fastest_form_is_that_of_the_highest_median() -> None:
    """One lucky round does not make a form the fastest."""
    results = Results(measurements=[*measured(OURS, "json", 100, 100, 900), *measured(OURS, "bytes", 200, 200, 200)])
    assert fastest_form(results, OURS) == "bytes"
    assert fastest_form(results, STOCK) is None


def test_the_table_has_medians_of_each_contender_and_form() -> None:
    """The rate with its spread, and CPU time of all processes and by kind."""
    lines = contenders_table([*measured(OURS, "json", 1000, 1500, 2000), *measured(FASTIFY, "json", 7000)]).splitlines()
    assert lines[2:] == [
        "| Fastify, ONNX Runtime | JSON | 1 | 7,000 (7,000-7,000) | 5.00 | 9.00 | 150 | 100 | 50 | 0 | 510 |",
        "| ours | JSON | 3 | 1,500 (1,000-2,000) | 5.00 | 9.00 | 150 | 100 | 50 | 0 | 510 |",
    ]


def test_a_million_digits_cost_their_core_hours() -> None:
    """At 3,600 µs a digit a million need a core for an hour; the report leaves the price to the reader."""
    assert core_hours_a_million(3600) == 1
    results = Results(
        measurements=measured(OURS, "json", 1000), own=[own_round(1, 1.0, 250)], peak=1000, open_loop=[OUTCOME]
    )
    report = markdown({"cores": "2"}, judge(results), results)
    assert "0.042 × P (JSON, one a request; 6,667 digits a CPU-second)" in report
    assert "0.031 × P (4,096 a request; 9,091 digits a CPU-second)" in report
    assert "| 50% | 500 | 1 | 499 | 2.00 | 4.00 | 9.00 | 20.00 | 30.00 | 1.00 | 0.10 |" in report


def test_the_plot_is_the_same_for_the_same_results(tmp_path: Path) -> None:
    """An SVG with a curve for each percentile; another result makes another."""
    outcomes = [OUTCOME, replace(OUTCOME, rate=900, p99_ms=40)]
    first, second, other = (tmp_path / f"{name}.svg" for name in ("first", "second", "other"))
    draw(outcomes, 1000, 15, first)
    draw(outcomes, 1000, 15, second)
    draw([OUTCOME, replace(OUTCOME, rate=900, p99_ms=80)], 1000, 15, other)
    assert first.read_bytes() == second.read_bytes() != other.read_bytes()
    assert first.read_bytes().startswith(b"<?xml")
