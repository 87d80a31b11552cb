"""Compares what could run the network: `make bench-runtimes`, or `python -m benchmarks.runtimes`.

Every runtime gets the same images on one thread, in turns, and its figures are the medians of the rounds with the least
and the greatest. What it says is held to PyTorch's. TorchInductor needs a C++ compiler; without one its rows are left
out, and that is said.
"""

import argparse
import json
import shutil
import statistics
import tempfile
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.machine import describe
from mnist_model import checkpoint as checkpoints
from mnist_model.archive import ROOT
from mnist_model.checkpoint import Checkpoint
from mnist_model.dataset import load_split
from mnist_model.export import ANY_BATCH, export
from mnist_model.onnx_runtime import OnnxRuntime
from mnist_model.preprocessing import SIZE
from mnist_model.scores import Runtime, Scores
from mnist_model.torch_runtime import TorchRuntime

RESULTS = ROOT / "benchmarks" / "results" / "runtimes.json"
BATCHES = (1, 8, 64, 4096)
ROUNDS = 7
IMAGES = 4096  # that a round gives to each runtime at each batch size, but 512 in batches of one
REFERENCE = "PyTorch, eager"


def runtimes(checkpoint: Checkpoint, images: NDArray[np.uint8], folder: Path) -> Iterator[tuple[str, Runtime]]:
    """Every runtime of the network, by name; the reference is the first."""
    yield REFERENCE, TorchRuntime(checkpoint.build())
    if shutil.which("g++"):
        yield from compiled(checkpoint, images, folder)
    rounded, floats, _ = export(checkpoint, folder, images[:1000])
    yield "ONNX Runtime, float32", OnnxRuntime(floats.path, threads=1)
    yield "ONNX Runtime, 8 bits (served)", OnnxRuntime(rounded.path, threads=1)


def compiled(checkpoint: Checkpoint, images: NDArray[np.uint8], folder: Path) -> Iterator[tuple[str, Runtime]]:
    """TorchInductor's code for any batch size, at run time and ahead of time (a `.pt2`)."""
    network = checkpoint.build().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    just_in_time = torch.compile(network, dynamic=True)
    yield "torch.compile", scored(just_in_time)
    exported = torch.export.export(network, (torch.tensor(images[:2]),), dynamic_shapes=ANY_BATCH)
    package = torch._inductor.aoti_compile_and_package(exported, package_path=str(folder / "compiled.pt2"))
    yield "AOTInductor .pt2", scored(torch._inductor.aoti_load_package(package))


def scored(module: Any) -> Runtime:
    """What runs a compiled module."""

    @torch.inference_mode()
    def run(images: NDArray[np.uint8]) -> Scores:
        return Scores(*(output.numpy() for output in module(torch.tensor(images))))

    return run


def rate(run: Runtime, images: NDArray[np.uint8], batch: int) -> float:
    """Images a second."""
    images = np.resize(images, (512 if batch == 1 else IMAGES, SIZE, SIZE))
    start = time.perf_counter()
    for first in range(0, len(images), batch):
        run(images[first : first + batch])
    return len(images) / (time.perf_counter() - start)


Rates = dict[str, dict[int, list[float]]]  # images a second: of each runtime, at each batch size, in each round


def measure(candidates: dict[str, Runtime], images: NDArray[np.uint8], rounds: int) -> Rates:
    """One figure a round, the order turning with the rounds."""
    rates: Rates = {name: {batch: [] for batch in BATCHES} for name in candidates}
    names = list(candidates)
    for number in range(-1, rounds):  # the first, which warms up, does not count
        for name in names[number % len(names) :] + names[: number % len(names)]:
            for batch in BATCHES:
                found = rate(candidates[name], images, batch)
                if number >= 0:
                    rates[name][batch].append(found)
    return rates


def main() -> None:
    """Print the table, and keep every figure."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.runtimes", description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS, metavar="N", help=f"of each runtime ({ROUNDS})")
    args = parser.parse_args()
    torch.set_num_threads(1)
    folder = ROOT / "data" if (ROOT / "data" / "t10k-images-idx3-ubyte").exists() else ROOT / "tests" / "data"
    split = load_split(folder, "test", verify=False)
    images, labels = split.images.numpy(), split.labels.numpy()
    with tempfile.TemporaryDirectory() as temporary, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the compilers'
        candidates = dict(runtimes(checkpoints.load(), images, Path(temporary)))
        rates = measure(candidates, images, args.rounds)
        said = {name: [run(part) for part in np.split(images, 10)] for name, run in candidates.items()}
    probabilities = {name: np.concatenate([part.probabilities for part in parts]) for name, parts in said.items()}
    about = describe()
    print(f"images a second on one thread of {about['processor']}, median of {args.rounds} rounds (least-greatest)\n")
    print(f"| runtime | {' | '.join(f'batch {batch:,}' for batch in BATCHES)} | accuracy | furthest from PyTorch |")
    print("| --- " * (len(BATCHES) + 3) + "|")
    for name, by_batch in rates.items():
        cells = [f"{statistics.median(r):,.0f} ({min(r):,.0f}-{max(r):,.0f})" for r in by_batch.values()]
        right = (probabilities[name].argmax(axis=1) == labels).mean()
        furthest = np.abs(probabilities[name] - probabilities[REFERENCE]).max()
        print(f"| {name} | {' | '.join(cells)} | {right:.2%} of {len(labels):,} | {furthest:.1g} |")
    if "torch.compile" not in candidates:
        print("\ntorch.compile and AOTInductor were left out: expected a C++ compiler, found no g++")
    RESULTS.write_text(json.dumps({"machine": about, "threads": 1, "rates": rates}, indent=1))


if __name__ == "__main__":
    main()
