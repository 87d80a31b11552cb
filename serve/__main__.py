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

from mnist_model.archive import build_archives
from mnist_model.checkpoint import SHIPPED_WEIGHTS
from mnist_model.errors import MnistError

from .browser_model import browser_model
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
    archives = build_archives(weights)
    for archive in archives:
        say(f"model    {archive}")
    with TorchServe(ports, archives) as torchserve:
        say("starting TorchServe …")
        model = for_browsers(weights)  # meanwhile
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


def for_browsers(weights: Path) -> Path | None:
    """The network for browsers that predict by themselves; None, with a line that says why, where there can be none."""
    try:
        return browser_model(weights)
    except ServeError as error:
        say(f"browser  the page predicts with the server only: {error}")
        return None


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
    parser.add_argument("--weights", type=Path, default=SHIPPED_WEIGHTS, metavar="FILE", help="a checkpoint")
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
