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
    from . import dataset, recipes
    from .evaluation import evaluate
    from .predictor import Predictor

    if not args.no_verify:
        with parallel.first_process_first():
            dataset.ensure(args.data, "train", "test")
    split = dataset.load_split(args.data, "train", verify=not args.no_verify)
    test = dataset.load_split(args.data, "test", verify=not args.no_verify)
    recipe = recipes.RECIPES[args.recipe]
    chosen = {name: getattr(args, name) for name in RUN_OPTIONS if getattr(args, name) is not None}
    recipe = replace(recipe, student=replace(recipe.student, **chosen))
    try:
        checkpoint = recipes.train(recipe, split, args.out, resume=args.resume)
    except KeyboardInterrupt:
        again = f"mnist train --recipe {args.recipe} --resume --out {args.out}"
        raise MnistError(f"stopped; `{again}` goes on from the last whole epoch") from None
    if parallel.rank() > 0:
        return
    evaluation = evaluate(Predictor(checkpoint.build(), checkpoint.min_log_odds), test)
    checkpoint = replace(checkpoint, metrics={**checkpoint.metrics, "test_accuracy": evaluation.accuracy})
    path = args.out / f"{checkpoint.arch}.pt"
    checkpoints.save(checkpoint, path)
    print(evaluation)
    print(f"wrote {path} (accuracy on the held-out digits {checkpoint.metrics['validation_accuracy']:.2%})")


def evaluate(args: argparse.Namespace) -> None:
    """Print how well a checkpoint reads digits and refuses the rest, and write the report."""
    import torch

    from . import checkpoint as checkpoints
    from . import dataset
    from .drawings import NO_DIGIT, load_drawings
    from .evaluation import Families, evaluate, evaluate_non_digits
    from .predictor import Predictor
    from .report import terminal_tables, write_report

    if not args.no_verify:
        dataset.ensure(args.data, args.split)
    split = dataset.load_split(args.data, args.split, verify=not args.no_verify)
    checkpoint = checkpoints.load(args.weights)
    predictor = Predictor(checkpoint.build(), checkpoint.min_log_odds)
    families = Families({"MNIST" if args.split == "test" else "MNIST-train": evaluate(predictor, split)}, {})
    for path in args.drawings:
        drawings = load_drawings(path)
        none = drawings.labels == NO_DIGIT
        if not none.all():
            digits = dataset.Split(torch.from_numpy(drawings.images[~none]), torch.from_numpy(drawings.labels[~none]))
            families.add(family_name(path), evaluate(predictor, digits))
        if none.any():
            kinds = [kind for kind, is_none in zip(drawings.kinds, none, strict=True) if is_none]
            families.add(family_name(path), evaluate_non_digits(predictor, drawings.images[none], kinds))
    for path in args.non_digits:
        families.add(family_name(path), evaluate_non_digits(predictor, dataset.load_images(path).numpy()))
    print("\n\n".join(map(str, terminal_tables(families))))
    for path in write_report(families, checkpoint, args.weights, args.out):
        print(f"wrote {path}")


def family_name(path: Path) -> str:
    """What a report calls the images of a file or folder: its name up to the first dot.

    IDX files of all sets bear the names of MNIST's own; their folder tells them apart.
    """
    from .dataset import MD5

    path = path.resolve()
    return (path.parent if path.name.removesuffix(".gz") in MD5 else path).name.partition(".")[0]


def predict(args: argparse.Namespace) -> None:
    """Print the digit that each picture shows."""
    import numpy as np

    from .metrics import percent
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
            print(f"{path}: {prediction.digit} ({percent(prediction.confidence)}{doubt})")


def synth(args: argparse.Namespace) -> None:
    """Draw a contact sheet of made-up digits and non-digits."""
    from .synthesis.sheet import draw_sheet

    draw_sheet(args.sheet, args.seed)
    print(f"wrote {args.sheet}")


