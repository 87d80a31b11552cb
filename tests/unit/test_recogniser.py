"""From logits to probabilities and the log-odds of being a digit."""

import math

import pytest
import torch
from torch import Tensor, nn

from mnist_model.recogniser import Recogniser, background_in_training, with_background


class Fixed(nn.Module):
    """Answers every image with the same logits."""

    def __init__(self, *logits: float) -> None:
        super().__init__()
        self.logits = torch.tensor(logits)

    def forward(self, images: Tensor) -> Tensor:
        """(N, 28, 28) -> (N, 10)."""
        return self.logits.expand(len(images), -1)


IMAGES = torch.zeros(3, 28, 28)


def test_probabilities_sum_to_one_whatever_the_logits() -> None:
    """Also where all of them say "no digit", or one of them is very large."""
    for logit in (-80.0, 0.0, 80.0):
        probabilities, _ = Recogniser(Fixed(logit, *[-5.0] * 9))(IMAGES)
        assert torch.allclose(probabilities.sum(dim=1), torch.ones(3))


def test_what_is_no_digit_is_every_digit_alike() -> None:
    """One logit leads by far, and yet the confidence is that of a guess."""
    probabilities, log_odds = Recogniser(Fixed(-10.0, *[-40.0] * 9))(IMAGES)
    assert torch.allclose(log_odds, torch.tensor(-10.0))
    assert torch.allclose(probabilities, torch.tensor(0.1), atol=1e-4)
    assert (probabilities.argmax(dim=1) == 0).all()


def test_the_log_odds_are_those_of_an_eleventh_class() -> None:
    """The softmax over the ten logits and the constant 0 gives the same probability of being a digit."""
    network = Fixed(1.0, -2.0, 0.5, *[-3.0] * 7)
    _, log_odds = Recogniser(network)(IMAGES)
    eleven = with_background(network(IMAGES)).softmax(dim=1)
    assert torch.allclose(log_odds.sigmoid(), 1 - eleven[:, 10])


def test_more_non_digits_in_training_do_not_make_digits_less_likely_in_use() -> None:
    """Nine in ten in use; where training has as many, its background is 0, and with more non-digits it is above."""
    assert background_in_training(900, 100) == pytest.approx(0)
    assert background_in_training(500, 500) == pytest.approx(math.log(9))
    assert background_in_training(500, 0) == 0


def test_temperature_softens_which_digit_and_not_whether() -> None:
    """Accuracy and refusals stay; confidence falls."""
    network = Fixed(9.0, 5.0, *[-3.0] * 8)
    sharp, sharp_odds = Recogniser(network)(IMAGES)
    soft, soft_odds = Recogniser(network, temperature=3.0)(IMAGES)
    assert torch.equal(sharp_odds, soft_odds)
    assert (soft[:, 0] < sharp[:, 0] - 0.05).all()
    assert (soft.argmax(dim=1) == 0).all()
