"""Pictures of an evaluation, as figures of matplotlib."""

from collections.abc import Sequence
from itertools import cycle

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from .calibration import BINS
from .evaluation import Answers, Evaluation, Families, Rejection
from .metrics import Share, percent, roc_curve, wilson_interval

TILES = 36  # how many images are shown at most
COLUMNS = 6  # so that captions can be read on a phone
# Told apart by those who do not tell red from green too (Okabe and Ito, 2008, "Color Universal Design").
BLUE, ORANGE = "#0072B2", "#D55E00"
COLOURS = (BLUE, ORANGE, "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")


def plot_confusion(name: str, evaluation: Evaluation) -> Figure:
    """Draw the confusion matrix; cells are coloured by their share of the row, so that rare mistakes show."""
    confusion = evaluation.confusion
    shares = confusion / np.maximum(confusion.sum(axis=1, keepdims=True), 1)
    figure = Figure(figsize=(7, 6.5), layout="constrained")
    axes = figure.add_subplot()
    axes.imshow(np.sqrt(shares), cmap="Blues", vmin=0, vmax=1)
    for (row, column), count in np.ndenumerate(confusion):
        if count:
            colour = "white" if shares[row, column] > 0.4 else "black"
            axes.text(column, row, str(count), ha="center", va="center", color=colour, fontsize=9)
    axes.set(
        xticks=range(10),
        yticks=range(10),
        xlabel="read as",
        ylabel="true digit",
        title=f"{name}: {evaluation.accuracy:.2%} of {len(evaluation.labels):,} digits read right",
    )
    return figure


def plot_mistakes(name: str, evaluation: Evaluation) -> Figure:
    """Draw the most confident mistakes, each with its true digit, the one that was read, and the confidence."""
    worst = evaluation.worst_mistakes(TILES)
    captions = [
        f"{label} read as {digit}\n{percent(confidence)} sure"
        for label, digit, confidence in zip(
            evaluation.labels[worst], evaluation.digits[worst], evaluation.confidences[worst], strict=True
        )
    ]
    wrong = int((~evaluation.right).sum())
    title = f"mistakes ({len(worst)} of {wrong:,}), the most confident first" if wrong else "no mistakes"
    return plot_tiles(f"{name}: {title}", evaluation.images[worst], captions)


def plot_accepted(name: str, rejection: Rejection) -> Figure:
    """Draw what was taken for a digit and is none, the likeliest digits first, each with what it was read as."""
    worst = rejection.worst_mistakes(TILES)
    captions = [
        f"{rejection.kinds[index][:20]}\nas {rejection.digits[index]}, {percent(rejection.confidences[index])}".lstrip()
        for index in worst
    ]
    taken = int((~rejection.refused).sum())
    title = f"taken for digits ({len(worst)} of {taken:,}), the likeliest first" if taken else "none taken for a digit"
    return plot_tiles(f"{name}: {title}", rejection.images[worst], captions)


