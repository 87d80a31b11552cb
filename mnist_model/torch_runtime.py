"""Runs a recogniser with PyTorch: what training measures with, and what every exported file is held to."""

import numpy as np
import torch
from numpy.typing import NDArray

from .recogniser import Recogniser
from .scores import Scores


class TorchRuntime:
    """A recogniser in evaluation mode.

    Args:
        recogniser: probabilities and log-odds of being a digit, from (N, 28, 28) images.
    """

    def __init__(self, recogniser: Recogniser) -> None:
        self._recogniser = recogniser.eval().to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    @torch.inference_mode()
    def __call__(self, images: NDArray[np.uint8]) -> Scores:
        """(N, 28, 28) uint8, N at least 1 -> scores."""
        probabilities, log_odds = self._recogniser(torch.tensor(images))
        return Scores(probabilities.numpy(), log_odds.numpy())
