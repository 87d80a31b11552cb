"""The plot of latency against rate: what somebody waits who comes at a time of his own."""

import statistics
from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from .report import by_rate
from .results import Outcome

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
    rates = list(rounds)
    for field, name, colour in LINES:
        values = [[getattr(each, field) for each in found] for found in rounds.values()]
        axes.plot(rates, [statistics.median(each) for each in values], color=colour, marker="o", label=name)
        least, greatest = [min(each) for each in values], [max(each) for each in values]
        axes.fill_between(rates, least, greatest, color=colour, alpha=0.15, linewidth=0)
    goal = f"goal: 99 % within {limit_ms:.0f} ms at half the peak"
    axes.plot([0.5 * peak], [limit_ms], "_", markersize=26, markeredgewidth=2, color="#444444", label=goal)
    axes.legend(loc="upper left", frameon=False)
    axes.set(
        xlabel="requests a second at a constant rate, and its share of the peak",
        ylabel="milliseconds from when a request was due",
        yscale="log",
        xlim=(0, peak),
    )
    axes.set_xticks(rates, [f"{rate:,.0f}\n{rate / peak:.0%}" for rate in rates])
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))
    axes.grid(color="#dddddd", linewidth=0.6)
    axes.spines[["top", "right"]].set_visible(False)
    path.parent.mkdir(parents=True, exist_ok=True)
    with mpl.rc_context({"svg.hashsalt": "latency"}):  # the same results make the same file
        figure.savefig(path, format="svg", metadata={"Date": None})
