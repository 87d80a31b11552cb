"""From a network's ten logits to an honest answer: is it a digit, and which one.

The ten logits stand beside an eleventh that is always 0: "no digit". Training with cross-entropy over the eleven, on
digits and non-digits, makes the logarithm of the summed exponentials of the ten the log-odds that an image is a digit.
So one number is both the score of a background class and (with its sign turned) the free energy by which Liu et al.
(2020, "Energy-based Out-of-distribution Detection") tell known from unknown, and the network needs no further output.
"""

import torch
from torch import Tensor, nn


class Recogniser(nn.Module):
    """A network with what turns its logits into probabilities; this whole is what is served and exported.

    Args:
        network: (N, 28, 28) images in 0-255 -> logits (N, 10).
        temperature: divides the logits where digits are weighed against each other (Guo et al., 2017, "On Calibration
            of Modern Neural Networks"); fitted on held-out digits.
    """

    def __init__(self, network: nn.Module, temperature: float = 1.0) -> None:
        super().__init__()
        self.network = network
        self.temperature = temperature

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """(N, 28, 28) in 0-255 -> probabilities (N, 10), each row summing to 1, and log-odds of being a digit (N,).

        What is no digit is each digit with equal probability: by the law of total probability the ten are
        P(digit) · softmax + (1 - P(digit)) / 10. Confidence is then low for a scribble too.
        """
        logits = self.network(images).float()
        log_odds = logits.logsumexp(dim=1)
        is_digit = log_odds.sigmoid().unsqueeze(1)
        which = (logits / self.temperature).softmax(dim=1)
        return is_digit * which + (1 - is_digit) / which.shape[1], log_odds


def with_background(logits: Tensor) -> Tensor:
    """Append the constant 0 of "no digit" to (N, 10) logits: (N, 11), for a cross-entropy."""
    return torch.cat([logits, logits.new_zeros(len(logits), 1)], dim=1)
