"""The `mnist` command.

Each subcommand imports what it needs when it runs: predicting needs no training libraries, and `--help` is instant.
"""

import argparse
import json
import logging
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path

from . import __version__, parallel
from .archive import ROOT, build_archive
from .checkpoint import SHIPPED_WEIGHTS
from .errors import MnistError

DATA = Path("data")
RUN = Path("runs/mnist")
RUN_OPTIONS = ("arch", "epochs", "seed")  # of a new run; a resumed one has its own


@parallel.joined()
def train(args: argparse.Namespace) -> None:
    """Train a network, measure it on the test set once, and write its checkpoint."""
    from . import checkpoint as checkpoints
    from . import dataset
    from .evaluation import evaluate
    from .predictor import Predictor
    from .training import TrainConfig, Trainer, fit, hold_out

    if not args.no_verify:
        with parallel.first_process_first():
            dataset.ensure(args.data, "train", "test")
    training, validation = hold_out(dataset.load_split(args.data, "train", verify=not args.no_verify))
    test = dataset.load_split(args.data, "test", verify=not args.no_verify)
    resume_path = args.out / "last.pt"
    if args.resume:
        trainer = Trainer.resume(resume_path, training)
    else:
        chosen = {name: getattr(args, name) for name in RUN_OPTIONS if getattr(args, name) is not None}
        trainer = Trainer(TrainConfig(**chosen), training)
    try:
        checkpoint = fit(trainer, validation, resume_path)
    except KeyboardInterrupt:
        raise MnistError(
            f"stopped in epoch {trainer.epoch + 1} of {trainer.config.epochs}; "
            f"`mnist train --resume --out {args.out}` goes on from the last whole one"
        ) from None
    if parallel.rank() > 0:
        return
    evaluation = evaluate(Predictor(checkpoint.build(), checkpoint.min_log_odds), test)
    checkpoint = replace(checkpoint, metrics={**checkpoint.metrics, "test_accuracy": evaluation.accuracy})
    path = args.out / f"{checkpoint.arch}.pt"
    checkpoints.save(checkpoint, path)
    print(evaluation)
    print(f"wrote {path} (accuracy on the held-out digits {checkpoint.metrics['validation_accuracy']:.2%})")


def evaluate(args: argparse.Namespace) -> None:
    """Print how well a checkpoint reads the test set, and write pictures of where it fails."""
    from . import dataset
    from .evaluation import evaluate
    from .predictor import Predictor
    from .report import write_report

    if not args.no_verify:
        dataset.ensure(args.data, args.split)
    split = dataset.load_split(args.data, args.split, verify=not args.no_verify)
    evaluation = evaluate(Predictor.load(args.weights), split)
    print(evaluation)
    for path in write_report(evaluation, split.images.numpy(), args.out):
        print(f"wrote {path}")


def predict(args: argparse.Namespace) -> None:
    """Print the digit that each picture shows."""
    import numpy as np

    from .predictor import Predictor
    from .preprocessing import PictureError, from_picture

    images = []
    for path in args.pictures:
        try:
            images.append(from_picture(path.read_bytes()))
        except PictureError as error:
            raise MnistError(f"{path}: {error}") from error
    for path, prediction in zip(args.pictures, Predictor.load(args.weights).predict(np.stack(images)), strict=True):
        if args.json:
            print(json.dumps({"file": str(path), **asdict(prediction)}))
        elif prediction.digit is None:
            print(f"{path}: no ink")
        else:
            doubt = "" if prediction.is_digit else ", but probably not a digit"
            confidence = f"{prediction.confidence:.1%}" if prediction.confidence < 0.9995 else "over 99.9%"
            print(f"{path}: {prediction.digit} ({confidence}{doubt})")


def archive(args: argparse.Namespace) -> None:
    """Build the .mar that TorchServe loads."""
    print(build_archive(args.weights, args.out))


def serve(arguments: Sequence[str]) -> None:
    """Become the serving process; mnist_model itself knows nothing of it, so it is run, not imported."""
    if not (ROOT / "serve" / "__main__.py").is_file():
        raise MnistError(f"{ROOT}: expected the project's checkout, found no serve folder; run `mnist serve` from it")
    os.execv(sys.executable, [sys.executable, "-m", "serve", *arguments])


def build_parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    parser = argparse.ArgumentParser(prog="mnist", description="Read handwritten digits: train, measure, serve.")
    parser.add_argument("--version", action="version", version=f"mnist {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(name: str, run: Callable[..., None], summary: str, example: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(
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
            "--data", type=Path, default=DATA, metavar="DIR", help="MNIST's IDX files; fetched there if missing (data/)"
        )
        sub.add_argument("--no-verify", action="store_true", help="the files are another set in MNIST's format")

    def add_weights(sub: argparse.ArgumentParser) -> None:
        sub.add_argument(
            "--weights", type=Path, default=SHIPPED_WEIGHTS, metavar="FILE", help="a checkpoint (the shipped one)"
        )

    sub = command("train", train, "train a network and measure it", "mnist train --arch cnn --seed 1 --out runs/one")
    add_data(sub)
    sub.add_argument("--arch", choices=["cnn", "mlp"], help="the network (cnn)")
    sub.add_argument("--epochs", type=partial(whole_number, 1), metavar="N", help="passes over the training data (13)")
    sub.add_argument("--seed", type=partial(whole_number, 0), metavar="N", help="of all randomness (0)")
    sub.add_argument("--out", type=Path, default=RUN, metavar="DIR", help="where the run is kept (runs/mnist)")
    sub.add_argument("--resume", action="store_true", help="go on from the last whole epoch in --out")

    sub = command(
        "evaluate",
        evaluate,
        "measure a checkpoint, and show where it fails",
        "mnist evaluate --weights runs/mnist/cnn.pt --out report",
    )
    add_data(sub)
    add_weights(sub)
    sub.add_argument("--split", default="test", choices=["train", "test"], help="which part of MNIST (test)")
    sub.add_argument("--out", type=Path, default=Path("report"), metavar="DIR", help="for the pictures (report/)")

    sub = command("predict", predict, "read pictures of one digit each", "mnist predict seven.png photo.jpg")
    sub.add_argument("pictures", type=Path, nargs="+", metavar="FILE", help="PNG or JPEG, one digit in each")
    add_weights(sub)
    sub.add_argument("--json", action="store_true", help="one JSON object a line")

    sub = command(
        "archive", archive, "build the .mar that TorchServe loads", "mnist archive --weights runs/mnist/cnn.pt"
    )
    add_weights(sub)
    sub.add_argument(
        "--out", type=Path, default=ROOT / "model_store", metavar="DIR", help="for mnist.mar (model_store/)"
    )

    command(
        "serve", serve, "serve the recogniser and its page; see `mnist serve --help`", "PORT=8800 mnist serve"
    )  # listed here; its own arguments are parsed by serve itself
    return parser


def whole_number(least: int, text: str) -> int:
    """Parse a whole number from `least` to what 32 bits hold, for argparse."""
    if not text.isdecimal() or not least <= int(text) < 2**32:
        raise argparse.ArgumentTypeError(f"expected a whole number from {least} to {2**32 - 1}, got {text!r}")
    return int(text)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit status: 0 success, 1 failure; argparse exits with 2 on wrong usage."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        if arguments[:1] == ["serve"]:
            serve(arguments[1:])
        parser = build_parser()
        args = parser.parse_args(arguments)
        if args.run is train and args.resume and (given := [n for n in RUN_OPTIONS if getattr(args, n) is not None]):
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
