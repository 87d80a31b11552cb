"""The README's shell examples, run as they stand against a running service."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from mnist_model.archive import ROOT
from serve.ports import Ports
from tests.service import Service

README = (ROOT / "README.md").read_text()
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
BLOCKS = [(match[1], match[2]) for match in BLOCK.finditer(README)]
EXAMPLES = [text for language, text in BLOCKS if language == "sh"]


def shown_answer(index: int) -> dict[str, object] | None:
    """The JSON that the README shows after its example of that number, if it does."""
    place = [number for number, (language, _) in enumerate(BLOCKS) if language == "sh"][index]
    if place + 1 < len(BLOCKS) and BLOCKS[place + 1][0] == "json":
        answer: dict[str, object] = json.loads(BLOCKS[place + 1][1])
        return answer
    return None


def test_there_are_examples_for_each_form_of_a_body() -> None:
    """And for PowerShell."""
    text = "\n".join(EXAMPLES)
    for form in ("octet-stream", "@digit.json", "image/png", '"strokes"', "tensor", "instances"):
        assert form in text
    assert any(language == "powershell" for language, _ in BLOCKS)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, service: Service) -> Path:
    """A folder with what the examples name; digits were predicted before the metrics are asked for."""
    folder = tmp_path_factory.mktemp("readme")
    for name in ("docs", "tests/data"):
        shutil.copytree(ROOT / name, folder / name)
    service.post(json.dumps({"strokes": [[[0, 0], [0, 9]]]}).encode(), "application/json")
    return folder


def test_the_examples_work(folder: Path, service: Service) -> None:
    """In order, each by itself in a shell; what the README shows as an answer is the answer, to six places."""
    assert shutil.which("curl"), "the README's examples need curl; install it"
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    for index, text in enumerate(EXAMPLES):
        for name, default in vars(Ports()).items():
            text = text.replace(f"127.0.0.1:{default}/", f"127.0.0.1:{vars(service.ports)[name]}/")
        result = subprocess.run(
            ["bash", "-ec", text], cwd=folder, env=environment, capture_output=True, text=True, timeout=60, check=False
        )
        assert result.returncode == 0, f"{text}\n{result.stderr}"
        assert result.stdout.strip(), text
        if "/predictions/" not in text:
            continue
        answer = json.loads(result.stdout)
        if shown := shown_answer(index):
            probabilities = answer.pop("probabilities", []), shown.pop("probabilities", [])
            assert probabilities[0] == pytest.approx(probabilities[1], abs=1e-6)
            assert answer == pytest.approx(shown, abs=1e-6)
        elif "number" in answer:
            assert answer["number"] == "71"
        else:
            answers = answer.get("predictions", [answer])
            expected = {7} if "tensor" not in text else set(range(10))  # 784 ones may be read as anything
            assert {each["digit"] for each in answers} <= expected


@pytest.mark.parametrize("path", sorted(set(re.findall(r"\]\(([^)#:]+)\)", README))))
def test_links_lead_somewhere(path: str) -> None:
    """Pictures and documents are there."""
    assert (ROOT / path).is_file()


def test_the_commands_by_hand_are_those_that_are_tested() -> None:
    """tests/serving starts TorchServe so, with other ports."""
    assert "torchserve --start --ncs --ts-config config.properties" in README
    assert all(f"make {target}" in README for target in ("serve", "test"))
