"""What is measured of our own server alone: a lone client, many digits in a body, memory, start-up, parity."""

import contextlib
import http.client
import json
import os
import signal
import subprocess
import sys
import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_model.archive import ROOT
from mnist_model.dataset import SPLITS, load_split
from mnist_model.predictor import Predictor
from mnist_model.shipped import SHIPPED_MODEL
from serve.ports import VARIABLES, Ports, free_ports

from .bare_runtime import LARGE
from .bodies import digits
from .client import connection, post
from .load import LoadError, closed_loop
from .results import LoneClient, Outcome, OwnRound, Parity
from .running import Running
from .usage import cpu_seconds, rss_mb, snapshot

NAME = "our server"  # in errors
LONE_FORMS = ("json", "bytes")
REST_SECONDS = 2  # before memory is read
START_TIMEOUT_SECONDS = 120.0
STOP_TIMEOUT_SECONDS = 30.0
PARITY_BODY = 1000  # images in a body
THREADS = int(os.environ.get("OMP_NUM_THREADS") or 1)  # as the handler reads it


def measure_round(number: int, running: Running, seconds: int, at_rest: dict[str, float]) -> OwnRound:
    """Measure what a server that has just been under load does for a lone client, and with many digits in a body."""
    lone = []
    for form in LONE_FORMS:
        load = closed_loop(f"{NAME}, a lone client", running.url, form, seconds, connections=1)
        lone.append(LoneClient(form, load.requests, load.p50_ms, load.p99_ms))
    many_digits(running, seconds)  # warms up
    served, cpu_us = many_digits(running, seconds)
    after = memory(running)
    # The server is idle meanwhile.
    bare = json.loads(
        run_module("bare_runtime", "--network", SHIPPED_MODEL, "--threads", THREADS, "--seconds", seconds)
    )
    return OwnRound(number, tuple(lone), served, cpu_us, bare["images_per_second"], at_rest, after)


def memory(running: Running) -> dict[str, float]:
    """MB by kind of process, of the largest worker where there are several, once the server has been idle a moment."""
    time.sleep(REST_SECONDS)
    return rss_mb(snapshot(running.process), max)


def many_digits(running: Running, seconds: float) -> tuple[float, float]:
    """Send LARGE digits in a body, one body after another; returns images a second and CPU microseconds an image."""
    body = np.resize(digits(), (LARGE, 28, 28)).tobytes()
    with connection(running.url) as client:
        post(client, running.url, body, "bytes")
        before, started, images = snapshot(running.process), time.perf_counter(), 0
        while (elapsed := time.perf_counter() - started) < seconds:
            post(client, running.url, body, "bytes")
            images += LARGE
    spent = sum(cpu_seconds(before, snapshot(running.process)).values())
    return images / elapsed, 1e6 * spent / images


def at_constant_rate(running: Running, rate: float, seconds: float, form: str) -> Outcome:
    """Load the server in an open loop.

    Raises:
        LoadError: a request was not answered as it should be.
    """
    outcome = Outcome(
        **json.loads(
            run_module("open_loop", "--url", running.url, "--rate", rate, "--seconds", seconds, "--form", form)
        )
    )
    if outcome.answered < outcome.requests:
        raise LoadError(
            f"{NAME} at {rate:.0f} requests/s: expected {outcome.requests:,} answers, got {outcome.answered:,} and "
            f"{outcome.errors}; a run with errors is no measurement: look at the server's log"
        )
    return outcome


def run_module(name: str, *arguments: object) -> str:
    """Run one of the programs beside this one in a process of its own; returns what it printed.

    Raises:
        LoadError: it failed.
    """
    command = [sys.executable, "-m", f"benchmarks.{name}", *map(str, arguments)]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise LoadError(f"benchmarks.{name} ended with status {result.returncode}: {result.stderr.strip()[-500:]}")
    return result.stdout


def start_up() -> float:
    """Seconds from the command `python -m serve` to the first right answer, on a machine that is set up.

    Raises:
        LoadError: it ended, or gave no right answer in time.
    """
    split = load_split(ROOT / "tests" / "data", "test", verify=False)
    body, label = split.images[0].numpy().tobytes(), int(split.labels[0])
    ports = Ports(*free_ports(4))
    environment = {**os.environ, **{VARIABLES[name]: str(port) for name, port in vars(ports).items()}}
    url = f"{ports.url('inference')}/predictions/mnist"
    started = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "serve"], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    try:
        while (elapsed := time.perf_counter() - started) < START_TIMEOUT_SECONDS:
            if process.poll() is not None:
                assert process.stderr is not None
                raise LoadError(f"python -m serve ended by itself: {process.stderr.read()[-500:].decode()}")
            with contextlib.suppress(OSError, LoadError, http.client.HTTPException), connection(url) as client:
                if json.loads(post(client, url, body, "bytes"))["digit"] == label:
                    return time.perf_counter() - started
            time.sleep(0.01)
        raise LoadError(f"python -m serve: expected the digit {label} as an answer, got none within {elapsed:.0f} s")
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=STOP_TIMEOUT_SECONDS)


def parity(running: Running) -> Parity:
    """Compare the server's answers with the predictor's, on MNIST's test digits or, without data/, on the sample."""
    whole = all((ROOT / "data" / name).is_file() for name in SPLITS["test"])
    folder = "data" if whole else "tests/data"
    images = load_split(ROOT / folder, "test", verify=whole).images.numpy()
    expected = Predictor.load().predict(images)
    served = ask_about(running.url, images)
    different = sum(answer["digit"] != prediction.digit for answer, prediction in zip(served, expected, strict=True))
    differences = np.array([answer["probabilities"] for answer in served]) - [each.probabilities for each in expected]
    return Parity(len(images), folder, different, float(np.abs(differences).max()))


def ask_about(url: str, images: NDArray[np.uint8]) -> list[dict[str, Any]]:
    """Ask a server about images, PARITY_BODY in a body; its answers in order."""
    answers: list[dict[str, Any]] = []
    with connection(url) as client:
        for start in range(0, len(images), PARITY_BODY):
            content = post(client, url, images[start : start + PARITY_BODY].tobytes(), "bytes")
            answers += json.loads(content)["predictions"]
    return answers
