"""A checkpoint as files for other runtimes: ONNX, the same for a server and a browser, and torch.export's `.pt2`.

Each holds the whole `Recogniser`, normalisation and threshold included: `images` (N, 28, 28) uint8, ink bright on 0,
for any N from 1 -> `probabilities` (N, 10) and `log_odds` of being a digit (N,), both float32, and `is_digit` (N,)
bool, whether the log-odds reach the checkpoint's min_log_odds. Each carries what `Checkpoint.about` has, as strings.
One thing that `Predictor` does stays with their user: an image without ink shows no digit.

ARCH.onnx, in 8 bits, is what is served; ARCH-float32.onnx and ARCH.pt2 say what PyTorch says, but for rounding. None is
written before all three have been compared with PyTorch.
"""

import io
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from itertools import chain, repeat
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.export import ExportedProgram

from .checkpoint import Checkpoint, atomic_file, first_line
from .errors import MnistError
from .onnx_runtime import open_session
from .predictor import Predictor
from .preprocessing import SIZE, from_strokes
from .quantisation import quantise
from .scores import Scores
from .torch_runtime import TorchRuntime

TOLERANCE = 1e-4  # of probabilities; of log-odds above 1, as a share of them. Rounding makes some 1e-6
ROUNDED_TOLERANCE = 0.15  # of a digit's probabilities in 8 bits; of the shipped network's 10,000 the largest is 0.03
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
Compare = Callable[[Path, Outputs, Scores, float], tuple[float, int]]


class ExportError(MnistError):
    """What would have been written does not answer as PyTorch does."""


@dataclass(frozen=True)
class Exported:
    """A file that was written.

    Attributes:
        path: its path.
        size: in bytes.
        difference: the largest of a probability, from PyTorch's.
        others: of how many real digits it says another digit, or refuses what PyTorch does not, or the reverse.
    """

    path: Path
    size: int
    difference: float
    others: int


class Exportable(nn.Module):
    """A checkpoint's recogniser with its threshold behind it: what each file holds."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        super().__init__()
        self.recogniser = checkpoint.build()
        self.min_log_odds = checkpoint.min_log_odds

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """(N, 28, 28) in 0-255 -> probabilities (N, 10), log-odds of being a digit (N,), and whether it is one (N,)."""
        probabilities, log_odds = self.recogniser(images)
        return probabilities, log_odds, log_odds >= self.min_log_odds


def export(checkpoint: Checkpoint, folder: Path, real: NDArray[np.uint8]) -> list[Exported]:
    """Write `folder`/ARCH.onnx, ARCH-float32.onnx and ARCH.pt2.

    Args:
        checkpoint: what to write; its architecture names the files.
        folder: is made where it is missing.
        real: (N, 28, 28) uint8 digits to compare on, beside random images.

    Raises:
        ExportError: one of them does not agree with PyTorch; none is written, and older ones stay.
    """
    program, metadata = trace(checkpoint), checkpoint.about()
    images = np.concatenate([real, unreal_images()])
    expected = Predictor(TorchRuntime(checkpoint.build()), checkpoint.min_log_odds).score(images)
    floats = to_onnx(program, metadata)
    files: list[tuple[str, Callable[[], bytes], Callable[[bytes], Run], Compare]] = [
        (".onnx", partial(quantise, floats), load_onnx, partial(compare_rounded, len(real))),
        ("-float32.onnx", lambda: floats, load_onnx, compare),
        (".pt2", partial(to_pt2, program, metadata), load_pt2, compare),
    ]
    exported, contents = [], []
    for suffix, make, load, hold in files:
        path = folder / f"{checkpoint.arch}{suffix}"
        try:
            contents.append(make())
            actual = answer(load(contents[-1]), images)
        except Exception as error:  # each runtime raises errors of its own
            raise ExportError(f"{path}: not written: it does not run ({first_line(error)})") from error
        difference, others = hold(path, actual, expected, checkpoint.min_log_odds)
        exported.append(Exported(path, len(contents[-1]), difference, others))
    with ExitStack() as opened:
        for each, content in zip(exported, contents, strict=True):
            opened.enter_context(atomic_file(each.path)).write(content)
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
    session = open_session(content)
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


def compare(path: Path, actual: Outputs, expected: Scores, min_log_odds: float) -> tuple[float, int]:
    """Hold a file of floats to PyTorch's scores.

    Digits are compared where an image is called one: what is none has ten probabilities that differ by rounding only.
    `is_digit` is held to the file's own log-odds, which rounding may have taken over the threshold.

    Returns:
        The largest difference of a probability, and 0, for there is no other digit.

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
    if other_digits(actual, expected, min_log_odds).any():
        raise ExportError(f"{path}: not written: expected PyTorch's digits, got others")
    require_threshold(path, actual, min_log_odds)
    return difference, 0


def compare_rounded(real: int, path: Path, actual: Outputs, expected: Scores, min_log_odds: float) -> tuple[float, int]:
    """Hold a file in 8 bits to PyTorch's scores of real digits, the first `real` images.

    Returns:
        The largest difference of a probability of them, and how many are read or refused otherwise.

    Raises:
        ExportError: a probability differs by more than ROUNDED_TOLERANCE, so that other digits are read than where
            PyTorch wavers too; or an image is called a digit below the threshold or not called one above.
    """
    require_threshold(path, actual, min_log_odds)
    difference = float(np.abs(actual.probabilities - expected.probabilities)[:real].max())
    if not difference <= ROUNDED_TOLERANCE:
        raise ExportError(
            f"{path}: not written: expected PyTorch's probabilities of digits to within {ROUNDED_TOLERANCE}, got one "
            f"that is {difference:.2g} off; 8 bits are too few for this network: train it until it is surer"
        )
    others = other_digits(actual, expected, min_log_odds) | (actual.is_digit != (expected.log_odds >= min_log_odds))
    return difference, int(others[:real].sum())


def other_digits(actual: Outputs, expected: Scores, min_log_odds: float) -> NDArray[np.bool_]:
    """(N,) whether what PyTorch calls a digit is read as another one."""
    other: NDArray[np.bool_] = actual.probabilities.argmax(axis=1) != expected.probabilities.argmax(axis=1)
    return other & (expected.log_odds >= min_log_odds)


def require_threshold(path: Path, actual: Outputs, min_log_odds: float) -> None:
    """Hold `is_digit` to the file's own log-odds.

    Raises:
        ExportError: an image is called a digit below the threshold or not called one above.
    """
    if (actual.is_digit != (actual.log_odds >= min_log_odds)).any():
        raise ExportError(f"{path}: not written: expected is_digit where the log-odds reach {min_log_odds}, got others")
