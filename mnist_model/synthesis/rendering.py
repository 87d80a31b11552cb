"""Strokes on paper that was scanned: pens of any width, and crops stretched towards a square.

What is drawn on the page goes through `preprocessing.from_strokes`, with its one pen. Scanned digits come with others,
and many collections stretched each to the same small square.
"""

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from ..preprocessing import BOX, SIZE, centre
from .hand import Strokes

OVERSAMPLING = 8
THINNEST, THICKEST = 1.0, 4.0  # px of the pen in the canonical image


def scan(strokes: Strokes, rng: Generator) -> NDArray[np.uint8]:
    """Draw strokes with a random pen, stretched at random between their own shape and a square.

    Returns:
        (28, 28) uint8, in the frame of `preprocessing.from_picture`.
    """
    pen = float(rng.uniform(THINNEST, THICKEST)) * OVERSAMPLING
    points = np.concatenate(strokes)
    low, extent = points.min(axis=0), np.maximum(np.ptp(points, axis=0), 1e-6)
    squareness = rng.random() if rng.random() < 0.4 else 0.0
    extent_drawn = extent / extent.max()
    extent_drawn = extent_drawn ** (1 - 0.6 * squareness)  # a lone vertical line stays narrower than high
    reach = BOX * OVERSAMPLING - pen
    corner = (SIZE * OVERSAMPLING - extent_drawn * reach) / 2
    picture = Image.new("L", (SIZE * OVERSAMPLING,) * 2)
    draw = ImageDraw.Draw(picture)
    for path in strokes:
        placed = [(float(x), float(y)) for x, y in (path - low) / extent * extent_drawn * reach + corner]
        if len(placed) > 1:
            draw.line(placed, fill=255, width=round(pen), joint="curve")
        for x, y in (placed[0], placed[-1]):  # round caps
            draw.ellipse([x - pen / 2, y - pen / 2, x + pen / 2, y + pen / 2], fill=255)
    return centre(np.asarray(picture.reduce(OVERSAMPLING)).astype(np.int64)).astype(np.uint8)
