"""The `mnist` command line: what can be asked for, and how failures are told."""

import argparse
import logging
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from . import __version__, commands
from .archive import MODEL_STORE
from .errors import MnistError
from .shipped import SHIPPED_MODEL, SHIPPED_WEIGHTS


def build_parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    parser = argparse.ArgumentParser(prog="mnist", description="Read handwritten digits: train, measure, serve.")
    parser.add_argument("--version", action="version", version=f"mnist {__version__}")
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(name: str, run: Callable[..., None], summary: str, example: str) -> argparse.ArgumentParser:
        sub = subparsers.add_parser(
            name,
            help=summary,
            description=summary,
            epilog=f"example:\n  {example}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        sub.set_defaults(run=run)
        return sub

    def add_data(sub: argparse.ArgumentParser) -> None:
        sub.add_argument(
            "--data",
            type=Path,
            default=commands.DATA,
            metavar="DIR",
            help="MNIST's IDX files; fetched there if missing (data/)",
        )
        sub.add_argument("--no-verify", action="store_true", help="the files are another set in MNIST's format")

    def add_weights(sub: argparse.ArgumentParser) -> None:
        sub.add_argument(
            "--weights",
            type=Path,
            default=SHIPPED_MODEL,
            metavar="FILE",
            help="an ONNX file of `mnist export`, or a checkpoint (the shipped ONNX file, which is served)",
        )

    sub = command(
        "train", commands.train, "train a network and measure it", "mnist train --arch cnn --seed 1 --out runs/one"
    )
    add_data(sub)
    sub.add_argument(
        "--recipe", default="fast", choices=["fast", "best"], help="MNIST alone in a minute, or the shipped one (fast)"
    )
    sub.add_argument("--arch", choices=["cnn", "mlp"], help="the network (cnn)")
    sub.add_argument("--epochs", type=partial(whole_number, 1), metavar="N", help="passes over the data (the recipe's)")
    sub.add_argument("--seed", type=partial(whole_number, 0), metavar="N", help="of all randomness (0)")
    sub.add_argument("--out", type=Path, default=commands.RUN, metavar="DIR", help="where the run is kept (runs/mnist)")
    sub.add_argument("--resume", action="store_true", help="go on from the last whole epoch in --out")

    sub = command(
        "evaluate",
        commands.evaluate,
        "measure a network, and show where it fails",
        "mnist evaluate --drawings mine.json --non-digits /usr/share/datasets/fashion-mnist",
    )
    add_data(sub)
    add_weights(sub)
    sub.add_argument("--split", default="test", choices=["train", "test"], help="which part of MNIST (test)")
    sub.add_argument(
        "--drawings",
        type=Path,
        nargs="+",
        action="extend",
        default=[],
        metavar="FILE",
        help='pen strokes: [{"label": 0-9, or -1 for no digit, "strokes": [[[x, y], ...], ...]}, ...]',
    )
    sub.add_argument(
        "--non-digits",
        type=Path,
        nargs="+",
        action="extend",
        default=[],
        metavar="PATH",
        help="images of no digits: an IDX file, or a folder with t10k-images-idx3-ubyte (Fashion-MNIST's)",
    )
    sub.add_argument(
        "--made-up",
        type=partial(whole_number, 1),
        metavar="N",
        help="also N pen digits and N unseen letters and symbols",
    )
    sub.add_argument("--out", type=Path, default=Path("report"), metavar="DIR", help="for the report (report/)")

    sub = command(
        "synth",
        commands.synth,
        "look at the made-up digits and non-digits that training adds",
        "mnist synth --sheet out.png",
    )
    sub.add_argument("--sheet", type=Path, required=True, metavar="FILE", help="the contact sheet, a PNG")
    sub.add_argument("--seed", type=partial(whole_number, 0), default=0, metavar="N", help="of all randomness (0)")

    sub = command("predict", commands.predict, "read pictures of one digit each", "mnist predict seven.png photo.jpg")
    sub.add_argument("pictures", type=Path, nargs="+", metavar="FILE", help="PNG or JPEG, one digit in each")
    add_weights(sub)
    sub.add_argument("--json", action="store_true", help="one JSON object a line")

    sub = command(
        "export", commands.export, "write ONNX and torch.export files", "mnist export --weights runs/mnist/cnn.pt"
    )
    which = sub.add_mutually_exclusive_group()
    which.add_argument("--arch", choices=["cnn", "mlp"], help="which of the shipped networks (cnn)")
    which.add_argument("--weights", type=Path, default=SHIPPED_WEIGHTS, metavar="FILE", help="a checkpoint (the cnn's)")
    sub.add_argument("--data", type=Path, metavar="DIR", help="whose test digits to compare on (data/, if there)")
    sub.add_argument("--out", type=Path, default=Path("export"), metavar="DIR", help="for the three files (export/)")

    sub = command(
        "archive",
        commands.archive,
        "build the .mar files that TorchServe loads: of the network, and of the MLP to compare it with",
        "mnist archive --weights runs/mnist/cnn.pt",
    )
    add_weights(sub)
    sub.add_argument(
        "--out", type=Path, default=MODEL_STORE, metavar="DIR", help="for mnist.mar and mnist_mlp.mar (model_store/)"
    )

    command(
        "serve", commands.serve, "serve the recogniser and its page; see `mnist serve --help`", "PORT=8800 mnist serve"
    )  # listed here; its own arguments are parsed by serve itself
    return parser


def whole_number(least: int, text: str) -> int:
    """Parse a whole number from `least` to what 32 bits hold, for argparse."""
    if not text.isdecimal() or not least <= int(text) < 2**32:
        raise argparse.ArgumentTypeError(f"expected a whole number from {least} to {2**32 - 1}, got {text!r}")
    return int(text)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit status: 0 success, 1 failure; argparse exits with 2 on wrong usage."""
    logging.basicConfig(format="%(message)s")
    logging.getLogger(__package__).setLevel(logging.INFO)  # not the root's: libraries tell their own workings there
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        if arguments[:1] == ["serve"]:
            commands.serve(arguments[1:])
        parser = build_parser()
        args = parser.parse_args(arguments)
        if (
            args.run is commands.train
            and args.resume
            and (given := [n for n in commands.RUN_OPTIONS if getattr(args, n) is not None])
        ):
            parser.error(f"--resume goes on with the run's own settings; leave out --{', --'.join(given)}")
        args.run(args)
    except (MnistError, OSError) as error:
        print(f"mnist: {error}", file=sys.stderr)
        return 1
    except ModuleNotFoundError as error:
        print(f"mnist: {error.name} is not installed; `make setup` in the checkout installs it", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("mnist: stopped", file=sys.stderr)
        return 1
    return 0
