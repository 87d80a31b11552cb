"""Every server that `make bench` compares ours with, each started by one function; peers/README.md says how tuned."""

import json
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from mnist_model.shipped import SHIPPED_MODEL
from serve.ports import HOST, free_ports

from . import torchserves
from .peers import tfjs_weights
from .running import Running, StartError, peers_program, running

PEERS = Path(__file__).parent / "peers"


@dataclass(frozen=True)
class Contender:
    """A server to measure.

    Attributes:
        name: as the table shows it.
        forms: which bodies it takes, of `bodies.CONTENT_TYPES`.
        start: starts it, waits until it has read a digit rightly, and stops it in the end; raises `StartError`.
    """

    name: str
    forms: tuple[str, ...]
    start: Callable[[], AbstractContextManager[Running]]


@contextmanager
def _fastify_onnx() -> Iterator[Running]:
    with _node("Fastify with ONNX Runtime", ("cluster.mjs", "fastify_onnx.mjs"), SHIPPED_MODEL, "1") as server:
        yield server


@contextmanager
def _fastify_onnx_batched() -> Iterator[Running]:
    with _node("Fastify with ONNX Runtime, batched", ("cluster.mjs", "fastify_onnx.mjs"), SHIPPED_MODEL) as server:
        yield server


@contextmanager
def _fastify_tfjs() -> Iterator[Running]:
    with tempfile.TemporaryDirectory() as folder:
        weights = Path(folder) / "weights.json"
        weights.write_text(json.dumps(tfjs_weights.network()))
        with _node("Fastify with TensorFlow.js", ("fastify_tfjs.mjs",), weights) as server:
            yield server


@contextmanager
def _python_onnx(name: str, module: str) -> Iterator[Running]:
    port, url = _address()
    command = [peers_program("python"), "-m", f"benchmarks.peers.{module}", str(port), str(SHIPPED_MODEL)]
    with running(name, command, url, "json") as server:
        yield server


@contextmanager
def _flask_torch() -> Iterator[Running]:
    port, url = _address()
    command = [
        *(peers_program("gunicorn"), "--bind", f"{HOST}:{port}", "--worker-class", "gthread", "--threads", "2"),
        *("--no-control-socket", "benchmarks.peers.flask_torch:create_app()"),
    ]
    with running("Flask with PyTorch", command, url, "json") as server:
        yield server


def _node(name: str, scripts: tuple[str, ...], model: Path, *options: str) -> AbstractContextManager[Running]:
    node = shutil.which("node")
    if node is None or not (PEERS / "node_modules").is_dir():
        raise StartError(
            f"expected node and {PEERS}/node_modules for {name}, found not both; `make bench` sets them up"
        )
    port, url = _address()
    return running(name, [node, *(PEERS / script for script in scripts), str(port), model, *options], url, "json")


def _address() -> tuple[int, str]:
    port = free_ports(1)[0]
    return port, f"http://{HOST}:{port}/predictions/mnist"


CONTENDERS = (
    Contender("ours", ("json", "bytes", "png"), torchserves.ours),
    Contender("ours, one worker", ("json", "bytes"), torchserves.one_worker),
    Contender("TorchServe, a handler that does nothing", ("json", "bytes"), torchserves.nothing),
    Contender(
        "TorchServe, a handler that does nothing but read ahead",
        ("bytes",),
        partial(torchserves.nothing, "nothing_reading_ahead.py"),
    ),
    Contender("TorchServe, its MNIST example", ("png",), torchserves.stock),
    Contender("Fastify, ONNX Runtime", ("json", "bytes"), _fastify_onnx),
    Contender("Fastify, ONNX Runtime, batched", ("json", "bytes"), _fastify_onnx_batched),
    Contender("Fastify, TensorFlow.js on WebAssembly", ("json", "bytes"), _fastify_tfjs),
    Contender(
        "FastAPI, ONNX Runtime", ("json", "bytes"), partial(_python_onnx, "FastAPI with ONNX Runtime", "fastapi_onnx")
    ),
    Contender(
        "LitServe, ONNX Runtime", ("json",), partial(_python_onnx, "LitServe with ONNX Runtime", "litserve_onnx")
    ),
    Contender("Flask, PyTorch", ("json", "bytes"), _flask_torch),
)
