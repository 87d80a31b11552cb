"""Pictures of an evaluation: the confusion matrix and the worst mistakes, as PNG."""

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from .evaluation import Evaluation

MISTAKES = 40  # how many are shown at most
COLUMNS = 8


def write_report(evaluation: Evaluation, images: NDArray[np.uint8], folder: Path) -> list[Path]:
    """Write confusion.png and mistakes.png into `folder`; returns their paths.

    Args:
        evaluation: what was said of the images.
        images: (N, 28, 28) uint8, in the same order.
        folder: is made where it is missing.
    """
    folder.mkdir(parents=True, exist_ok=True)
    pictures = {"confusion.png": plot_confusion(evaluation), "mistakes.png": plot_mistakes(evaluation, images)}
    for name, figure in pictures.items():
        figure.savefig(folder / name, dpi=120)
    return [folder / name for name in pictures]


def plot_confusion(evaluation: Evaluation) -> Figure:
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
        title=f"{evaluation.accuracy:.2%} of {len(evaluation.labels)} digits read right",
    )
    return figure


def plot_mistakes(evaluation: Evaluation, images: NDArray[np.uint8]) -> Figure:
    """Draw the most confident mistakes, each with its true digit, the one that was read, and the confidence."""
    worst = evaluation.worst_mistakes(MISTAKES)
    rows = max(1, -(-len(worst) // COLUMNS))
    figure = Figure(figsize=(1.5 * COLUMNS, 1.8 * rows + 0.5), layout="constrained")
    figure.suptitle(f"the {len(worst)} most confident mistakes" if len(worst) else "no mistakes")
    for place, index in enumerate(worst):
        axes = figure.add_subplot(rows, COLUMNS, place + 1)
        axes.imshow(images[index], cmap="gray_r")
        read, confidence = evaluation.digits[index], evaluation.confidences[index]
        axes.set_title(f"{evaluation.labels[index]} read as {read}\n{confidence:.0%}", fontsize=9)
        axes.axis("off")
    return figure
