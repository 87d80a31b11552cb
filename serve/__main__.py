"""`mnist serve`: TorchServe with the recogniser, and the page, until Ctrl-C or SIGTERM.

The ports are chosen by PORT (the page), INFERENCE_PORT, MANAGEMENT_PORT and METRICS_PORT.
"""

import argparse
import os
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from mnist_model.archive import build_archive
from mnist_model.checkpoint import SHIPPED_WEIGHTS
from mnist_model.errors import MnistError

from .errors import ServeError
from .page import PageServer
from .ports import Ports
from .torchserve import TorchServe


class Stopped(BaseException):
    """A signal asked us to end."""


def run(ports: Ports, weights: Path) -> None:
    """Serve until a signal or a failure; whatever was started is stopped in either case.

    Raises:
        ServeError: something could not start, or TorchServe crashed.
        MnistError: the archive could not be built.
        Stopped: a signal ended it.
    """
    ports.require_free()
    say(f"model    {build_archive(weights)}")
    with TorchServe(ports) as torchserve:
        say("starting TorchServe …")
        torchserve.wait_until_ready()
        with PageServer(ports):
            say(f"API      {ports.url('inference')}/predictions/mnist")
            say(f"manage   {ports.url('management')}")
            say(f"metrics  {ports.url('metrics')}/metrics")
            say(f"page     {ports.url('page')}")
            say("Ready. Ctrl-C stops it.")
            while True:
                torchserve.require_alive()
                time.sleep(0.2)


def say(line: str) -> None:
    """Print at once, also into a pipe."""
    print(line, flush=True)


SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def stop(number: int, frame: FrameType | None) -> None:
    """Turn the first signal into an exception, so that what runs is stopped in order; a second one is ignored."""
    for each in SIGNALS:
        signal.signal(each, signal.SIG_IGN)
    raise Stopped


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
    for number in SIGNALS:
        signal.signal(number, stop)
    try:
        run(Ports.from_environment(os.environ), args.weights)
    except Stopped:
        say("stopped")
        return 0
    except (ServeError, MnistError, OSError) as error:
        print(f"mnist serve: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
