"""Writes the golden cases that hold Python and JavaScript to each other: the recipe, numbers, and explanations.

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
from mnist_model.numbers import MAX_STROKES, best_reading, candidate_groups
from mnist_model.preprocessing import SIZE, from_picture, from_strokes
from mnist_model.scores import CLASSES
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


def upright(*places: float) -> list[Stroke]:
    """Lines 100 high, at these x."""
    return [[[x, 0.0], [x, 100.0]] for x in places]


def number_cases() -> dict[str, tuple[list[Stroke], list[list[float]]]]:
    """Name -> strokes, and confidences of their candidates, several times over, where the groups alone are not all."""
    rng = random.Random(11)
    circle = [[30 + 30 * math.sin(i / 20 * math.tau), 50 - 50 * math.cos(i / 20 * math.tau)] for i in range(21)]
    square_four = [[[10.0, 0.0], [0.0, 50.0], [50.0, 50.0]], [[50.0, 0.0], [50.0, 100.0]]]
    five = [[[10.0, 0.0], [8.0, 42.0], [55.0, 55.0], [25.0, 100.0], [0.0, 92.0]], [[22.0, -3.0], [68.0, -5.0]]]
    barred_seven = [[[0.0, 0.0], [60.0, 0.0], [20.0, 100.0]], [[12.0, 50.0], [58.0, 48.0]]]
    tie = 0.6 * 0.6 * math.exp(0.5)  # one digit of this confidence scores what two of 0.6 do
    cases: dict[str, tuple[list[Stroke], list[list[float]]]] = {
        "nothing": ([], [[]]),
        "empty strokes": ([[], []], [[]]),
        "an empty stroke between two": ([*upright(0), [], *upright(20)], [[0.9, 0.1, 0.9]]),
        "a dot": ([[[3.0, 4.0]]], [[0.2]]),
        "two dots": ([[[0.0, 0.0]], [[1.0, 0.0]]], [[0.2, 0.3]]),
        "two dots, one above the other": ([[[0.0, 0.0]], [[0.0, 9.0]]], [[0.2]]),
        "a dot beside a 1": ([*upright(0), [[10.0, 95.0]]], [[0.9, 0.8, 0.9], [0.9, 0.1, 0.9]]),
        "level lines": ([[[0.0, 5.0], [60.0, 5.0]], [[50.0, 5.0], [90.0, 5.0]]], [[0.3, 0.3]]),
        "11, written from right to left": (upright(20, 0), [[0.9, 0.3, 0.9]]),
        "a gap that just does not part": (upright(0, 25), [[0.5, 0.99, 0.5]]),
        "a gap that parts": (upright(0, 25.01), [[0.1, 0.1]]),
        "a digit as wide as one may be": (
            [[[0.0, 0.0], [70.0, 100.0]], [[90.0, 0.0], [160.0, 100.0]]],
            [[0.2, 0.9, 0.2]],
        ),
        "two too wide for one": ([[[0.0, 0.0], [70.0, 100.0]], [[90.0, 0.0], [160.1, 100.0]]], [[0.2, 0.2]]),
        "a square 4": (square_four, [[0.1, 0.99, 0.99], [0.9, 0.6, 0.99]]),
        "a 5 with its bar apart": (five, [[0.98, 0.97, 0.15]]),
        "a barred 7 and a 1 under its top": ([*barred_seven, [[57.0, 20.0], [55.0, 100.0]]], [[0.99, 0.1, 0.99]]),
        "a slashed 0, and its slash first": ([[[66.0, -6.0], [-4.0, 106.0]], circle], [[0.9]]),
        "101, touching": ([*upright(0), circle, *upright(60)], [[0.99, 0.6, 0.1, 0.99, 0.6, 0.99]]),
        "a small 0 by a 1": (
            [*upright(0), [[8 + x / 3, 67 + y / 3] for x, y in circle]],
            [[0.9, 0.5, 0.8], [0.5, 0.9, 0.5]],
        ),
        "all over each other": ([circle, *([[x * 0.5 + 15, y] for x, y in circle] for _ in range(4))], [[0.1]]),
        "middles at the same place": ([upright(30)[0], circle, [[10.0, 20.0], [50.0, 20.0]]], [[0.9]]),
        "a tie, which goes to the one": (upright(0, 0.0625), [[0.6, tie, 0.6 * math.exp(-2 * 0.0625 / 100)]]),
        "no confidence at all": (upright(0, 10, 20), [[0.0] * 6]),
        "as many strokes as may be": (upright(*(12.0 * i for i in range(MAX_STROKES))), []),
        "tiny": ([[[x * 1e-7, y * 1e-7] for x, y in stroke] for stroke in square_four], [[0.1, 0.99, 0.99]]),
        "large and far away": (
            [[[x * 1e6 + 3e8, y * 1e6 - 2e8] for x, y in stroke] for stroke in five],
            [[0.98, 0.97, 0.15]],
        ),
    }
    for number in range(1, 7):
        strokes = [
            [[x + rng.uniform(-25, 25), rng.uniform(0, 100)] for _ in range(rng.randint(1, 4))]
            for x in (rng.uniform(0, 200) for _ in range(9))
        ]
        cases[f"by chance, {number}"] = (strokes, [])
    for name, (strokes, confidences) in cases.items():
        if not confidences:
            groups = candidate_groups(strokes)
            cases[name] = (strokes, [[rng.uniform(0.1, 1) for _ in groups] for _ in range(3)])
    return cases


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
    """Write strokes.json, numbers.json, pixels.json, the pictures, pictures.json and occlusion.json."""
    strokes = [
        {"name": name, "strokes": case, "image": from_strokes(case).tobytes().hex()}
        for name, case in stroke_cases().items()
    ]
    (HERE / "strokes.json").write_text(json.dumps(strokes, indent=1) + "\n")
    pixels = [
        {"name": name, **case, "image": from_picture(png(case)).tobytes().hex()} for name, case in pixel_cases().items()
    ]
    (HERE / "pixels.json").write_text(json.dumps(pixels, indent=1) + "\n")
    numbers = []
    for name, (number, given) in number_cases().items():
        groups = candidate_groups(number)
        readings = [
            {"confidences": confidences, "reading": best_reading(number, groups, confidences)} for confidences in given
        ]
        numbers.append({"name": name, "strokes": number, "groups": groups, "readings": readings})
    (HERE / "numbers.json").write_text(json.dumps(numbers, indent=1) + "\n")
    images = {}
    for name, content in picture_cases().items():
        (HERE / name).write_bytes(content)
        images[name] = from_picture(content).tobytes().hex()
    (HERE / "pictures.json").write_text(json.dumps(images, indent=1) + "\n")
    lines = ",\n".join(json.dumps(case) for case in occlusion_cases())
    (HERE / "occlusion.json").write_text(f"[\n{lines}\n]\n")


if __name__ == "__main__":
    main()
