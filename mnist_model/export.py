"""A checkpoint as files for other runtimes: ONNX, the same for a server and a browser, and torch.export's `.pt2`.

Both hold the whole `Recogniser`, normalisation and threshold included: `images` (N, 28, 28) uint8, ink bright on 0, for
any N from 1 -> `probabilities` (N, 10) and `log_odds` of being a digit (N,), both float32, and `is_digit` (N,) bool,
whether the log-odds reach the checkpoint's min_log_odds. Both carry its arch, preprocessing_version, min_log_odds and
temperature, as strings. One thing that `Predictor` does stays with their user: an image without ink shows no digit.

Neither file is written before both have answered as the predictor does.
"""

import io
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import chain, repeat
from pathlib import Path
from typing import NamedTuple

import numpy as np
import onnxruntime
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.export import ExportedProgram

from .checkpoint import Checkpoint, atomic_file, first_line
from .errors import MnistError
from .predictor import Predictor, Scores
from .preprocessing import SIZE, from_strokes

TOLERANCE = 1e-4  # of probabilities; of log-odds above 1, as a share of them. Rounding makes some 1e-6
BATCH_SIZES = (1, 2, 64, 513)  # what is compared comes in these
ANY_BATCH = ({0: torch.export.Dim("batch")},)  # the first axis of the first input
# Stands in for MNIST where that is not at hand: strokes as on the page, y pointing down.
DRAWN = (
    [[(12, 0), (6, 3), (2, 9), (1, 16), (4, 24), (10, 27), (16, 22), (18, 14), (17, 5), (12, 0)]],  # 0
    [[(4, 6), (10, 0), (10, 28)]],  # 1
    [[(1, 6), (6, 0), (14, 2), (15, 9), (8, 18), (0, 27), (17, 26)]],  # 2
    [[(8, 0), (0, 17), (18, 17)], [(13, 9), (12, 28)]],  # 4
    [[(0, 1), (17, 0), (9, 13), (5, 28)], [(4, 14), (14, 13)]],  # 7
)
SLANTS = (-0.2, 0.0, 0.2, 0.4)  # each is drawn with these, in widths per height


class Outputs(NamedTuple):
    """What a file says of N images; the fields are named and ordered as its outputs are."""

    probabilities: NDArray[np.float32]
    log_odds: NDArray[np.float32]
    is_digit: NDArray[np.bool_]


Run = Callable[[NDArray[np.uint8]], Outputs]


class ExportError(MnistError):
    """What would have been written does not answer as PyTorch does."""


@dataclass(frozen=True)
class Exported:
    """A file that was written: its path, its size in bytes, and its largest difference of a probability."""

    path: Path
    size: int
    difference: float


class Exportable(nn.Module):
    """A checkpoint's recogniser with its threshold behind it: what both files hold."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        super().__init__()
        self.recogniser = checkpoint.build()
        self.min_log_odds = checkpoint.min_log_odds

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """(N, 28, 28) in 0-255 -> probabilities (N, 10), log-odds of being a digit (N,), and whether it is one (N,)."""
        probabilities, log_odds = self.recogniser(images)
        return probabilities, log_odds, log_odds >= self.min_log_odds


def export(checkpoint: Checkpoint, folder: Path, real: NDArray[np.uint8]) -> list[Exported]:
    """Write `folder`/ARCH.onnx and `folder`/ARCH.pt2.

    Args:
        checkpoint: what to write; its architecture names the files.
        folder: is made where it is missing.
        real: (N, 28, 28) uint8 digits to compare on, beside random images.

    Raises:
        ExportError: one of them does not agree with PyTorch; neither is written, and older ones stay.
    """
    program = trace(checkpoint)
    metadata = {
        "arch": checkpoint.arch,
        "preprocessing_version": str(checkpoint.preprocessing_version),
        "min_log_odds": str(checkpoint.min_log_odds),
        "temperature": str(checkpoint.temperature),
    }
    images = np.concatenate([real, unreal_images()])
    expected = Predictor(checkpoint.build(), checkpoint.min_log_odds).score(images)
    contents: dict[Path, bytes] = {}
    exported = []
    for suffix, convert, load in ((".onnx", to_onnx, load_onnx), (".pt2", to_pt2, load_pt2)):
        path = folder / f"{checkpoint.arch}{suffix}"
        contents[path] = convert(program, metadata)
        try:
            actual = answer(load(contents[path]), images)
        except Exception as error:  # each runtime raises errors of its own
            raise ExportError(f"{path}: not written: it does not run ({first_line(error)})") from error
        exported.append(Exported(path, len(contents[path]), compare(path, actual, expected, checkpoint.min_log_odds)))
    with ExitStack() as files:
        for path, content in contents.items():
            files.enter_context(atomic_file(path)).write(content)
    return exported


def trace(checkpoint: Checkpoint) -> ExportedProgram:
    """The recogniser and its threshold as a graph, for batches of any size."""
    example = torch.zeros(2, SIZE, SIZE, dtype=torch.uint8)  # a batch of 1 would be taken for a constant
    program = torch.export.export(Exportable(checkpoint).eval(), (example,), dynamic_shapes=ANY_BATCH)
    for node in program.graph.nodes:
        node.meta.pop("stack_trace", None)  # holds paths of this machine, which are nobody else's business
    return program


def to_onnx(program: ExportedProgram, metadata: dict[str, str]) -> bytes:
    """The graph as one ONNX file, weights inside."""
    with warnings.catch_warnings():
        # torch's exporter copies an object of torch's in a way that torch has deprecated.
        warnings.filterwarnings("ignore", r"`isinstance\(treespec, LeafSpec\)` is deprecated", FutureWarning)
        converted = torch.onnx.export(
            program, input_names=["images"], output_names=Outputs._fields, dynamic_shapes=ANY_BATCH, verbose=False
        )
    assert converted is not None  # torch's older exporter, not asked for here, returns nothing
    converted.model.metadata_props.update(metadata)
    content: bytes = converted.model_proto.SerializeToString()
    return content


def to_pt2(program: ExportedProgram, metadata: dict[str, str]) -> bytes:
    """The graph in torch.export's own format; the metadata are its extra files."""
    file = io.BytesIO()
    torch.export.save(program, file, extra_files=metadata)
    return file.getvalue()


