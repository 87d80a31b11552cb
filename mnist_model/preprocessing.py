"""The recipe: any drawing -> the canonical 28×28 image, ink bright on 0, as MNIST's own images are made.

MNIST's 70,000 images all have 20 px of ink on their longer side and their centre of mass at index 14; their strokes
are 2.4 px wide in the median. A drawing that is brought to the same frame is read far better than one that is merely
shrunk. web/preprocessing.js and web/picture.js are the same arithmetic in JavaScript; tests/golden holds both to the
same cases, byte for byte, so every step here is explicit arithmetic whose result does not depend on a library.
"""

import io
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image, UnidentifiedImageError

from .errors import MnistError

VERSION = 1  # goes into checkpoints; a change of the recipe is a new number

SIZE = 28  # px, the canonical image
BOX = 20  # px, the longer side of the ink
CENTRE = 14  # index of the pixel that the centre of mass falls into
OVERSAMPLING = 10  # strokes are drawn at 280×280
PEN = 24  # width of the pen at that size: 2.4 px
LEVELS = OVERSAMPLING * OVERSAMPLING  # a pixel is the count of its 10×10 inked samples

MAX_SAMPLES = 10_000_000  # that a drawing's segments may have around them: 200 lines across it, or 0.2 s
MAX_PICTURE_PIXELS = 20_000_000  # to decode; a small file can claim far more. JPEG decodes at a fraction of its size
WORKING_SIDE = 1000  # px; larger pictures are averaged down to at most about twice this first
MIN_CONTRAST = 16  # grey levels out of 255 between paper and ink; below that there is no ink
NOISE_DEVIATIONS = 4.0  # a pixel this far from the paper's level is ink
FAINT = 0.08  # share of the ink's full level below which JPEG's ringing, not ink, is seen
HALF = 0.5 + 1e-9  # rounds half up, also where a sum fell short of the half by a rounding error

