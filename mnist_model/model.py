"""The networks: images in, logits out, normalisation inside.

Both take what the recipe yields, (N, 28, 28) with ink bright on 0 in the range 0-255, uint8 or float, so that no
caller has to know how the training data were scaled.
"""

from torch import Tensor, nn

from .errors import MnistError
from .scores import CLASSES

# Mean and standard deviation of all pixels of MNIST's training images, in units of 0-255.
PIXEL_MEAN = 33.318
PIXEL_STD = 78.567


def normalise(images: Tensor) -> Tensor:
    """(N, 28, 28) in 0-255 -> (N, 1, 28, 28) float with mean 0 and deviation 1 over MNIST."""
    return (images.unsqueeze(1).float() - PIXEL_MEAN) / PIXEL_STD


def conv_bn_relu(in_channels: int, out_channels: int, kernel: int, stride: int = 1) -> nn.Sequential:
    """Convolution, batch normalisation (Ioffe and Szegedy, 2015), ReLU; "same" padding."""
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, kernel, stride, kernel // 2, bias=False),
        nn.BatchNorm2d(out_channels),
        nn.ReLU(inplace=True),
    )


class DigitCNN(nn.Module):
    """A small convolutional network: 117,658 parameters, 3.9 million multiply-accumulates an image.

    The first layer halves the resolution at once, because at 28×28 most of the time would go into pixels that say
    little: strokes are 2-4 px wide. Depth and width are where they cost little, at 7×7 and 4×4.
    """

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            conv_bn_relu(1, 16, kernel=5, stride=2),  # 28×28 -> 14×14
            conv_bn_relu(16, 32, kernel=3),
            nn.MaxPool2d(2),  # -> 7×7
            conv_bn_relu(32, 48, kernel=3),
            conv_bn_relu(48, 64, kernel=3),
            nn.MaxPool2d(2, ceil_mode=True),  # -> 4×4
            conv_bn_relu(64, 96, kernel=3),
            nn.Flatten(),
            nn.Linear(96 * 4 * 4, CLASSES),
        )

    def forward(self, images: Tensor) -> Tensor:
        """(N, 28, 28) in 0-255 -> logits (N, 10)."""
        logits: Tensor = self.layers(normalise(images))
        return logits


class TeacherCNN(nn.Module):
    """A network five times as costly, 289,642 parameters, from which the small one learns; it is never served."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            conv_bn_relu(1, 32, kernel=5, stride=2),  # 28×28 -> 14×14
            conv_bn_relu(32, 64, kernel=3),
            conv_bn_relu(64, 64, kernel=3),
            nn.MaxPool2d(2),  # -> 7×7
            conv_bn_relu(64, 128, kernel=3),
            conv_bn_relu(128, 128, kernel=3),
            nn.MaxPool2d(2),  # -> 3×3
            nn.Flatten(),
            nn.Dropout(0.3),
            nn.Linear(128 * 3 * 3, CLASSES),
        )

    def forward(self, images: Tensor) -> Tensor:
        """(N, 28, 28) in 0-255 -> logits (N, 10)."""
        logits: Tensor = self.layers(normalise(images))
        return logits


class DigitMLP(nn.Module):
    """784-512-10 with dropout, 407,050 parameters: the network of an older in-browser project, kept to compare."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Flatten(),
            nn.Linear(28 * 28, 512),
            nn.ReLU(inplace=True),
            nn.Dropout(0.2),
            nn.Linear(512, CLASSES),
        )

    def forward(self, images: Tensor) -> Tensor:
        """(N, 28, 28) in 0-255 -> logits (N, 10)."""
        logits: Tensor = self.layers(normalise(images))
        return logits


ARCHITECTURES: dict[str, type[nn.Module]] = {"cnn": DigitCNN, "teacher": TeacherCNN, "mlp": DigitMLP}


def create_model(arch: str) -> nn.Module:
    """Return a new network of the named architecture, "cnn" or "mlp", with random weights.

    Raises:
        MnistError: there is no such architecture.
    """
    if arch not in ARCHITECTURES:
        raise MnistError(f"expected an architecture of {', '.join(ARCHITECTURES)}, got {arch!r}")
    return ARCHITECTURES[arch]()
