"""What each `mnist` command does.

Each imports what it needs when it runs: predicting needs no training libraries, and `--help` is instant.
"""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from . import parallel
from .archive import ROOT, build_archives
from .errors import MnistError
from .shipped import SHIPPED_MLP_WEIGHTS

if TYPE_CHECKING:
    from .evaluation import Evaluation, Rejection
    from .predictor import Predictor

DATA = Path("data")
RUN = Path("runs/mnist")
RUN_OPTIONS = ("arch", "epochs", "seed")  # of a new run; a resumed one has its own
EVALUATED_HANDS = 2**33  # the seed of made-up images to evaluate with: those of training are far below


@parallel.joined()
def train(args: argparse.Namespace) -> None:
    """Train a network, measure it on the test set once, and write its checkpoint."""
    from . import checkpoint as checkpoints
    from . import dataset, recipes
    from .evaluation import evaluate
    from .predictor import Predictor
    from .torch_runtime import TorchRuntime

    if not args.no_verify:
        with parallel.first_process_first():
            dataset.ensure(args.data, "train", "test")
    split = dataset.load_split(args.data, "train", verify=not args.no_verify)
    test = dataset.load_split(args.data, "test", verify=not args.no_verify)
    chosen = {name: getattr(args, name) for name in RUN_OPTIONS if getattr(args, name) is not None}
    recipe = recipes.choose(args.recipe, **chosen)
    try:
        checkpoint = recipes.train(recipe, split, args.out, resume=args.resume)
    except KeyboardInterrupt:
        again = f"mnist train --recipe {args.recipe} --resume --out {args.out}"
        raise MnistError(f"stopped; `{again}` goes on from the last whole epoch") from None
    if parallel.rank() > 0:
        return
    evaluation = evaluate(Predictor(TorchRuntime(checkpoint.build()), checkpoint.min_log_odds), test)
    checkpoint = replace(checkpoint, metrics={**checkpoint.metrics, "test_accuracy": evaluation.accuracy})
    path = args.out / f"{checkpoint.arch}.pt"
    checkpoints.save(checkpoint, path)
    print(evaluation)
    print(f"wrote {path} (accuracy on the held-out digits {checkpoint.metrics['validation_accuracy']:.2%})")


def evaluate(args: argparse.Namespace) -> None:
    """Print how well a network reads digits and refuses the rest, and write the report."""
    import torch

    from . import dataset
    from .drawings import NO_DIGIT, load_drawings
    from .evaluation import Families, evaluate, evaluate_non_digits
    from .predictor import Predictor
    from .report import terminal_tables, write_report

    if not args.no_verify:
        dataset.ensure(args.data, args.split)
    split = dataset.load_split(args.data, args.split, verify=not args.no_verify)
    predictor = Predictor.load(args.weights)
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
    if args.made_up:
        for family in made_up_families(predictor, args.made_up):
            families.add("made-up", family)
    print("\n\n".join(map(str, terminal_tables(families))))
    for path in write_report(families, predictor.about, args.weights, args.out):
        print(f"wrote {path}")


def made_up_families(predictor: "Predictor", count: int) -> "tuple[Evaluation, Rejection]":
    """Measure on pen digits by hands, and on letters and symbols of kinds, that no training has seen."""
    import torch

    from .dataset import Split
    from .evaluation import evaluate, evaluate_non_digits
    from .synthesis.bank import UNSEEN, make_digits, make_non_digits

    images, labels = make_digits(count, EVALUATED_HANDS)
    others, kinds = make_non_digits(count, EVALUATED_HANDS, UNSEEN)
    names = list(UNSEEN)
    return (
        evaluate(predictor, Split(torch.from_numpy(images), torch.from_numpy(labels))),
        evaluate_non_digits(predictor, others, [names[kind] for kind in kinds]),
    )


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
            print(json.dumps({"file": str(path), **prediction._asdict()}))
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
    """Write a checkpoint as ONNX and for torch.export, after comparing all files with PyTorch."""
    from . import checkpoint as checkpoints
    from .dataset import SPLITS, find_file, load_split
    from .export import drawn_digits
    from .export import export as write_exports

    weights = SHIPPED_MLP_WEIGHTS if args.arch == "mlp" else args.weights
    if args.data is not None or all(find_file(DATA, name) for name in SPLITS["test"]):
        images = load_split(args.data or DATA, "test", verify=False).images.numpy()  # any real digits will do
        real = f"{len(images):,} test digits of {args.data or DATA}"
    else:
        images = drawn_digits()
        real = f"{len(images)} drawn digits (MNIST is not in {DATA})"
    for exported in write_exports(checkpoints.load(weights), args.out, images):
        print(
            f"wrote {exported.path} ({exported.size / 1000:.0f} kB; probabilities within {exported.difference:.0e} of "
            f"PyTorch's, {exported.others} of the digits read or refused otherwise)"
        )
    print(f"compared with PyTorch on {real} and on random images")


def archive(args: argparse.Namespace) -> None:
    """Build the .mar files that TorchServe loads."""
    for path in build_archives(args.weights, args.out):
        print(path)


def serve(arguments: Sequence[str]) -> None:
    """Become the serving process; mnist_model itself knows nothing of it, so it is run, not imported."""
    if not (ROOT / "serve" / "__main__.py").is_file():
        raise MnistError(f"{ROOT}: expected the project's checkout, found no serve folder; run `mnist serve` from it")
    os.execv(sys.executable, [sys.executable, "-m", "serve", *arguments])
