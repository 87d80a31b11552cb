"""`mnist serve`: TorchServe with the recogniser, and the page, until Ctrl-C or SIGTERM.

The ports are chosen by PORT (the page), INFERENCE_PORT, MANAGEMENT_PORT and METRICS_PORT.
"""

import argparse
import os
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from mnist_model.archive import MODEL_STORE, build_archives
from mnist_model.errors import MnistError
from mnist_model.served import served_file
from mnist_model.shipped import SHIPPED_MODEL

from .errors import ServeError
from .page import PageServer
from .ports import Ports
from .torchserve import TorchServe

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def run(ports: Ports, weights: Path, stop: threading.Event) -> None:
    """Serve until `stop` is set or something fails; whatever was started is stopped in either case.

    Raises:
        ServeError: something could not start, or TorchServe crashed.
        MnistError: the archive could not be built.
    """
    ports.require_free()
    if weights.suffix != ".onnx":
        say(f"exporting {weights}, unless that was done before …")
    model = served_file(weights, MODEL_STORE)
    archives = build_archives(model)
    for archive in archives:
        say(f"model    {archive}")
    with TorchServe(ports, archives) as torchserve:
        say("starting TorchServe …")
        torchserve.wait_until_ready(stop)
        with PageServer(ports, model):
            if not stop.is_set():
                for archive in archives:
                    say(f"API      {ports.url('inference')}/predictions/{archive.stem}")
                say(f"manage   {ports.url('management')}")
                say(f"metrics  {ports.url('metrics')}/metrics")
                say(f"page     {ports.url('page')}")
                say("Ready. Ctrl-C stops it.")
            while not stop.wait(0.2):
                torchserve.require_alive()


def say(line: str) -> None:
    """Print at once, also into a pipe."""
    print(line, flush=True)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns 0 when a signal ended it, 1 when something failed."""
    parser = argparse.ArgumentParser(
        prog="mnist serve",
        description="Serve the recogniser with TorchServe, and the page that draws for it.",
        epilog="example:\n  PORT=8800 mnist serve\n\nports: PORT (8000, the page), INFERENCE_PORT (8080), "
        "MANAGEMENT_PORT (8081), METRICS_PORT (8082)",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--weights",
        type=Path,
        default=SHIPPED_MODEL,
        metavar="FILE",
        help="an ONNX file of `mnist export`, or a checkpoint",
    )
    args = parser.parse_args(argv)
    # A signal sets an event and nothing else, so that nothing can be cut off in the middle of starting or stopping.
    stop = threading.Event()
    for number in SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:  # as `nohup` has it for SIGHUP
            signal.signal(number, lambda number, frame: stop.set())
    try:
        run(Ports.from_environment(os.environ), args.weights, stop)
    except (ServeError, MnistError, OSError) as error:
        print(f"mnist serve: {error}", file=sys.stderr)
        return 1
    say("stopped")
    return 0


if __name__ == "__main__":
    sys.exit(main())
