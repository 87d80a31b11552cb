"""Pictures that no pen drew, as a camera or a careless program sends them: silhouettes, textures, print, noise.

Each family is a function of a generator and yields a picture (28, 28) uint8, bright on dark or not.
"""

import io
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from ..preprocessing import SIZE, from_picture
from .shapes import blob, ellipse, polygon, rectangle

Picture = NDArray[np.uint8]
Family = Callable[[Generator], Picture]

LARGE = 112  # px, four times the size: what is painted there is averaged down
# Alone, each of these printed letters could be read as a digit.
PRINTED = "ABCDEFGHJKLMNPQRTUVWXYacdefhkmnprtuvwxy&@#%?+=*<>{}$€"
UNLIKE_ALONE = "ACEFHKMNPRUVWXacdefhkmnprtuvwx&@#%?+=*{}$€"


def silhouette(rng: Generator) -> Picture:
    """A filled outline, symmetric like a garment or a vase or not, shaded or patterned, filling most of the frame."""
    picture = Image.new("L", (LARGE, LARGE))
    draw = ImageDraw.Draw(picture)
    level = int(rng.integers(90, 256))
    for _ in range(int(rng.integers(1, 5))):
        make = (blob, ellipse, polygon, rectangle)[rng.integers(4)]
        outline = make(rng) * rng.uniform(0.5, 1.9, 2) * [0.75, 1.0] + rng.normal(0, 0.12, 2)
        for side in (1.0, -1.0):
            points = (outline * [side, 1.0] * 0.5 + 0.5) * LARGE
            draw.polygon([(float(x), float(y)) for x, y in points], fill=level)
        level = int(np.clip(level + rng.integers(-60, 60), 60, 255))
    if rng.random() < 0.4:  # two legs or a handle's hole
        x, width = rng.uniform(0.35, 0.6), rng.uniform(0.04, 0.2)
        top = rng.uniform(0.1, 0.6)
        draw.rectangle([x * LARGE, top * LARGE, (x + width) * LARGE, LARGE], fill=0)
    pattern = np.asarray(_texture(rng, LARGE)) if rng.random() < 0.7 else 1.0
    shaded = np.asarray(picture, dtype=np.float64) * (1 - rng.uniform(0, 0.6) * pattern)
    return _shrink(shaded)


def texture(rng: Generator) -> Picture:
    """A pattern over the whole frame."""
    return _shrink(_texture(rng, LARGE) * 255 * rng.uniform(0.4, 1.0))


def _texture(rng: Generator, side: int) -> NDArray[np.float64]:
    """Smooth noise, stripes or checks, in 0-1."""
    y, x = np.mgrid[:side, :side] / side
    way = rng.integers(3)
    if way == 0:
        grain = int(rng.integers(2, 20))
        noise = Image.fromarray(rng.integers(0, 256, (grain, grain), dtype=np.uint8)).resize((side, side), 3)
        return np.asarray(noise) / 255.0
    angle, waves = rng.uniform(0, np.pi), rng.uniform(2, 12)
    stripes = np.sin((x * np.cos(angle) + y * np.sin(angle)) * waves * 2 * np.pi)
    if way == 2:
        stripes = stripes * np.sin((y * np.cos(angle) - x * np.sin(angle)) * waves * 2 * np.pi)
    return np.asarray(stripes / 2 + 0.5)


def noise(rng: Generator) -> Picture:
    """Grain, sparse or dense."""
    picture = rng.integers(0, 256, (SIZE, SIZE)) * (rng.random((SIZE, SIZE)) < rng.uniform(0.03, 1.0))
    return picture.astype(np.uint8)


def flat(rng: Generator) -> Picture:
    """One level, or light that falls off from one side."""
    y, x = np.mgrid[:SIZE, :SIZE] / SIZE
    falling = x * rng.normal() + y * rng.normal()
    light = 1 - 0.7 * (falling - falling.min()) / (np.ptp(falling) + 1e-9)
    return np.asarray(rng.uniform(20, 255) * light, dtype=np.uint8)


def lettering(rng: Generator) -> Picture:
    """A printed letter or word."""
    single = rng.random() < 0.5
    count = 1 if single else int(rng.integers(2, 6))
    text = "".join(rng.choice(list(UNLIKE_ALONE if single else PRINTED), count))
    font = ImageFont.truetype(str(rng.choice(_fonts())), 60)
    left, top, right, bottom = font.getbbox(text)
    picture = Image.new("L", (int(right - left) + 20, int(bottom - top) + 20), 255)
    ImageDraw.Draw(picture).text((10 - left, 10 - top), text, fill=0, font=font)
    if rng.random() < 0.3:
        picture = picture.filter(ImageFilter.GaussianBlur(float(rng.uniform(0.5, 3))))
    content = io.BytesIO()
    picture.save(content, "PNG", compress_level=0)
    return from_picture(content.getvalue())


@cache
def _fonts() -> list[str]:
    """The typefaces with letters that come with matplotlib: the same ones on every machine."""
    import matplotlib

    folder = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    return sorted(str(path) for path in folder.glob("DejaVu*.ttf") if "Display" not in path.name)


def _shrink(large: NDArray[np.float64]) -> Picture:
    """Average (112, 112) down to (28, 28)."""
    step = LARGE // SIZE
    small = large.reshape(SIZE, step, SIZE, step).mean(axis=(1, 3))
    return np.asarray(small.clip(0, 255), dtype=np.uint8)


PAINTED: dict[str, tuple[float, Family]] = {  # family -> how often, painter
    "silhouettes": (2.5, silhouette),
    "textures": (0.8, texture),
    "print": (2, lettering),
    "noise": (0.4, noise),
    "flat": (0.2, flat),
}