def export(args: argparse.Namespace) -> None:
    """Write a checkpoint as ONNX and for torch.export, after comparing both with PyTorch."""
    from . import checkpoint as checkpoints
    from .dataset import SPLITS, find_file, load_split
    from .export import drawn_digits
    from .export import export as write_exports

    weights = RUN / "mlp.pt" if args.arch == "mlp" else args.weights
    if args.arch == "mlp" and not weights.is_file():
        raise MnistError(f"{weights}: no such checkpoint, and none is shipped; `mnist train --arch mlp` writes it")
    if args.data is not None or all(find_file(DATA, name) for name in SPLITS["test"]):
        images = load_split(args.data or DATA, "test", verify=False).images.numpy()  # any real digits will do
        real = f"{len(images):,} test digits of {args.data or DATA}"
    else:
        images = drawn_digits()
        real = f"{len(images)} drawn digits (MNIST is not in {DATA})"
    for exported in write_exports(checkpoints.load(weights), args.out, images):
        print(
            f"wrote {exported.path} ({exported.size / 1000:.0f} kB; "
            f"largest difference of a probability {exported.difference:.1e})"
        )
    print(f"compared with PyTorch on {real} and on random images")


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

    def add_weights(sub: argparse._ActionsContainer) -> None:
        sub.add_argument(
            "--weights", type=Path, default=SHIPPED_WEIGHTS, metavar="FILE", help="a checkpoint (the shipped one)"
        )

    sub = command("train", train, "train a network and measure it", "mnist train --arch cnn --seed 1 --out runs/one")
    add_data(sub)
    sub.add_argument(
        "--recipe", default="fast", choices=["fast", "best"], help="MNIST alone in a minute, or the shipped one (fast)"
    )
    sub.add_argument("--arch", choices=["cnn", "mlp"], help="the network (cnn)")
    sub.add_argument("--epochs", type=partial(whole_number, 1), metavar="N", help="passes over the data (the recipe's)")
    sub.add_argument("--seed", type=partial(whole_number, 0), metavar="N", help="of all randomness (0)")
    sub.add_argument("--out", type=Path, default=RUN, metavar="DIR", help="where the run is kept (runs/mnist)")
    sub.add_argument("--resume", action="store_true", help="go on from the last whole epoch in --out")

    sub = command(
        "evaluate",
        evaluate,
        "measure a checkpoint, and show where it fails",
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
    sub.add_argument("--out", type=Path, default=Path("report"), metavar="DIR", help="for the report (report/)")

    sub = command(
        "synth", synth, "look at the made-up digits and non-digits that training adds", "mnist synth --sheet out.png"
    )
    sub.add_argument("--sheet", type=Path, required=True, metavar="FILE", help="the contact sheet, a PNG")
    sub.add_argument("--seed", type=partial(whole_number, 0), default=0, metavar="N", help="of all randomness (0)")

    sub = command("predict", predict, "read pictures of one digit each", "mnist predict seven.png photo.jpg")
    sub.add_argument("pictures", type=Path, nargs="+", metavar="FILE", help="PNG or JPEG, one digit in each")
    add_weights(sub)
    sub.add_argument("--json", action="store_true", help="one JSON object a line")

    sub = command("export", export, "write ONNX and torch.export files", "mnist export --weights runs/mnist/cnn.pt")
    which = sub.add_mutually_exclusive_group()
    which.add_argument(
        "--arch", choices=["cnn", "mlp"], help="the shipped cnn, or the mlp of `mnist train --arch mlp` (cnn)"
    )
    add_weights(which)
    sub.add_argument("--data", type=Path, metavar="DIR", help="whose test digits to compare on (data/, if there)")
    sub.add_argument("--out", type=Path, default=Path("export"), metavar="DIR", help="for the two files (export/)")

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
    logging.basicConfig(format="%(message)s")
    logging.getLogger(__package__).setLevel(logging.INFO)  # not the root's: libraries tell their own workings there
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
