"""What larger networks, the teachers, say of augmented training images: knowledge that a small one learns from.

After Hinton, Vinyals and Dean (2015), "Distilling the Knowledge in a Neural Network". The teachers' logits are worked
out once, for several augmented variants of each image, so that a long training does not run them again in every epoch.
"""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from tqdm import tqdm

from . import parallel
from .augmentation import vary

BATCH = 500


class Lessons(NamedTuple):
    """Augmented variants of N images and what the teachers say of each.

    Attributes:
        images: (variants, N, 28, 28) uint8.
        logits: (variants, N, 10) float16, the mean over the teachers.
    """

    images: Tensor
    logits: Tensor


@torch.inference_mode()
def prepare_lessons(images: Tensor, teachers: Sequence[nn.Module], variants: int, seed: int) -> Lessons:
    """Augment (N, 28, 28) uint8 images `variants` times and ask the teachers, which go into evaluation mode."""
    torch.manual_seed(seed)
    for teacher in teachers:
        teacher.eval().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    varied = torch.empty((variants, *images.shape), dtype=torch.uint8)
    logits = torch.empty((variants, len(images), 10), dtype=torch.float16)
    with tqdm(
        total=variants * len(images),
        desc="asking the teachers",
        unit=" images",
        unit_scale=True,
        disable=parallel.rank() > 0,
    ) as progress:
        for variant in range(variants):
            for start in range(0, len(images), BATCH):
                part = vary(images[start : start + BATCH]).round().byte()
                with torch.autocast("cpu", torch.bfloat16):
                    answers = torch.stack([teacher(part).float() for teacher in teachers]).mean(dim=0)
                varied[variant, start : start + BATCH] = part
                logits[variant, start : start + BATCH] = answers
                progress.update(len(part))
    return Lessons(varied, logits)


def distillation_loss(logits: Tensor, taught: Tensor, temperature: float) -> Tensor:
    """Kullback-Leibler divergence of (N, 10) logits from the teachers', both softened; times temperature squared."""
    student = F.log_softmax(logits / temperature, dim=1)
    teacher = F.log_softmax(taught / temperature, dim=1)
    return F.kl_div(student, teacher, reduction="batchmean", log_target=True) * temperature**2
