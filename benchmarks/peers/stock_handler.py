"""A handler as TorchServe's MNIST example has it: pictures in, digits out, all else its base class's."""

from typing import ClassVar

from torch import Tensor

from benchmarks.pytorch_examples import PIXEL_MEAN, PIXEL_STD
from mnist_model.torchvision_mend import import_torchvision

import_torchvision()  # before TorchServe's handlers import it themselves

from torchvision import transforms  # noqa: E402
from ts.torch_handler.image_classifier import ImageClassifier  # noqa: E402


class StockHandler(ImageClassifier):  # type: ignore[misc]  # TorchServe ships no types
    """Its base class opens each picture, and runs the network on the batch."""

    image_processing: ClassVar = transforms.Compose(
        [transforms.ToTensor(), transforms.Normalize((PIXEL_MEAN,), (PIXEL_STD,))]
    )

    def postprocess(self, data: Tensor) -> list[int]:
        """(N, 10) -> N digits."""
        digits: list[int] = data.argmax(dim=1).tolist()
        return digits
