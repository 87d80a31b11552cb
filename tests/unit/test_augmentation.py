"""Random variation of training images."""

import torch

from mnist_model.augmentation import compress, random_affine, rescan, vary
from mnist_model.dataset import Split
from mnist_model.predictor import Predictor


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


def test_everything_at_once_keeps_the_frame(digits: Split) -> None:
    """Same shape, 0 to 255, every image its own way; most of the ink stays."""
    torch.manual_seed(0)
    images = digits.images[:200]
    varied = vary(images)
    assert varied.shape == images.shape
    assert varied.min() >= 0
    assert varied.max() <= 255
    assert (varied != images).any(dim=(1, 2)).all()
    ratio = varied.sum(dim=(1, 2)) / images.float().sum(dim=(1, 2))
    assert 0.6 < ratio.median() < 1.4
    assert ((varied - vary(images)).abs().amax(dim=(1, 2)) > 10).all()


def test_varied_digits_are_still_read(digits: Split) -> None:
    """What befalls a digit in training leaves it a digit to people, and so to the shipped network."""
    torch.manual_seed(0)
    read = Predictor.load().predict(vary(digits.images).round().byte().numpy())
    assert sum(p.digit == int(label) for p, label in zip(read, digits.labels, strict=True)) > 0.97 * len(read)


def test_a_rescan_is_centred_and_fills_the_box(digits: Split) -> None:
    """Stretched or not, the ink has its centre of mass at index 14 and a longer side of about 20 px."""
    torch.manual_seed(0)
    scans = rescan(digits.images[:100].float())
    index = torch.arange(28.0)
    for axis in (1, 2):
        means = (scans.sum(dim=3 - axis) * index).sum(dim=1) / scans.sum(dim=(1, 2))
        assert (means - 14).abs().max() <= 0.51
    sides = torch.stack([(scans > 64).any(dim=axis).sum(dim=1) for axis in (1, 2)]).amax(dim=0)
    assert sides.float().median() >= 18
    assert sides.max() <= 21


def test_compression_loses_detail_alone(digits: Split) -> None:
    """As a picture saved at low quality: every image changes, none by much in the mean."""
    torch.manual_seed(0)
    images = digits.images[:100].float()
    loss = (compress(images) - images).abs()
    assert (loss.amax(dim=(1, 2)) > 4).all()
    assert loss.mean() < 12
