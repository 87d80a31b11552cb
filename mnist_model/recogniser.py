"""From a network's ten logits to an honest answer: is it a digit, and which one.

The ten logits stand beside an eleventh that is constant, 0 in use: "no digit". Training with cross-entropy over the
eleven, on digits and non-digits, makes the logarithm of the summed exponentials of the ten the log-odds that an image
is a digit. So one number is both the score of a background class and (with its sign turned) the free energy by which
Liu et al. (2020, "Energy-based Out-of-distribution Detection") tell known from unknown; there is no further output.
"""

import math

import torch
from torch import Tensor, nn

DIGITS_IN_USE = 0.9  # share of digits among what people send: an assumption


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


def with_background(logits: Tensor, background: float = 0.0) -> Tensor:
    """Append the constant logit of "no digit" to (N, 10) logits: (N, 11), for a cross-entropy."""
    return torch.cat([logits, logits.new_full((len(logits), 1), background)], dim=1)


def background_in_training(digits: int, non_digits: int) -> float:
    """The logit of "no digit" while training on so many images of each.

    Training shows more non-digits than people will draw. Where the constant is as much above 0 as their odds are too
    high, the network's own log-odds come out right for use (Menon et al., 2021, "Long-tail learning via logit
    adjustment").
    """
    if not non_digits:
        return 0.0
    return math.log(non_digits / digits) - math.log((1 - DIGITS_IN_USE) / DIGITS_IN_USE)