def plot_tiles(title: str, images: NDArray[np.uint8], captions: Sequence[str]) -> Figure:
    """Draw images in rows, ink dark on light, each below its caption; one pair of axes, which is fast."""
    rows, pitch = max(1, -(-len(images) // COLUMNS)), 1.45  # a tile is 1 wide; the rest of the pitch is its caption's
    figure = Figure(figsize=(1.4 * COLUMNS, 1.75 * rows + 0.5), layout="constrained")
    axes = figure.add_subplot()
    for place, (image, caption) in enumerate(zip(images, captions, strict=True)):
        left, top = place % COLUMNS * 1.2, place // COLUMNS * pitch
        axes.imshow(image, cmap="gray_r", vmin=0, vmax=255, extent=(left, left + 1, top + 1, top))
        axes.text(left + 0.5, top - 0.04, caption, ha="center", va="bottom", fontsize=9)
    axes.set(xlim=(-0.1, COLUMNS * 1.2 - 0.1), ylim=(rows * pitch - 0.4, -0.45), title=title)
    axes.axis("off")
    return figure


def plot_reliability(families: dict[str, Evaluation]) -> Figure:
    """Draw accuracy against confidence for each family, with 95 % intervals, and how many images each bin holds."""
    figure = Figure(figsize=(3.6 * len(families) + 0.4, 4.8), layout="constrained")
    axes = figure.subplots(2, len(families), sharex=True, squeeze=False, height_ratios=(3, 1))
    edges = np.arange(BINS) / BINS
    for column, (name, family) in enumerate(families.items()):
        binned = family.reliability
        filled = np.flatnonzero(binned.counts)
        accuracy = binned.correct[filled] / binned.counts[filled]
        intervals = [wilson_interval(int(binned.correct[bin]), int(binned.counts[bin])) for bin in filled]
        upper, lower = axes[0, column], axes[1, column]
        upper.plot([0, 1], [0, 1], color="grey", linestyle=":", label="honest")
        upper.vlines(binned.confidence[filled], *np.transpose(intervals), color=BLUE, alpha=0.5)
        upper.plot(binned.confidence[filled], accuracy, "o", markersize=4, color=BLUE, label="measured, 95 %")
        upper.set(xlim=(0, 1.02), ylim=(0, 1.02), title=f"{name}\ncalibration error {family.calibration_error:.2%}")
        lower.bar(edges, binned.counts, 1 / BINS, align="edge", color=BLUE, edgecolor="white")
        lower.set(yscale="log", ylim=(0.5, None), xlabel="confidence")
        lower.yaxis.set_major_formatter("{x:,.0f}")
    axes[0, 0].set_ylabel("share read right")
    axes[0, 0].legend(loc="lower right", fontsize=8)
    axes[1, 0].set_ylabel("images")
    return figure


def plot_roc(families: Families) -> Figure:
    """Draw how many digits are kept for how many non-digits let through, as the threshold moves; whole, and the top."""
    figure = Figure(figsize=(10, 4.8), layout="constrained")
    digits = list(families.digits.values())
    scores = (
        ("log-odds", "-", np.concatenate([family.scores.log_odds for family in digits])),
        ("confidence", ":", np.concatenate([family.confidences for family in digits])),
    )
    kept = float(np.mean(np.concatenate([~family.refused for family in digits])))
    whole, top = figure.subplots(1, 2)
    for axes, least in ((whole, 0.0), (top, 0.95)):
        for (name, family), colour in zip(families.non_digits.items(), cycle(COLOURS), strict=False):
            for (score, style, positive), negative in zip(
                scores, (family.scores.log_odds, family.confidences), strict=True
            ):
                axes.plot(*roc_curve(positive, negative), style, color=colour, label=f"{name}, by {score}")
            axes.plot(float(np.mean(~family.refused)), kept, "o", color=colour)
        axes.set(
            xlim=(-0.01, 1.01),
            ylim=(least, 1 + (1 - least) * 0.02),
            xlabel="share of non-digits taken for digits",
            ylabel="share of digits kept",
        )
    whole.set_title("all digits against each family")
    whole.legend(fontsize=8, loc="lower right")
    top.set_title("the top of it; dots: at the checkpoint's threshold")
    return figure


def plot_refusals(families: Families) -> Figure:
    """Draw the share of each family that is called no digit, with its 95 % interval."""
    everything: list[tuple[str, Answers, str]] = [
        *((name, family, BLUE) for name, family in families.digits.items()),
        *((name, family, ORANGE) for name, family in families.non_digits.items()),
    ]
    figure = Figure(figsize=(8, 0.5 * len(everything) + 1.4), layout="constrained")
    axes = figure.add_subplot()
    for place, (_, family, colour) in enumerate(everything):
        share = Share.of(family.refused)
        low, high = share.interval
        axes.barh(place, share.value, color=colour, alpha=0.75)
        axes.hlines(place, low, high, color="black", linewidth=1.5)
        axes.text(max(high, share.value) + 0.01, place, f"{share.value:.1%}", va="center", fontsize=9)
    axes.set(
        xlim=(0, 1.1),
        ylim=(len(everything) - 0.5, -0.5),
        xlabel="share called no digit: of digits (blue) the less the better, of non-digits (orange) the more",
    )
    axes.set_yticks(range(len(everything)), [name for name, _, _ in everything])
    axes.spines[["top", "right"]].set_visible(False)
    return figure
