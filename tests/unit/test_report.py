"""The report's page, pictures, JSON and tables."""

import json
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pytest
import torch
from PIL import Image

from mnist_model import checkpoint as checkpoints
from mnist_model.dataset import Split
from mnist_model.evaluation import Families, evaluate, evaluate_non_digits
from mnist_model.predictor import Predictor
from mnist_model.report import terminal_tables, write_report
from mnist_model.torch_runtime import TorchRuntime

NASTY = 'a<b>&"c" $^{$ d'  # a name that breaks HTML, links and plots that do not escape it


class Page(HTMLParser):
    """What a page consists of: its text, its pictures, and every address that it names."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.text = ""
        self.alts: list[str] = []
        self.addresses: list[str] = []
        self.open: list[str] = []  # tags that are not closed yet
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: D102 - HTMLParser's own
        attributes = {name: value or "" for name, value in attrs}
        self.addresses += [attributes[name] for name in ("src", "href") if name in attributes]
        if tag == "img":
            self.alts.append(attributes["alt"])
        if tag not in ("img", "meta", "link"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:  # noqa: D102
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:  # noqa: D102
        self.text += data


@pytest.fixture(scope="module")
def families(digits: Split) -> Families:
    """The sample's digits, some of them again, and two families of what is no digit."""
    predictor = Predictor.load()
    families = Families({"MNIST": evaluate(predictor, digits)}, {})
    families.add(NASTY, evaluate(predictor, Split(digits.images[:60].flip(2), digits.labels[:60])))
    noise = torch.randint(0, 256, (50, 28, 28), generator=torch.Generator().manual_seed(0)).byte().numpy()
    families.add("noise", evaluate_non_digits(predictor, noise))
    turned = np.rot90(digits.images[:90].numpy(), axes=(1, 2)).copy()
    families.add(NASTY, evaluate_non_digits(predictor, turned, ["<i>lying</i>", "$_$"] * 45))
    return families


@pytest.fixture(scope="module")
def report(families: Families, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a whole report."""
    folder = tmp_path_factory.mktemp("reports") / "report"
    paths = write_report(families, checkpoints.load().about(), Path("runs/<mine>.pt"), folder)
    assert paths == [folder / "index.html", folder / "report.json"]
    return folder


def test_the_page_is_whole(report: Path) -> None:
    """Every tag is closed; every picture is there, is named in words, and can be read; nothing is from elsewhere."""
    page = Page(report / "index.html")
    assert page.open == []
    pictures = {unquote(address) for address in page.addresses if address.endswith(".png")}
    assert pictures == {path.name for path in report.glob("*.png")}
    assert pictures == {
        *("reliability.png", "refusals.png", "roc.png", "confusion-MNIST.png", "mistakes-MNIST.png"),
        *(f"confusion-{NASTY}.png", f"mistakes-{NASTY}.png", "accepted-noise.png", f"accepted-{NASTY}.png"),
    }
    assert set(page.addresses) - {"data:,", "report.json"} <= {a for a in page.addresses if a.endswith(".png")}
    assert not any(":" in address or address.startswith("/") for address in page.addresses if address != "data:,")
    assert len(page.alts) == len(pictures)
    assert all(page.alts)
    for picture in pictures:
        with Image.open(report / picture) as image:
            assert image.format == "PNG"
            assert min(image.size) > 200


def test_names_are_escaped(report: Path) -> None:
    """They show as they are, and none becomes a tag."""
    page = Page(report / "index.html")
    assert NASTY in page.text
    assert "runs/<mine>.pt" in page.text
    assert "<i>lying</i>" in page.text
    assert "<i>" not in (report / "index.html").read_text(encoding="utf-8")


def test_the_page_follows_the_reader(report: Path) -> None:
    """Light or dark as the system is, as wide as a phone, and readable without pictures."""
    html = (report / "index.html").read_text(encoding="utf-8")
    assert "prefers-color-scheme: dark" in html
    assert 'content="width=device-width, initial-scale=1"' in html
    assert "<script" not in html


def test_the_json_has_every_number(report: Path, families: Families) -> None:
    """What was measured, and of what."""
    numbers = json.loads((report / "report.json").read_text())
    checkpoint = checkpoints.load()
    assert numbers["checkpoint"]["weights"] == "runs/<mine>.pt"
    assert numbers["checkpoint"]["min_log_odds"] == checkpoint.min_log_odds
    assert numbers["checkpoint"]["temperature"] == checkpoint.temperature
    assert {key: numbers[key] for key in ("digits", "non_digits")} == json.loads(json.dumps(families.numbers()))


def test_tables_are_the_same_in_text_and_on_the_page(report: Path, families: Families) -> None:
    """Columns are aligned, and what a terminal shows stands on the page too."""
    page = Page(report / "index.html")
    tables = terminal_tables(families)
    assert [table.header[0] for table in tables] == ["digits", "recall", "no digits", "AUROC"]
    for table in tables:
        assert len({len(line) for line in str(table).splitlines()}) == 1
        assert all(cell in page.text for row in (table.header, *table.rows) for cell in row)
    accuracy = families.digits["MNIST"].accuracy
    assert f"{accuracy:.2%} (" in str(tables[0])


def test_a_perfect_network_has_a_report_too(digits: Split, tmp_path: Path) -> None:
    """Without a mistake, without non-digits, and with digits of which there are none."""
    found = evaluate(Predictor.load(), Split(digits.images[:5], digits.labels[:5]))
    perfect = replace(found, labels=found.digits)
    families = Families({"MNIST": perfect}, {})
    write_report(families, checkpoints.load().about(), Path("cnn.pt"), tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        *("confusion-MNIST.png", "index.html", "mistakes-MNIST.png"),
        *("refusals.png", "reliability.png", "report.json"),
    ]
    assert [table.header[0] for table in terminal_tables(families)] == ["digits", "recall"]
    assert "-" in terminal_tables(families)[1].rows[0]


def test_non_digits_that_are_all_refused_have_a_picture_too(digits: Split, tmp_path: Path) -> None:
    """It says that there are none, and the curves are drawn all the same."""
    strict = Predictor(TorchRuntime(checkpoints.load().build()), 1000.0)
    few = Split(digits.images[:5], digits.labels[:5])
    families = Families({"MNIST": evaluate(strict, few)}, {})
    families.add("all", evaluate_non_digits(strict, digits.images[5:9].numpy()))
    write_report(families, checkpoints.load().about(), Path("cnn.pt"), tmp_path)
    assert (tmp_path / "accepted-all.png").is_file()
    assert (tmp_path / "roc.png").is_file()
