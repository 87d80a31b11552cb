"""Measures a running service from the outside: `make bench`, or `python -m benchmarks.serving`.

It starts TorchServe on ports of its own, sends real requests over loopback, and prints a table: how long a lone
client waits for one digit, in each form of a body, and how many digits a second come back from one large body. The
client is Python and shares the machine's cores with the server, so these are figures of the whole, not of the server
alone. An answer that is an error ends the run.
"""

import http.client
import json
import os
import platform
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray

from mnist_model.archive import ROOT, build_archives
from mnist_model.dataset import load_split
from serve.ports import HOST, Ports, free_ports
from serve.torchserve import TorchServe

REQUESTS = 1000  # of each form, after as many to warm up
LARGE = 4096  # images in the large body
LARGE_REPEATS = 5
FORMS: dict[str, tuple[str | None, Callable[[NDArray[np.uint8]], bytes]]] = {
    "784 raw bytes": (None, lambda image: image.tobytes()),
    "JSON array": ("application/json", lambda image: json.dumps(image.ravel().tolist()).encode()),
}


@contextmanager
def running_service() -> Iterator[Ports]:
    """TorchServe with the shipped weights, as `mnist serve` runs it, on free ports."""
    ports = Ports(*free_ports(4))
    with TorchServe(ports, build_archives()) as torchserve:
        torchserve.wait_until_ready(threading.Event())
        yield ports


@contextmanager
def connection(port: int) -> Iterator[http.client.HTTPConnection]:
    """One keep-alive connection."""
    client = http.client.HTTPConnection(HOST, port, timeout=30)
    try:
        yield client
    finally:
        client.close()


def ask(client: http.client.HTTPConnection, body: bytes, content_type: str | None) -> tuple[float, dict[str, object]]:
    """Send one body; returns seconds from the first byte out to the last one in, and the answer.

    Raises:
        RuntimeError: the answer is an error.
    """
    headers = {"Content-Type": content_type} if content_type else {}
    start = time.perf_counter()
    client.request("POST", "/predictions/mnist", body, headers)
    response = client.getresponse()
    content = response.read()
    seconds = time.perf_counter() - start
    if response.status != 200:
        raise RuntimeError(f"expected 200, got {response.status}: {content[:200].decode(errors='replace')}")
    return seconds, json.loads(content)


def main() -> None:
    """Run all measurements and print them."""
    split = load_split(ROOT / "tests" / "data", "test", verify=False)
    images = split.images.numpy()
    large = np.resize(images, (LARGE, 28, 28)).tobytes()
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    with running_service() as ports, connection(ports.inference) as client:
        for name, (content_type, encode) in FORMS.items():
            bodies = [encode(image) for image in images]
            for body in bodies:
                ask(client, body, content_type)
            waits = sorted(1000 * ask(client, bodies[n % len(bodies)], content_type)[0] for n in range(REQUESTS))
            print(
                f"a lone client, {name:14} median {statistics.median(waits):6.2f} ms   "
                f"99 % {waits[int(0.99 * REQUESTS)]:6.2f} ms   n={REQUESTS}"
            )
        rates = [LARGE / ask(client, large, None)[0] for _ in range(LARGE_REPEATS)]
        print(
            f"{LARGE} digits in one body      median {statistics.median(rates):6.0f} digits/s   "
            f"({min(rates):.0f}-{max(rates):.0f})   n={LARGE_REPEATS}"
        )


if __name__ == "__main__":
    main()
