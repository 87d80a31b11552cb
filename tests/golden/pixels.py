"""Pictures as bare pixels, for the golden cases: no decoder stands between them and the two recipes."""

import base64
import io
from typing import TypedDict

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

Colour = tuple[int, int, int, int]
BLACK, WHITE, NOTHING = (0, 0, 0, 255), (255, 255, 255, 255), (0, 0, 0, 0)
SEVEN = [(0.2, 0.14), (0.8, 0.12), (0.42, 0.9)]  # in shares of the sides


class Pixels(TypedDict):
    """A small picture as base64 of its RGBA bytes, and what makes a large one of it; tests/page builds it likewise."""

    width: int
    height: int
    rgba: str
    enlarge: int  # times each pixel is repeated, to the right and down
    grain: int  # grey levels by which a pattern brightens or darkens the enlarged picture at most


class PixelCase(Pixels):
    """An entry of pixels.json: 784 bytes in hexadecimal are what both recipes make of the pixels."""

    name: str
    image: str


def build(pixels: Pixels) -> NDArray[np.uint8]:
    """(height, width, 4) uint8, the picture in full size."""
    small = np.frombuffer(base64.b64decode(pixels["rgba"]), np.uint8).reshape(pixels["height"], pixels["width"], 4)
    levels = small.repeat(pixels["enlarge"], axis=0).repeat(pixels["enlarge"], axis=1).astype(np.int64)
    y, x = np.indices(levels.shape[:2])
    pattern = (31 * x + 17 * y + x * y) % (2 * pixels["grain"] + 1) - pixels["grain"]
    levels[..., :3] += pattern[..., np.newaxis]
    return levels.clip(0, 255).astype(np.uint8)


def png(pixels: Pixels) -> bytes:
    """The picture as a PNG file, which keeps every level."""
    buffer = io.BytesIO()
    Image.fromarray(build(pixels), "RGBA").save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def pixel_cases() -> dict[str, Pixels]:
    """Name -> pixels."""
    rng = np.random.default_rng(7)
    seven = _draw((40, 52), SEVEN, BLACK, WHITE, 5)
    noisy = np.asarray(_draw((64, 72), SEVEN, (60, 50, 40, 255), (205, 200, 180, 255), 7)).astype(np.int64)
    noisy[..., :3] += rng.normal(0, 14, (72, 64, 3)).astype(np.int64)
    ghost = np.asarray(_draw((30, 38), SEVEN, (200, 30, 60, 160), (90, 120, 30, 70), 5)).astype(np.int64)
    ghost[..., 3] += rng.integers(-60, 60, (38, 30))
    specks = np.asarray(_draw((70, 66), SEVEN, BLACK, WHITE, 5)).copy()
    specks[rng.integers(0, 66, 120), rng.integers(0, 70, 120), :3] = 0
    corners = np.full((57, 57, 4), 255, np.uint8)
    corners[(0, 0, 1, 55, 56, 56), (0, 1, 0, 56, 55, 56), :3] = 0
    between = np.full((30, 40, 4), (10, 10, 10, 254), np.uint8)  # on paper, 10.96: all levels are above the threshold
    between[15:, :, :3], between[29, 39, :3] = 11, 27
    crowded = _draw((36, 36), [(0.0, 0.05), (0.95, 0.05), (0.3, 1.0)], BLACK, WHITE, 9)  # touches its border
    far = _draw((31, 41), SEVEN, (40, 60, 110, 255), (220, 215, 190, 255), 4)
    return {
        "dark on light": _pixels(seven),
        "light on dark": _pixels(_draw((40, 52), SEVEN, WHITE, BLACK, 5)),
        "black ink on nothing": _pixels(_draw((40, 52), SEVEN, BLACK, NOTHING, 5)),
        "white ink on nothing": _pixels(_draw((40, 52), SEVEN, WHITE, (255, 255, 255, 0), 5)),
        "ink and paper half transparent": _pixels(ghost),
        "nothing at all": _pixels(np.zeros((9, 8, 4), np.uint8)),
        "levels between two whole ones, through transparency": _pixels(between),
        "blue on yellow": _pixels(_draw((40, 52), SEVEN, (30, 60, 200, 255), (250, 230, 90, 255), 5)),
        "noise over paper and ink": _pixels(noisy),
        "little contrast": _pixels(_draw((40, 52), SEVEN, (180, 180, 180, 255), (201, 201, 201, 255), 5)),
        "too little contrast, with grain": _pixels(np.full((8, 9, 4), (200, 200, 200, 255)), enlarge=8, grain=7),
        "specks": _pixels(specks),
        "specks just large enough to stay": _pixels(corners),
        "ink over much of the border": _pixels(crowded),
        "a thin level line": _pixels(_draw((110, 12), [(0.05, 0.5), (0.95, 0.4)], BLACK, WHITE, 2)),
        "a thin upright line": _pixels(_draw((9, 100), [(0.5, 0.03), (0.4, 0.97)], BLACK, WHITE, 1)),
        "tiny": _pixels(_draw((5, 7), SEVEN, BLACK, WHITE, 1)),
        "one pixel wide": _pixels(np.array([[WHITE], [BLACK], [BLACK], [WHITE], [WHITE]], np.uint8)),
        "one pixel": _pixels(np.array([[BLACK]], np.uint8)),
        "halves that rounding errors could tip": _pixels(np.asarray(seven)[::2, ::2], enlarge=5),
        "large, with grain": _pixels(far, enlarge=49, grain=6),
        "large and transparent": _pixels(_draw((23, 31), SEVEN, (20, 90, 40, 230), NOTHING, 4), enlarge=67, grain=9),
        "large, and sides that no square fits": _pixels(_draw((43, 5), SEVEN, WHITE, BLACK, 1), enlarge=71, grain=3),
    }


def _pixels(picture: Image.Image | NDArray[np.integer], enlarge: int = 1, grain: int = 0) -> Pixels:
    levels = np.asarray(picture).clip(0, 255).astype(np.uint8)
    height, width = levels.shape[:2]
    rgba = base64.b64encode(levels.tobytes()).decode()
    return {"width": width, "height": height, "rgba": rgba, "enlarge": enlarge, "grain": grain}


def _draw(
    size: tuple[int, int], path: list[tuple[float, float]], ink: Colour, paper: Colour, width: int
) -> Image.Image:
    """A path on paper, with the soft edges that a picture of four times the size leaves when it is shrunk."""
    scale = 4
    large = Image.new("L", (size[0] * scale, size[1] * scale), 0)
    points = [(x * large.width, y * large.height) for x, y in path]
    ImageDraw.Draw(large).line(points, fill=255, width=width * scale, joint="curve")
    share = np.asarray(large.reduce(scale))[..., np.newaxis] / 255
    levels = np.floor(np.array(ink) * share + np.array(paper) * (1 - share) + 0.5).astype(np.uint8)
    return Image.fromarray(levels, "RGBA")
