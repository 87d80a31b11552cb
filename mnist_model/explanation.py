"""Which ink decided: by blanking a part of the image at a time and seeing how the answer changes.

That is occlusion (Zeiler and Fergus, 2014, "Visualizing and Understanding Convolutional Networks", section 4.2). It
asks of a recogniser nothing but its answers, so every network and every runtime can be explained with it.
web/occlusion.js is the same arithmetic in JavaScript; tests/golden holds both to the same cases.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .preprocessing import SIZE

WINDOW = 5  # px, the side of what is blanked: a stroke (2.4 px) goes across its whole width, its neighbour stays
STRIDE = 2  # px from one window to the next: 4 to 9 cover each pixel, at a quarter of the cost of every place
STARTS = range(1 - WINDOW, SIZE, STRIDE)  # over the edges too, so that the outermost pixel is covered like the others
CERTAIN = 1e-6  # probabilities are taken to be this far from 0 and 1 at least: answers carry seven decimal places


def occluded(image: NDArray[np.uint8]) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    """Blank one window after another of an image.

    Args:
        image: (28, 28), ink bright on 0.

    Returns:
        The row and column of the upper left corner of each of the K windows that hold ink, (K, 2), below 0 for one that
        begins outside; and the images without the ink of each, (K, 28, 28). A digit has about 100, a full square 256.
    """
    windows = [(top, left) for top in STARTS for left in STARTS if _within(image, top, left).any()]
    images = np.repeat(image[np.newaxis], len(windows), axis=0)
    for blanked, (top, left) in zip(images, windows, strict=True):
        _within(blanked, top, left)[:] = 0
    return np.array(windows, np.int64).reshape(-1, 2), images


def relevance(
    image: NDArray[np.uint8],
    windows: NDArray[np.int64],
    base_probabilities: NDArray[Any],
    occluded_probabilities: NDArray[Any],
) -> NDArray[np.float32]:
    """How much the ink at each pixel spoke for the likeliest digit of the whole image.

    For each window it is seen how far the digit's log-odds, log(p / (1 - p)), fall without it; a pixel gets the mean of
    the windows that cover it.

    Args:
        image: (28, 28).
        windows: (K, 2), of `occluded`.
        base_probabilities: (10,) of the whole image.
        occluded_probabilities: (K, 10) of the image without each window.

    Returns:
        (28, 28) in nats: positive where the ink spoke for the digit, negative where against it, 0 where there is none.
    """
    digit = int(np.argmax(base_probabilities))
    falls = _log_odds(base_probabilities[digit]) - _log_odds(occluded_probabilities[:, digit])
    sums, counts = np.zeros((SIZE, SIZE)), np.zeros((SIZE, SIZE))
    for (top, left), fall in zip(windows.tolist(), falls.tolist(), strict=True):
        _within(sums, top, left)[:] += fall
        _within(counts, top, left)[:] += 1
    return np.where(image > 0, sums / np.maximum(counts, 1), 0).astype(np.float32)


def _within(pixels: NDArray[Any], top: int, left: int) -> NDArray[Any]:
    """The part of (28, 28) pixels that lies in a window, to read or to write."""
    return pixels[max(top, 0) : top + WINDOW, max(left, 0) : left + WINDOW]


def _log_odds(probabilities: NDArray[Any]) -> NDArray[np.float64]:
    clipped = np.clip(np.asarray(probabilities, np.float64), CERTAIN, 1 - CERTAIN)
    return np.asarray(np.log(clipped / (1 - clipped)))