def load_onnx(content: bytes) -> Run:
    """What runs an ONNX file, in onnxruntime."""
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    return lambda images: Outputs(*session.run(Outputs._fields, {"images": images}))


def load_pt2(content: bytes) -> Run:
    """What runs a .pt2 file, in torch."""
    module = torch.export.load(io.BytesIO(content)).module()

    @torch.inference_mode()
    def run(images: NDArray[np.uint8]) -> Outputs:
        return Outputs(*(output.numpy() for output in module(torch.tensor(images))))

    return run


def unreal_images() -> NDArray[np.uint8]:
    """One all 0, one all 255, and noise, enough for a batch of each size."""
    noise = np.random.default_rng(0).integers(0, 256, (sum(BATCH_SIZES), SIZE, SIZE), np.uint8)
    return np.concatenate([np.zeros_like(noise[:1]), np.full_like(noise[:1], 255), noise])


def drawn_digits() -> NDArray[np.uint8]:
    """(N, 28, 28) uint8: DRAWN in each slant, through the recipe."""
    return np.stack(
        [
            from_strokes([[(x - slant * y, y) for x, y in stroke] for stroke in strokes])
            for strokes in DRAWN
            for slant in SLANTS
        ]
    )


def batches(images: NDArray[np.uint8]) -> Iterator[NDArray[np.uint8]]:
    """The images in consecutive batches of BATCH_SIZES, the last of these again and again."""
    start = 0
    for size in chain(BATCH_SIZES, repeat(BATCH_SIZES[-1])):
        if start >= len(images):
            return
        yield images[start : start + size]
        start += size


def answer(run: Run, images: NDArray[np.uint8]) -> Outputs:
    """What is said of all images, batch by batch."""
    return Outputs(*(np.concatenate(part) for part in zip(*map(run, batches(images)), strict=True)))


def compare(path: Path, actual: Outputs, expected: Scores, min_log_odds: float) -> float:
    """The largest difference of a probability.

    Digits are compared where an image is called one: what is none has ten probabilities that differ by rounding only.
    `is_digit` is held to the file's own log-odds, which rounding may have taken over the threshold.

    Raises:
        ExportError: a probability or a log-odds differs by more than TOLERANCE, a digit is another one, or an image is
            called a digit below the threshold or not called one above.
    """
    difference = float(np.abs(actual.probabilities - expected.probabilities).max())
    scale = np.maximum(np.abs(expected.log_odds), 1)
    log_odds_difference = float((np.abs(actual.log_odds - expected.log_odds) / scale).max())
    for name, found in (("probabilities", difference), ("log-odds", log_odds_difference)):
        if not found <= TOLERANCE:  # so written, what is not a number is refused too
            raise ExportError(
                f"{path}: not written: expected PyTorch's {name} to within {TOLERANCE}, got one that is {found:.2g} "
                "off; `make setup` installs libraries that agree"
            )
    are_digits = expected.log_odds >= min_log_odds
    if (actual.probabilities.argmax(axis=1) != expected.probabilities.argmax(axis=1))[are_digits].any():
        raise ExportError(f"{path}: not written: expected PyTorch's digits, got others")
    if (actual.is_digit != (actual.log_odds >= min_log_odds)).any():
        raise ExportError(f"{path}: not written: expected is_digit where the log-odds reach {min_log_odds}, got others")
    return difference
