"""What a recogniser says of images, whatever runs it."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

CLASSES = 10
# What travels with the weights into every other file, as text.
METADATA = ("arch", "preprocessing_version", "min_log_odds", "temperature", "seed")


class Scores(NamedTuple):
    """What is said of N images: probabilities (N, 10) float32, log-odds of being a digit (N,) float32."""

    probabilities: NDArray[np.float32]
    log_odds: NDArray[np.float32]


# What runs a network: (N, 28, 28) uint8, ink bright on 0, N at least 1 -> its scores. There is one for each kind of
# file: onnx_runtime.py for `.onnx`, which is what is served, and torch_runtime.py for checkpoints, the reference.
Runtime = Callable[[NDArray[np.uint8]], Scores]
