"""TorchServe three times: ours, with a handler that does nothing, and its MNIST example as its users run it."""

import os
import subprocess
import sys
import tempfile
import threading
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import torch

from mnist_model.archive import MLP_NAME, MODEL_NAME, MODEL_STORE, MODEL_VERSION, ROOT, build_archives
from mnist_model.checkpoint import atomic_file
from mnist_model.dataset import load_split
from serve.java import java_home
from serve.ports import HOST, Ports, free_ports
from serve.torchserve import TorchServe

from .pytorch_examples import network, normalise, train
from .running import Running, StartError, peers_program, running, wait_for_digit

PEERS = ROOT / "benchmarks" / "peers"
STOCK_WEIGHTS = MODEL_STORE / "stock.pt"
STOCK_EPOCHS = 5  # over the thousand test digits, some seconds: it is to answer them rightly, which is all we measure
STOCK_PORTS = ("inference", "management", "metrics", "grpc_inference", "grpc_management")
# What the example's users set, and gRPC's ports, because two of them may not share those.
STOCK_CONFIG = """\
inference_address=http://{host}:{inference}
management_address=http://{host}:{management}
metrics_address=http://{host}:{metrics}
grpc_inference_port={grpc_inference}
grpc_management_port={grpc_management}
disable_token_authorization=true
model_store={store}
load_models=mnist.mar
"""


def ours() -> AbstractContextManager[Running]:
    """What `mnist serve` runs."""
    return _configured("ours", build_archives())


@contextmanager
def one_worker() -> Iterator[Running]:
    """The same with one worker in place of config.properties' two."""
    with _configured("ours, one worker", build_archives(), workers=1) as server:
        yield server


@contextmanager
def nothing(handler: str = "nothing_handler.py") -> Iterator[Running]:
    """The same TorchServe and configuration, with a handler that does nothing."""
    with tempfile.TemporaryDirectory() as folder:
        archives = [_archive(name, Path(folder), "--handler", PEERS / handler) for name in (MODEL_NAME, MLP_NAME)]
        with _configured("TorchServe with a handler that does nothing", archives) as server:
            yield server


@contextmanager
def _configured(name: str, archives: Sequence[Path], workers: int | None = None) -> Iterator[Running]:
    ports = Ports(*free_ports(4))
    url = f"{ports.url('inference')}/predictions/{MODEL_NAME}"
    with TorchServe(ports, archives) as torchserve:
        torchserve.wait_until_ready(threading.Event())
        if workers:
            scaled = f"{ports.url('management')}/models/{MODEL_NAME}?min_worker={workers}&max_worker={workers}"
            urllib.request.urlopen(urllib.request.Request(f"{scaled}&synchronous=true", method="PUT")).close()
        wait_for_digit(name, url, "json", torchserve.process.is_running)
        yield Running(url, torchserve.process)


@contextmanager
def stock() -> Iterator[Running]:
    """TorchServe's MNIST example, with TorchServe's default settings."""
    if not STOCK_WEIGHTS.exists():
        _train_stock()
    ports = dict(zip(STOCK_PORTS, free_ports(len(STOCK_PORTS)), strict=True))
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        _archive(
            *(MODEL_NAME, folder, "--handler", PEERS / "stock_handler.py"),
            *("--model-file", PEERS / "stock_network.py", "--serialized-file", STOCK_WEIGHTS),
        )
        config = folder / "config.properties"
        config.write_text(STOCK_CONFIG.format(host=HOST, store=folder, **ports))
        home = java_home()
        command = [peers_program("python"), "-m", "ts.model_server", "--start", "--foreground", "--ncs"]
        with running(
            "TorchServe's MNIST example",
            [*command, "--ts-config", config],
            f"http://{HOST}:{ports['inference']}/predictions/{MODEL_NAME}",
            "png",
            folder=folder,  # its logs go there
            TMPDIR=temporary,
            TEMP=temporary,  # Java's: the sockets of the workers have fixed names there
            PYTHONPATH=str(ROOT),  # for the network and the handler
            OMP_NUM_THREADS="1",  # torch's own choice, all cores for each worker, is many times slower
            **({"JAVA_HOME": str(home)} if home else {}),
        ) as server:
            yield server


def _train_stock() -> None:
    """Train the example's network by its own recipe, but on the test digits."""
    split = load_split(ROOT / "tests" / "data", "test", verify=False)
    torch.manual_seed(1)
    model = network()
    train(model, normalise(split.images), split.labels, STOCK_EPOCHS, lambda count, loss: None)
    with atomic_file(STOCK_WEIGHTS) as file:
        torch.save(model.state_dict(), file)


def _archive(name: str, folder: Path, *arguments: str | Path) -> Path:
    """Build `folder`/`name`.mar with torch-model-archiver."""
    with tempfile.TemporaryDirectory() as scratch:  # the archiver deletes $TMPDIR/<name> before it starts
        command = [
            *(sys.executable, "-m", "model_archiver.model_packaging", "--model-name", name),
            *("--version", MODEL_VERSION, "--export-path", str(folder), *map(str, arguments)),
        ]
        environment = {**os.environ, "TMPDIR": scratch}
        result = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    archive = folder / f"{name}.mar"
    if result.returncode != 0 or not archive.is_file():
        raise StartError(f"{name}: torch-model-archiver failed (exit status {result.returncode}): {result.stderr}")
    return archive
