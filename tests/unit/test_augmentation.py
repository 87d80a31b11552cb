"""Random variation of training images."""

import torch

from mnist_model.augmentation import random_affine
from mnist_model.dataset import Split


def test_each_image_is_changed_in_its_own_way(digits: Split) -> None:
    """Copies of one digit come out different from each other, and from the original."""
    copies = digits.images[:1].repeat(20, 1, 1)
    varied = random_affine(copies)
    assert varied.shape == (20, 28, 28)
    assert varied.dtype == torch.float32
    for image in varied[1:]:
        assert (image - varied[0]).abs().mean() > 1
    assert (varied - copies).abs().mean() > 1


def test_the_seed_repeats_it(digits: Split) -> None:
    """All randomness is torch's global generator's."""
    torch.manual_seed(5)
    first = random_affine(digits.images[:10])
    torch.manual_seed(5)
    assert torch.equal(first, random_affine(digits.images[:10]))


def test_the_ink_stays_in_the_picture_and_in_range(digits: Split) -> None:
    """On average a tenth of the ink at most is gained or lost; levels stay in 0-255."""
    torch.manual_seed(0)
    images = digits.images[:500]
    varied = random_affine(images)
    assert varied.min() >= 0
    assert varied.max() <= 255.001
    ratio = varied.sum() / images.float().sum()
    assert 0.9 < ratio < 1.1
