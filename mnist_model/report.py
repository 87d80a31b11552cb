"""The report of an evaluation: index.html with its pictures, report.json with every number, tables for a terminal."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from matplotlib import rc_context
from matplotlib.figure import Figure

from .calibration import BINS
from .evaluation import CONFIDENT, Families
from .metrics import Share
from .plots import plot_accepted, plot_confusion, plot_mistakes, plot_refusals, plot_reliability, plot_roc
from .scores import CLASSES

LEAST_REFUSED_KINDS = 20  # as many are listed; report.json has all


class Table(NamedTuple):
    """Rows of text under their headings; the first column names the row."""

    title: str
    note: str
    header: tuple[str, ...]
    rows: list[tuple[str, ...]]

    def __str__(self) -> str:
        """For a terminal: names to the left, numbers to the right."""
        lines = (self.header, *self.rows)
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        return "\n".join(
            "  ".join(
                cell.rjust(width) if column else cell.ljust(width)
                for column, (cell, width) in enumerate(zip(line, widths, strict=True))
            )
            for line in lines
        )


class Picture(NamedTuple):
    """A plot, the name of its file, and what it shows, for those who do not see it."""

    file: str
    description: str
    figure: Figure


class Section(NamedTuple):
    """A part of the page."""

    title: str
    tables: list[Table]
    pictures: list[Picture]


def write_report(families: Families, about: Mapping[str, str], weights: Path, folder: Path) -> list[Path]:
    """Write index.html, its PNG pictures and report.json into `folder`.

    Args:
        families: what was measured.
        about: what it was measured of: arch, seed, temperature and min_log_odds, as `Predictor.about` has them.
        weights: the file, to be named.
        folder: is made where it is missing; an older report's files of the same names are overwritten.

    Returns:
        The paths of the page and of the JSON.
    """
    folder.mkdir(parents=True, exist_ok=True)
    measured = {
        "weights": str(weights),
        "arch": about["arch"],
        "seed": int(about["seed"]),
        "temperature": float(about["temperature"]),
        "min_log_odds": float(about["min_log_odds"]),
    }
    with rc_context({"text.parse_math": False}):  # a dollar in a name is a dollar, not the beginning of a formula
        parts = sections(families)
        for picture in (picture for part in parts for picture in part.pictures):
            picture.figure.savefig(folder / picture.file, dpi=120)
    page, numbers = folder / "index.html", folder / "report.json"
    # autoescape: names of files and of kinds are anybody's
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    page.write_text(environment.get_template("report.html").render(about=measured, sections=parts), encoding="utf-8")
    numbers.write_text(json.dumps({"checkpoint": measured, **families.numbers()}, indent=1, allow_nan=False) + "\n")
    return [page, numbers]


def sections(families: Families) -> list[Section]:
    """Return what the page shows, in order."""
    digits = Section("Digits", [digits_table(families), recall_table(families)], [])
    digits.pictures.append(
        Picture(
            "reliability.png",
            "Reliability diagram: the share of digits read right at each confidence, for each family",
            plot_reliability(families.digits),
        )
    )
    for name, family in families.digits.items():
        confusion, mistakes = plot_confusion(name, family), plot_mistakes(name, family)
        digits.pictures.append(Picture(f"confusion-{name}.png", f"Confusion matrix of {name}", confusion))
        digits.pictures.append(Picture(f"mistakes-{name}.png", f"The most confident mistakes in {name}", mistakes))
    refusals = Picture("refusals.png", "The share of each family that is called no digit", plot_refusals(families))
    if not families.non_digits:
        return [digits, Section("Refusals", [], [refusals])]
    rest = Section("What is no digit", [non_digits_table(families), separation_table(families)], [refusals])
    rest.pictures.append(
        Picture(
            "roc.png",
            "ROC curves: the share of digits kept against the share of non-digits taken for digits, by log-odds and "
            "by confidence",
            plot_roc(families),
        )
    )
    for name, rejection in families.non_digits.items():
        if rejection.refused_by_kind:
            rest.tables.append(kinds_table(name, rejection.refused_by_kind))
        rest.pictures.append(
            Picture(f"accepted-{name}.png", f"Non-digits of {name} taken for digits", plot_accepted(name, rejection))
        )
    return [digits, rest]


def terminal_tables(families: Families) -> list[Table]:
    """Return the tables that a terminal has room for."""
    tables = [digits_table(families), recall_table(families)]
    return [*tables, non_digits_table(families), separation_table(families)] if families.non_digits else tables


def digits_table(families: Families) -> Table:
    """Accuracy, calibration and refusals of each family of digits."""
    return Table(
        "How well digits are read",
        f"Brackets: 95 % interval (Wilson). Calibration error: how far confidence is from accuracy, in {BINS} bins. "
        "Refused: called no digit at the checkpoint's threshold. Kept and right: accuracy where each refusal is a "
        "mistake too.",
        ("digits", "images", "accuracy", "calibration error", "refused", "kept and right"),
        [
            (
                name,
                f"{len(family.labels):,}",
                with_interval(Share.of(family.right)),
                f"{family.calibration_error:.2%}",
                with_interval(Share.of(family.refused)),
                with_interval(Share.of(family.accepted_and_right)),
            )
            for name, family in families.digits.items()
        ],
    )


def recall_table(families: Families) -> Table:
    """Recall of each digit in each family."""
    return Table(
        "Recall",
        "Of each digit's images, the share that was read as it.",
        ("recall", *map(str, range(CLASSES))),
        [
            (name, *(f"{share.value:.1%}" if share.total else "-" for share in family.recall))
            for name, family in families.digits.items()
        ],
    )


def non_digits_table(families: Families) -> Table:
    """Refusals of each family of non-digits."""
    return Table(
        "How much is refused",
        "Refused: called no digit, as it should be. Brackets: 95 % interval (Wilson).",
        ("no digits", "images", "refused", f"over {CONFIDENT:.0%} sure of a digit"),
        [
            (
                name,
                f"{len(family.images):,}",
                with_interval(Share.of(family.refused)),
                with_interval(Share.of(family.confident)),
            )
            for name, family in families.non_digits.items()
        ],
    )


def separation_table(families: Families) -> Table:
    """How well digits are told from each family of non-digits, by either score."""
    mnist = next(iter(families.digits))
    rows = []
    for name in families.non_digits:
        against_all, against_mnist = families.separations(name)
        rows.append((name, *(f"{area:.4f}" for area in (*against_all, *against_mnist))))
    return Table(
        "Which score should refuse",
        "Area under the ROC curve, whatever the threshold: the chance that a digit scores above a non-digit; 1 is "
        "perfect, 0.5 is chance. Log-odds are what decides; confidence is what else could.",
        ("AUROC", "log-odds, all digits", "confidence, all digits", f"log-odds, {mnist}", f"confidence, {mnist}"),
        rows,
    )


def kinds_table(name: str, refused: dict[str, Share]) -> Table:
    """The kinds of a family that are refused least."""
    return Table(
        f"{name}: the kinds that are refused least",
        f"{min(LEAST_REFUSED_KINDS, len(refused))} of {len(refused)} kinds; report.json has them all.",
        ("kind", "images", "refused"),
        [(kind, str(share.total), with_interval(share)) for kind, share in list(refused.items())[:LEAST_REFUSED_KINDS]],
    )


def with_interval(share: Share) -> str:
    """A share and its 95 % interval, for people."""
    low, high = share.interval
    return f"{share.value:.2%} ({low * 100:.2f}-{high * 100:.2f})"
