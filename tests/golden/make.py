"""Writes the golden cases that hold Python and JavaScript to each other: the recipe, and what explains an answer.

    python tests/golden/make.py

Run it only when one of them is meant to change, and look at what changed; for the recipe, raise
`preprocessing.VERSION` too. The cases are hard spots of the arithmetic (dots, ties, clipping, long thin shapes), not a
sample of handwriting.
"""

import hashlib
import io
import json
import math
import random
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from mnist_model.explanation import occluded, relevance
from mnist_model.model import CLASSES
from mnist_model.preprocessing import SIZE, from_picture, from_strokes
from tests.golden.pixels import pixel_cases, png

HERE = Path(__file__).parent
Stroke = list[list[float]]


def stroke_cases() -> dict[str, list[Stroke]]:
    """Name -> strokes."""
    rng = random.Random(7)
    circle = [[math.cos(i / 20 * math.tau), math.sin(i / 20 * math.tau)] for i in range(21)]
    scribble = [[rng.uniform(0, 300), rng.uniform(0, 200)] for _ in range(60)]
    seven = [[10.0, 12.5], [40.0, 11.0], [41.5, 13.0], [22.0, 60.0]]
    return {
        "nothing": [],
        "an empty stroke": [[]],
        "a dot": [[[3.0, 4.0]]],
        "the same point twice": [[[3.0, 4.0], [3.0, 4.0]]],
        "two dots": [[[0.0, 0.0]], [[1.0, 0.0]]],
        "an upright line": [[[5.0, 0.0], [5.0, 100.0]]],
        "a level line": [[[0.0, 5.0], [100.0, 5.0]]],
        "a slanted line": [[[0.0, 0.0], [0.3, 1.0]]],
        "a circle": [circle],
        "a 7": [seven],
        "a 7 with a bar, large and far away": [
            [[x * 1e4 + 3e5, y * 1e4 - 2e5] for x, y in seven],
            [[3.2e5, 1.5e5], [3.2e5 + 2.5e5, 1.5e5]],
        ],
        "a 7, tiny": [[[x * 1e-7, y * 1e-7] for x, y in seven]],
        "one heavy corner, so that the shift clips": [
            [[0.0, 0.0], [100.0, 100.0]],
            *([[0.0, y], [12.0, y]] for y in np.linspace(0, 12, 9).tolist()),
        ],
        "a scribble": [scribble],
        "a 4 in two strokes": [[[30.0, 0.0], [0.0, 50.0], [60.0, 50.0]], [[42.0, 10.0], [42.0, 80.0]]],
        "a backwards path over itself": [[[0.0, 0.0], [0.0, 50.0], [0.0, 0.0], [30.0, 0.0]]],
    }


def encode(picture: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    """A picture's file as bytes."""
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def draw_seven(size: tuple[int, int], ink: int, paper: int, width: int) -> Image.Image:
    """A 7 in the middle of a grey picture."""
    picture = Image.new("L", size, paper)
    x, y = size[0] // 2, size[1] // 2
    reach = min(size) // 3
    path = [(x - reach // 2, y - reach), (x + reach // 2, y - reach), (x - reach // 4, y + reach)]
    ImageDraw.Draw(picture).line(path, fill=ink, width=width, joint="curve")
    return picture


def picture_cases() -> dict[str, bytes]:
    """Name -> the content of a PNG or JPEG file."""
    dark = draw_seven((200, 260), ink=20, paper=235, width=14)
    transparent = Image.new("LA", (120, 120), (0, 0))
    transparent.paste(Image.new("LA", (120, 120), (0, 255)), mask=draw_seven((120, 120), 255, 0, 9))
    turned = Image.Exif()
    turned[0x0112] = 6  # orientation: turned a quarter clockwise to be upright
    sideways = dark.transpose(Image.Transpose.ROTATE_90)
    return {
        "dark-on-light.png": encode(dark),
        "light-on-dark.png": encode(draw_seven((200, 260), ink=250, paper=5, width=14)),
        "photo.jpg": encode(dark, "JPEG", quality=70),
        "turned-by-exif.jpg": encode(sideways, "JPEG", quality=90, exif=turned),
        "transparent.png": encode(transparent),
        "tiny.png": encode(draw_seven((16, 16), ink=0, paper=255, width=2)),
        "blank.png": encode(Image.new("L", (50, 50), 200)),
    }


def occlusion_cases() -> list[dict[str, object]]:
    """Images, answers that nobody gave (probabilities of any size, 0 and 1 among them), and what follows from both."""
    rng = np.random.default_rng(7)
    corner, edge = np.zeros((2, SIZE, SIZE), np.uint8)
    corner[0, 0] = 1  # the faintest ink there is
    edge[SIZE - 1, SIZE - 1] = edge[0, SIZE - 1] = 255
    images = {
        "nothing": np.zeros((SIZE, SIZE), np.uint8),
        "ink in a corner": corner,
        "ink in two other corners": edge,
        "a 7": from_strokes(stroke_cases()["a 7"]),
        "a scribble": from_strokes(stroke_cases()["a scribble"]),
        "a full square": np.full((SIZE, SIZE), 255, np.uint8),
    }
    cases: list[dict[str, object]] = []
    for name, image in images.items():
        windows, blanked = occluded(image)
        odds = rng.lognormal(0, 9, (1 + len(windows), CLASSES))
        probabilities = (odds / odds.sum(axis=1, keepdims=True)).round(7)
        found = relevance(image, windows, probabilities[0], probabilities[1:])
        cases.append(
            {
                "name": name,
                "image": image.tobytes().hex(),
                "windows": windows.tolist(),
                "images_sha256": hashlib.sha256(blanked.tobytes()).hexdigest(),
                "probabilities": probabilities.tolist(),
                "relevance": [float(f"{value:.6g}") for value in found.ravel().tolist()],
            }
        )
    return cases


def main() -> None:
    """Write strokes.json, pixels.json, the pictures, pictures.json and occlusion.json."""
    strokes = [
        {"name": name, "strokes": case, "image": from_strokes(case).tobytes().hex()}
        for name, case in stroke_cases().items()
    ]
    (HERE / "strokes.json").write_text(json.dumps(strokes, indent=1) + "\n")
    pixels = [
        {"name": name, **case, "image": from_picture(png(case)).tobytes().hex()} for name, case in pixel_cases().items()
    ]
    (HERE / "pixels.json").write_text(json.dumps(pixels, indent=1) + "\n")
    images = {}
    for name, content in picture_cases().items():
        (HERE / name).write_bytes(content)
        images[name] = from_picture(content).tobytes().hex()
    (HERE / "pictures.json").write_text(json.dumps(images, indent=1) + "\n")
    lines = ",\n".join(json.dumps(case) for case in occlusion_cases())
    (HERE / "occlusion.json").write_text(f"[\n{lines}\n]\n")


if __name__ == "__main__":
    main()
