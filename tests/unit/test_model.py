"""The networks."""

import pytest
import torch
from torch import nn

from mnist_model.errors import MnistError
from mnist_model.model import ARCHITECTURES, create_model, normalise


def parameters(model: nn.Module) -> int:
    return sum(parameter.numel() for parameter in model.parameters())


@pytest.mark.parametrize(("arch", "count"), [("cnn", 117_658), ("teacher", 289_642), ("mlp", 407_050)])
def test_parameters_are_counted(arch: str, count: int) -> None:
    """The numbers that the docstrings and the README name."""
    assert parameters(create_model(arch)) == count


def test_multiply_accumulates_are_counted() -> None:
    """3.9 million an image, as the docstring says."""
    model = create_model("cnn").eval()
    total = 0

    def count(module: nn.Module, inputs: object, output: torch.Tensor) -> None:
        nonlocal total
        weight = module.weight
        assert isinstance(weight, torch.Tensor)
        total += weight.numel() * output[0, 0].numel()

    for module in model.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            module.register_forward_hook(count)
    model(torch.zeros(1, 28, 28))
    assert total == 3_913_792


@pytest.mark.parametrize("arch", ARCHITECTURES)
@pytest.mark.parametrize("dtype", [torch.uint8, torch.float32])
def test_logits_come_from_either_type_of_image(arch: str, dtype: torch.dtype) -> None:
    """(N, 28, 28) -> (N, 10), the same for uint8 and float in 0-255."""
    model = create_model(arch).eval()
    images = torch.randint(0, 256, (3, 28, 28), dtype=torch.uint8)
    logits = model(images.to(dtype))
    assert logits.shape == (3, 10)
    assert torch.allclose(logits, model(images))


def test_normalisation_fits_mnist(digits: tuple[torch.Tensor, torch.Tensor]) -> None:
    """Mean 0 and deviation 1 over real digits; the constants are the training images', these are test images."""
    values = normalise(digits[0])
    assert abs(values.mean().item()) < 0.03
    assert abs(values.std().item() - 1) < 0.03


def test_an_unknown_architecture_is_refused() -> None:
    """The message names those that there are."""
    with pytest.raises(MnistError, match="cnn, teacher, mlp, got 'resnet'"):
        create_model("resnet")
