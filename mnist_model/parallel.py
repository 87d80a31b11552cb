"""Data-parallel training: each process takes its share of every batch, and their gradients are added up.

    torchrun --nproc-per-node 2 -m mnist_model train

All processes hold the same weights, draw the same order of images and end with the same network, the one that a single
process would get, but for rounding and for what augmentation and dropout draw. Alone, a process changes nothing here.
"""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn import functional as F

from .checkpoint import first_line
from .errors import MnistError

# How long to wait for a process that lives but says nothing; fetching MNIST takes less.
TIMEOUT = timedelta(minutes=10)


def world_size() -> int:
    """How many processes train together."""
    return dist.get_world_size() if dist.is_initialized() else 1


def rank() -> int:
    """The number of this process, from 0; the first one writes the files and shows the progress."""
    return dist.get_rank() if dist.is_initialized() else 0


@contextmanager
def joined() -> Iterator[None]:
    """Join the other processes that torchrun started; gloo, because it works on CPUs.

    Raises:
        MnistError: torchrun wants this process to end, because another one has.
    """
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        yield
        return
    dist.init_process_group("gloo", timeout=TIMEOUT)
    before = signal.signal(signal.SIGTERM, _stop)
    if rank() > 0:  # Ctrl-C reaches them all, and the first one says so
        signal.signal(signal.SIGINT, lambda *_: sys.exit(1))
    try:
        yield
    finally:
        dist.destroy_process_group()
        signal.signal(signal.SIGTERM, before)


def _stop(*_: object) -> None:
    raise MnistError(f"process {rank()} of {world_size()} stops: another one has ended, or torchrun was told to end")


@contextmanager
def first_process_first() -> Iterator[None]:
    """Let the others begin when the first process is done: they find what it fetched."""
    if rank() > 0:
        _add_up(torch.zeros(1))
    yield
    if rank() == 0:
        _add_up(torch.zeros(1))


def draw_apart() -> None:
    """From here on each process draws random numbers of its own; they follow from those drawn together so far."""
    if world_size() > 1:
        torch.manual_seed(int(torch.randint(2**32, (world_size(),))[rank()]))


def share(batch: Tensor) -> Tensor:
    """This process's part of a batch; the parts differ by one image at most.

    Raises:
        MnistError: there are more processes than images.
    """
    if len(batch) < world_size():
        raise MnistError(f"expected at most {len(batch)} processes, one for each image of a batch, got {world_size()}")
    return batch[rank() :: world_size()]


def add_up_gradients(model: nn.Module, loss: Tensor) -> Tensor:
    """Replace each gradient by its sum over the processes; returns the sum of their losses.

    By hand rather than with DistributedDataParallel, which hides the communication behind the backward pass: 0.3 MB
    of gradients leave little to hide. One sum shows all there is to data parallelism, and the model stays as it is.
    """
    if world_size() == 1:
        return loss
    gradients = [parameter.grad for parameter in model.parameters() if parameter.grad is not None]
    total = _add_up(torch.cat([tensor.detach().flatten() for tensor in [*gradients, loss]]))
    parts = total[:-1].split([gradient.numel() for gradient in gradients])
    for gradient, part in zip(gradients, parts, strict=True):
        gradient.copy_(part.view(gradient.shape))
    return total[-1]


def synchronise_batch_norm(model: nn.Module) -> nn.Module:
    """Where several processes train, let batch normalisation see the whole batch; returns the same model."""
    if world_size() > 1:
        for module in list(model.modules()):
            for name, child in module.named_children():
                if isinstance(child, nn.BatchNorm2d):
                    synchronised = SyncBatchNorm2d(child.num_features, child.eps, child.momentum)
                    synchronised.load_state_dict(child.state_dict())
                    setattr(module, name, synchronised)
    return model


class SyncBatchNorm2d(nn.BatchNorm2d):
    """Batch normalisation by the statistics of all processes' images: torch.nn.SyncBatchNorm is for GPUs only.

    Its state is that of BatchNorm2d, and so is what it does in evaluation mode.
    """

    running_mean: Tensor
    running_var: Tensor
    num_batches_tracked: Tensor
    momentum: float

    def forward(self, images: Tensor) -> Tensor:
        """(N, C, H, W) -> the same shape, each channel with mean 0 and deviation 1 over the processes' images."""
        if not self.training:
            return super().forward(images)
        count, mean, variance = _moments(images)
        self.running_mean.lerp_(mean, self.momentum)
        self.running_var.lerp_(variance * (count / (count - 1)), self.momentum)
        self.num_batches_tracked += 1
        normalised: Tensor = _Normalise.apply(  # type: ignore[no-untyped-call]
            images, self.weight, self.bias, mean, variance, count, self.eps
        )
        return normalised


@torch.no_grad()
def _moments(images: Tensor) -> tuple[float, Tensor, Tensor]:
    """How many values a channel has in all processes, their mean and their (biased) variance, (C,) each.

    PyTorch's own kernel sums up this process's values: it is several times as fast as tensor operations are.
    """
    channels = images.shape[1]
    count = images.numel() / channels
    mean, variance = torch.zeros(channels), torch.zeros(channels)
    F.batch_norm(images, mean, variance, training=True, momentum=1.0)  # leaves them in the running statistics
    variance *= (count - 1) / count  # which hold the unbiased one
    # In double precision, because the mean's square will be taken off again.
    squares = variance.double() + mean.double() ** 2
    sums = _add_up(torch.cat([mean.double() * count, squares * count, torch.tensor([count]).double()]))
    total = float(sums[-1])
    mean, squares = (sums[:-1] / total).chunk(2)
    return total, mean.float(), (squares - mean**2).float()


class _Normalise(torch.autograd.Function):
    """The normalisation, and its gradients through the statistics of all processes (Ioffe and Szegedy, 2015)."""

    @staticmethod
    def forward(
        ctx: Any,
        images: Tensor,
        weight: Tensor,
        bias: Tensor,
        mean: Tensor,
        variance: Tensor,
        count: float,
        eps: float,
    ) -> Tensor:
        ctx.save_for_backward(images, weight, mean, variance)
        ctx.count, ctx.eps = count, eps
        return F.batch_norm(images, mean, variance, weight, bias, eps=eps)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        images, weight, mean, variance = ctx.saved_tensors
        # As if the statistics were constants ...
        of_images, of_weight, of_bias = torch.ops.aten.native_batch_norm_backward(
            gradient, images, weight, mean, variance, None, None, False, ctx.eps, [True, True, True]
        )
        # ... and what follows from their depending on every image, a linear function of the normalised images. The
        # gradients of weight and bias stay this process's own: `add_up_gradients` sums them with all others.
        slope, offset = _add_up(torch.cat([of_weight, of_bias])).chunk(2)
        scale = -weight * (variance + ctx.eps).rsqrt() / ctx.count
        of_images = of_images + F.batch_norm(images, mean, variance, scale * slope, scale * offset, eps=ctx.eps)
        return of_images, of_weight, of_bias, None, None, None, None


def _add_up(tensor: Tensor) -> Tensor:
    """The sum over all processes, in place; every one gets the same bits, and waits for the others.

    Raises:
        MnistError: another process has ended, or said nothing for TIMEOUT.
    """
    try:
        if world_size() > 1:
            dist.all_reduce(tensor)
    except RuntimeError as error:
        raise MnistError(
            f"process {rank()} of {world_size()} stops: another one has ended, or does not answer ({first_line(error)})"
        ) from error
    return tensor
