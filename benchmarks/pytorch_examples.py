"""The recipe of pytorch/examples (mnist/main.py), written anew: what our own training is measured against.

The network, the optimiser and every number are those of the original with its default options. Two things are kinder
to it than it is to itself: all images are one tensor that was normalised before the clock starts, where the original
decodes and normalises each image anew in every epoch.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

EPOCHS = 14
BATCH_SIZE = 64
TEST_BATCH_SIZE = 1000
LEARNING_RATE = 1.0
DECAY = 0.7  # of the learning rate, an epoch
PIXEL_MEAN, PIXEL_STD = 0.1307, 0.3081  # of pixels in 0-1


def network() -> nn.Sequential:
    """Two convolutions and two linear layers with dropout: 1,199,882 parameters, (N, 1, 28, 28) -> (N, 10) log p."""
    return nn.Sequential(
        nn.Conv2d(1, 32, 3),  # 28×28 -> 26×26
        nn.ReLU(),
        nn.Conv2d(32, 64, 3),  # -> 24×24
        nn.ReLU(),
        nn.MaxPool2d(2),  # -> 12×12
        nn.Dropout(0.25),
        nn.Flatten(),
        nn.Linear(64 * 12 * 12, 128),
        nn.ReLU(),
        nn.Dropout(0.5),
        nn.Linear(128, 10),
        nn.LogSoftmax(dim=1),
    )


def normalise(images: Tensor) -> Tensor:
    """(N, 28, 28) uint8 -> (N, 1, 28, 28) float as the network takes it."""
    return (images.unsqueeze(1) / 255 - PIXEL_MEAN) / PIXEL_STD


def train(
    model: nn.Module, images: Tensor, labels: Tensor, epochs: int, on_batch: Callable[[int, float], object]
) -> None:
    """Train on normalised images; `on_batch` gets each batch's size and loss, as `Trainer.train_one_epoch`'s does."""
    optimizer = torch.optim.Adadelta(model.parameters(), lr=LEARNING_RATE)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=1, gamma=DECAY)
    for _ in range(epochs):
        for batch in torch.randperm(len(labels)).split(BATCH_SIZE):
            loss = F.nll_loss(model(images[batch]), labels[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            on_batch(len(batch), float(loss.detach()))
        scheduler.step()


@torch.inference_mode()
def accuracy(model: nn.Module, images: Tensor, labels: Tensor) -> float:
    """Share of normalised images whose likeliest digit is the true one; the model goes on training afterwards."""
    model.eval()
    batches = zip(images.split(TEST_BATCH_SIZE), labels.split(TEST_BATCH_SIZE), strict=True)
    right = sum(int((model(part).argmax(dim=1) == truth).sum()) for part, truth in batches)
    model.train()
    return right / len(labels)
