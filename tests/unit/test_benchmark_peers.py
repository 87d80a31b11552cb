"""What the benchmark's servers rest on, without starting one: ends, errors, answers and weights."""

import json
import re
import sys

import psutil
import pytest
import torch
from torch.nn import functional as F

from benchmarks.peers import tfjs_weights
from benchmarks.peers.nothing_handler import ANSWER
from benchmarks.running import StartError, digit_of, running
from mnist_model import checkpoint
from mnist_model.archive import ROOT
from mnist_model.dataset import load_split

NOWHERE = "http://127.0.0.1:9/predictions/mnist"  # nothing listens on the port of "discard"
LEAVES_A_CHILD = """
import subprocess, sys
print("child", subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]).pid, flush=True)
sys.exit("no such model")
"""


def test_a_server_that_does_not_start_says_why_and_leaves_nothing() -> None:
    """The error has its name and its last words; a process that it started, and left behind, is ended too."""
    command = [sys.executable, "-c", LEAVES_A_CHILD]
    with (
        pytest.raises(StartError, match=r"(?s)^the peer ended before.*no such model") as error,
        running("the peer", command, NOWHERE, "json"),
    ):
        pass
    child = re.search(r"child (\d+)", str(error.value))
    assert child
    assert not psutil.pid_exists(int(child[1])) or psutil.Process(int(child[1])).status() == psutil.STATUS_ZOMBIE


def test_the_digit_of_an_answer() -> None:
    """Ours and the peers' answer with an object; TorchServe's example with the digit alone."""
    assert digit_of(b'{"digit": 7, "confidence": 0.9}') == 7
    assert digit_of(b"7") == 7


def test_the_handler_that_does_nothing_answers_as_ours_would() -> None:
    """Its constant answer has the real keys, and reads the digit that every server is first asked about."""
    answer = json.loads(ANSWER)
    assert list(answer) == ["digit", "confidence", "is_digit", "probabilities"]
    assert answer["digit"] == int(load_split(ROOT / "tests" / "data", "test", verify=False).labels[0])


@torch.inference_mode()
def test_the_weights_for_tensorflow_are_those_of_the_shipped_network() -> None:
    """Applied in TensorFlow's order of axes, the folded layers give the logits that PyTorch gives."""
    images = load_split(ROOT / "tests" / "data", "test", verify=False).images[:20]
    model = tfjs_weights.network()
    x = (images.unsqueeze(3).float() - model["mean"]) / model["std"]  # (N, height, width, channels)
    for layer in model["layers"]:
        weights = {name: torch.tensor(v["values"]).view(v["shape"]) for name, v in layer.items() if type(v) is dict}
        if layer["kind"] == "dense":
            x = x.flatten(1) @ weights["kernel"] + weights["bias"]
            continue
        x = x.permute(0, 3, 1, 2)
        if layer["kind"] == "conv":
            kernel = weights["kernel"].permute(3, 2, 0, 1)
            x = F.conv2d(x, kernel, weights["bias"], layer["stride"], layer["pad"]).relu()
        else:
            x = F.max_pool2d(x, 2, ceil_mode=layer["pad"] == "same")
        x = x.permute(0, 2, 3, 1)
    torch.testing.assert_close(x, checkpoint.load().build().eval().network(images), rtol=1e-3, atol=1e-3)
