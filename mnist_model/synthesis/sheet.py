"""A contact sheet of what is made up, to look at: a person must agree with every label."""

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from ..preprocessing import SIZE
from .bank import ALL, render
from .digits import write_digit
from .hand import Hand

COLUMNS = 32
ROWS_PER_DIGIT = 2
SCALE = 2  # px of the sheet for one of an image
GAP = 2  # px between images
MARGIN = 100  # px for the labels


def draw_sheet(path: Path, seed: int) -> None:
    """Write a PNG with rows of each digit and of each family of non-digits, every image by another writer."""
    rng = np.random.default_rng(seed)
    labels = [str(digit) for digit in range(10) for _ in range(ROWS_PER_DIGIT)] + list(ALL)
    cell = SIZE * SCALE + GAP
    sheet = Image.new("L", (MARGIN + COLUMNS * cell, len(labels) * cell), 255)
    draw = ImageDraw.Draw(sheet)
    for row, label in enumerate(labels):
        draw.text((8, row * cell + cell // 3), label, fill=0)
        for column in range(COLUMNS):
            hand = Hand.sample(rng)
            image = ALL[label][1](hand, rng) if label in ALL else render(write_digit(int(label), hand, rng), rng)
            picture = Image.fromarray(255 - image).resize((SIZE * SCALE, SIZE * SCALE), Image.Resampling.NEAREST)
            sheet.paste(picture, (MARGIN + column * cell, row * cell))
    path.parent.mkdir(parents=True, exist_ok=True)
    sheet.save(path)
