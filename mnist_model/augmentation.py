"""Random variation of training images, batched, on tensors.

torchvision's v2 transforms draw one set of parameters a call and apply it to the whole batch; calling them image by
image is too slow for a CPU. So the one transform that matters here is written for a batch: each image gets an affine
map of its own, and the batch is resampled in one call.
"""

import math

import torch
from torch import Tensor
from torch.nn import functional as F

ROTATION_DEGREES = 12.0
SCALE = 0.12  # each axis by 1 ± this
SHEAR = 0.25  # horizontal, as handwriting slants
SHIFT_PIXELS = 2.0


def random_affine(images: Tensor) -> Tensor:
    """Rotate, scale, shear and shift each image of (N, 28, 28) on its own; float out, zeros moving in.

    Draws from torch's global generator.
    """
    count, height, width = images.shape

    def uniform(*shape: int) -> Tensor:
        return torch.rand(shape) * 2 - 1

    angle = uniform(count) * math.radians(ROTATION_DEGREES)
    scale_x, scale_y = 1 + uniform(2, count) * SCALE
    shear = uniform(count) * SHEAR
    shift_x, shift_y = uniform(2, count) * (SHIFT_PIXELS / (width / 2))  # grid coordinates span -1 to 1
    cos, sin = angle.cos(), angle.sin()
    # rotation · shear · scale, row by row: (N, 2, 3)
    maps = torch.stack(
        [
            torch.stack([cos * scale_x, (shear * cos - sin) * scale_y, shift_x], dim=1),
            torch.stack([sin * scale_x, (shear * sin + cos) * scale_y, shift_y], dim=1),
        ],
        dim=1,
    )
    grid = F.affine_grid(maps, [count, 1, height, width], align_corners=False)
    return F.grid_sample(images.unsqueeze(1).float(), grid, align_corners=False).squeeze(1)