ORIENTATION_TAG = 0x0112  # of EXIF: how the camera was held
TURNS: dict[object, Image.Transpose] = {  # its values 2 to 8 -> what makes the picture upright
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


class StrokesError(MnistError):
    """Strokes that are too much to draw."""


class PictureError(MnistError):
    """Bytes that are not a picture which can be read."""


def from_strokes(strokes: Sequence[ArrayLike]) -> NDArray[np.uint8]:
    """Draw pen strokes anew in MNIST's frame.

    Args:
        strokes: each of shape (points, 2), x to the right and y down, in any unit; finite. A stroke of one point is
            a round dot. The pen is lifted between strokes.

    Returns:
        (28, 28) uint8; all 0 where there is no point.

    Raises:
        StrokesError: the path goes to and fro so often that drawing it would take seconds.
    """
    paths = _to_canvas(strokes)
    if not paths:
        return np.zeros((SIZE, SIZE), np.uint8)
    canvas = SIZE * OVERSAMPLING
    ink = np.zeros((canvas, canvas), dtype=bool)
    samples = count_samples(strokes)
    if samples > MAX_SAMPLES:
        raise StrokesError(
            f"expected a drawing of at most about {MAX_SAMPLES // canvas**2} lines across it, "
            f"got {samples / canvas**2:.0f} times its area"
        )
    for scaled in paths:
        for start, end in zip(scaled, scaled[1:] if len(scaled) > 1 else scaled, strict=False):
            _draw_segment(ink, float(start[0]), float(start[1]), float(end[0]), float(end[1]))
    counts = ink.reshape(SIZE, OVERSAMPLING, SIZE, OVERSAMPLING).sum(axis=(1, 3))
    # rounding half up in whole numbers, as JavaScript does it too
    return ((centre(counts) * 255 * 2 + LEVELS) // (2 * LEVELS)).astype(np.uint8)


def count_samples(strokes: Sequence[ArrayLike]) -> float:
    """How many samples `from_strokes` looks at: those in the box around each segment, which is what drawing costs."""
    return sum(float((np.abs(np.diff(path, axis=0)) + PEN).prod(axis=1).sum()) for path in _to_canvas(strokes))


def _to_canvas(strokes: Sequence[ArrayLike]) -> list[NDArray[np.float64]]:
    """Scale and move strokes to where they are drawn, at 10×; those without a point are left out."""
    paths = [np.asarray(stroke, dtype=np.float64).reshape(-1, 2) for stroke in strokes]
    paths = [path for path in paths if len(path)]
    if not paths:
        return []
    points = np.concatenate(paths)
    low, high = points.min(axis=0), points.max(axis=0)
    middle = (low + high) / 2
    extent = float((high - low).max())
    reach = BOX * OVERSAMPLING - PEN  # the longer side of the path, so that with the pen it fills the box
    return [(path - middle) / (extent or 1.0) * reach + SIZE * OVERSAMPLING / 2 for path in paths]


def _draw_segment(ink: NDArray[np.bool_], ax: float, ay: float, bx: float, by: float) -> None:
    """Ink every sample whose centre is within half a pen of the segment: round caps and joins."""
    radius = PEN / 2
    left, right = max(int(min(ax, bx) - radius), 0), min(int(max(ax, bx) + radius) + 1, ink.shape[1])
    top, bottom = max(int(min(ay, by) - radius), 0), min(int(max(ay, by) + radius) + 1, ink.shape[0])
    x = np.arange(left, right) + 0.5
    y = (np.arange(top, bottom) + 0.5)[:, np.newaxis]
    dx, dy = bx - ax, by - ay
    length_squared = dx * dx + dy * dy
    along = ((x - ax) * dx + (y - ay) * dy) / length_squared if length_squared > 0 else np.zeros_like(x + y)
    along = np.minimum(1.0, np.maximum(0.0, along))
    off_x = ax + along * dx - x
    off_y = ay + along * dy - y
    ink[top:bottom, left:right] |= off_x * off_x + off_y * off_y <= radius * radius


def centre(image: NDArray[np.int64]) -> NDArray[np.int64]:
    """Shift by whole pixels so that the centre of mass falls into index 14 of both axes; zeros move in."""
    total = int(image.sum())
    if total == 0:
        return image
    index = np.arange(SIZE)
    centred = image
    for axis in (0, 1):
        mass = int((image.sum(axis=1 - axis) * index).sum())
        shift = CENTRE - (2 * mass + total) // (2 * total)  # the mean, rounded half up
        centred = np.roll(centred, shift, axis)
        emptied = slice(0, shift) if shift >= 0 else slice(SIZE + shift, SIZE)
        centred[(emptied, slice(None)) if axis == 0 else (slice(None), emptied)] = 0
    return centred


def from_picture(content: bytes) -> NDArray[np.uint8]:
    """Bring a PNG or JPEG of one digit, dark on light or light on dark, into MNIST's frame.

    The picture's own line width is kept, in proportion. Paper and ink are told apart by one threshold for the whole
    picture, so it should be evenly lit.

    Returns:
        (28, 28) uint8; all 0 where the picture shows nothing but paper.

    Raises:
        PictureError: not a PNG or JPEG, damaged or cut short, or too large.
    """
    ink = _separate_ink(_load_grey(content))
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    if not len(rows):
        return np.zeros((SIZE, SIZE), np.uint8)
    ink = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    scale = BOX / max(ink.shape)
    height, width = (max(1, int(side * scale + 0.5)) for side in ink.shape)
    mean = _area_mean(ink.shape[0], height) @ ink @ _area_mean(ink.shape[1], width).T
    image = np.zeros((SIZE, SIZE), dtype=np.int64)
    top, left = (SIZE - height) // 2, (SIZE - width) // 2
    image[top : top + height, left : left + width] = np.floor(mean * 255 + HALF)
    return centre(image).astype(np.uint8)


def _load_grey(content: bytes) -> NDArray[np.float64]:
    """Decode to (height, width) grey, 0 black to 255 white: upright, flattened, of a workable size."""
    try:
        with Image.open(io.BytesIO(content), formats=("PNG", "JPEG")) as picture:
            picture.draft("L", (WORKING_SIDE, WORKING_SIDE))  # JPEG: decode no more than is needed; PNG: nothing
            width, height = picture.size
            if width * height > MAX_PICTURE_PIXELS:
                raise PictureError(
                    f"expected a picture of at most {MAX_PICTURE_PIXELS:,} pixels, got {width}×{height}; shrink it"
                )
            picture.load()
            turn = TURNS.get(picture.getexif().get(ORIENTATION_TAG))
            upright = picture.transpose(turn) if turn is not None else picture.copy()
    except PictureError:
        raise
    except Exception as error:  # what Pillow raises for damaged files has no common class
        reason = "" if isinstance(error, UnidentifiedImageError) else f" ({error})"  # that one names a Python object
        raise PictureError(f"expected a whole PNG or JPEG picture, got {_describe(content)}{reason}") from error
    if upright.mode.startswith(("I", "F")):  # 16-bit grey, which convert("L") would clip
        levels = np.asarray(upright)
        grey = Image.fromarray((levels // max(int(levels.max()) // 255, 1)).clip(0, 255).astype(np.uint8))
    else:
        grey = upright.convert("LA" if upright.has_transparency_data else "L")
    if (factor := max(grey.size) // WORKING_SIDE) > 1:
        grey = grey.reduce(factor)
    levels = np.asarray(grey, dtype=np.float64)
    return _flatten(levels[..., 0], levels[..., 1]) if grey.mode == "LA" else levels


def _describe(content: bytes) -> str:
    return f"{len(content)} bytes beginning {content[:8].hex(' ')}" if content else "an empty body"


def _flatten(grey: NDArray[np.float64], alpha: NDArray[np.float64]) -> NDArray[np.float64]:
    """Lay a transparent picture on paper that its ink stands out from: white, or black under light ink."""
    light_ink = alpha.min() < 255 and (grey * alpha).sum() > 127.5 * alpha.sum()
    return (grey * alpha + (0.0 if light_ink else 255.0) * (255 - alpha)) / 255


def _separate_ink(grey: NDArray[np.float64]) -> NDArray[np.float64]:
    """Grey of either polarity -> ink, 1 at its full level, 0 on paper; all 0 where there is no contrast."""
    if grey.max() - grey.min() < MIN_CONTRAST:
        return np.zeros_like(grey)
    threshold = _otsu(grey)
    bright = grey > threshold
    border = np.concatenate([bright[0], bright[-1], bright[1:-1, 0], bright[1:-1, -1]])
    if border.mean() > 0.5:  # paper surrounds the digit: the border tells which of the two it is
        grey, threshold = 255 - grey, 255 - threshold
    paper, drawn = grey[grey <= threshold], grey[grey > threshold]
    if not len(paper) or not len(drawn):
        return np.zeros_like(grey)
    paper_level, ink_level = float(np.median(paper)), float(np.median(drawn))
    # 1.4826 × the median absolute deviation estimates a normal distribution's deviation; it ignores soft edges.
    noise = 1.4826 * float(np.median(np.abs(paper - paper_level)))
    ink = np.minimum(1.0, (grey - paper_level) / (ink_level - paper_level))
    floor = max(FAINT, NOISE_DEVIATIONS * noise / (ink_level - paper_level))
    return _without_specks(np.where(ink >= min(floor, 0.5), ink, 0.0))


def _without_specks(ink: NDArray[np.float64]) -> NDArray[np.float64]:
    """Blank what has fewer than two inked neighbours: grain and dither, of which a line of one pixel has none.

    Small pictures are left alone: there a single pixel is a part of a digit.
    """
    if max(ink.shape) <= 2 * SIZE:
        return ink
    inked = np.pad(ink > 0, 1).astype(np.int8)
    columns = inked[:, :-2] + inked[:, 1:-1] + inked[:, 2:]
    around = columns[:-2] + columns[1:-1] + columns[2:]  # itself included
    return np.where(around >= 3, ink, 0.0)


def _otsu(grey: NDArray[np.float64]) -> float:
    """The threshold that best splits the grey levels into two classes (Otsu, 1979)."""
    histogram = np.bincount(grey.astype(np.int64).ravel(), minlength=256).astype(np.float64)
    below = np.cumsum(histogram)
    above = below[-1] - below
    mass = np.cumsum(histogram * np.arange(256))
    with np.errstate(divide="ignore", invalid="ignore"):
        difference = mass / below - (mass[-1] - mass) / above
    between = np.nan_to_num(below * above * difference * difference, nan=0.0)
    best = np.flatnonzero(between >= between.max() * (1 - 1e-9))
    return float((best[0] + best[-1]) / 2)  # the middle of the gap between the classes


def _area_mean(before: int, after: int) -> NDArray[np.float64]:
    """Weights (after, before) that average each output pixel's area along one axis, also when enlarging."""
    edges = np.arange(after + 1) * (before / after)
    cells = np.arange(before)
    overlap = np.minimum(edges[1:, np.newaxis], cells + 1) - np.maximum(edges[:-1, np.newaxis], cells)
    return np.asarray(np.maximum(overlap, 0.0) * (after / before))
