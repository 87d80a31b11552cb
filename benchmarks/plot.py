"""The plot of latency against rate: what somebody waits who comes at a time of his own."""

import statistics
from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from .open_loop import Outcome
from .report import by_rate

# Of Okabe and Ito's colours, which people with any colour vision can tell apart.
LINES = (("p999_ms", "99.9 %", "#d55e00"), ("p99_ms", "99 %", "#0072b2"), ("p50_ms", "median", "#009e73"))


def draw(outcomes: Sequence[Outcome], peak: float, limit_ms: float, path: Path) -> None:
    """Write an SVG: medians over the rounds as lines, least to greatest as bands, on white wherever it is shown.

    Args:
        outcomes: at several rates, each in some rounds.
        peak: in requests a second.
        limit_ms: the goal for 99 % at half the peak.
        path: of the SVG.
    """
    figure = Figure(figsize=(7.2, 4.2), layout="constrained", facecolor="white")
    axes = figure.add_subplot()
    rounds = by_rate(outcomes)
    for field, name, colour in LINES:
        values = [[getattr(each, field) for each in found] for found in rounds.values()]
        medians = [statistics.median(each) for each in values]
        axes.fill_between(
            list(rounds),
            [min(each) for each in values],
            [max(each) for each in values],
            color=colour,
            alpha=0.15,
            linewidth=0,
        )
        axes.plot(list(rounds), medians, color=colour, marker="o", label=name)
        axes.annotate(
            name, (list(rounds)[-1], medians[-1]), xytext=(8, 0), textcoords="offset points", color=colour, va="center"
        )
    axes.plot([0.5 * peak], [limit_ms], marker="_", markersize=26, color="#444444")
    axes.annotate(
        f"goal: 99 % within {limit_ms:.0f} ms",
        (0.5 * peak, limit_ms),
        xytext=(0, 5),
        textcoords="offset points",
        ha="center",
        color="#444444",
    )
    axes.set(
        xlabel="requests a second, at a constant rate",
        ylabel="milliseconds from when a request was due",
        yscale="log",
        xlim=(0, peak),
    )
    axes.set_xticks(list(rounds), [f"{rate:,.0f}\n{rate / peak:.0%} of the peak" for rate in rounds])
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))
    axes.grid(color="#dddddd", linewidth=0.6)
    axes.spines[["top", "right"]].set_visible(False)
    path.parent.mkdir(parents=True, exist_ok=True)
    with mpl.rc_context({"svg.hashsalt": "latency"}):  # the same results make the same file
        figure.savefig(path, format="svg", metadata={"Date": None})
