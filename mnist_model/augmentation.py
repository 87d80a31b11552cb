"""Random variation of training images, batched, on tensors (N, 28, 28) in 0-255.

torchvision's v2 transforms draw one set of parameters a call and apply it to the whole batch; calling them image by
image is too slow for a CPU. So each transform here is written for a batch: every image gets parameters of its own.
All of them draw from torch's global generator.
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

SIZE = 28  # px
BOX = 20  # px, the longer side of the ink in MNIST's frame
CENTRE = 14  # index of the centre of mass

ROTATION_DEGREES = 12.0
SCALE = 0.12  # each axis by 1 ± this
SHEAR = 0.25  # horizontal, as handwriting slants
SHIFT_PIXELS = 2.0

ELASTIC_NODES = 5  # the displacement field is drawn on 5×5 nodes and smoothly enlarged
ELASTIC_PIXELS = 1.1  # standard deviation of a node's displacement, at most

RESCANNED = 0.18  # shares of a batch that each of these effects touches
THICKENED = 0.2
THINNED = 0.2
BLURRED = 0.1
COMPRESSED = 0.08
NOISY = 0.1


def vary(images: Tensor) -> Tensor:
    """All that can befall a digit on its way here: another pen, hand, scanner, camera or crop.

    In the order in which it happens: the scan, the line's thickness, the hand (affine and elastic), then lens, sensor
    and compression. uint8 or float in, float out.
    """
    varied = images.float()
    varied = _on_share(varied, RESCANNED, rescan)
    varied = _on_share(varied, THICKENED, lambda part: part + _uniform(part, 0.0, 0.9) * (_dilate(part) - part))
    varied = _on_share(varied, THINNED, lambda part: part + _uniform(part, 0.0, 0.7) * (-_dilate(-part) - part))
    varied = random_affine(varied, elastic=True)
    varied = _on_share(varied, BLURRED, lambda part: part + _uniform(part, 0.2, 1.0) * (_blur(part) - part))
    varied = varied * _uniform(varied, 0.75, 1.15)
    varied = _on_share(varied, COMPRESSED, compress)
    varied = _on_share(varied, NOISY, lambda part: part + _uniform(part, 2.0, 20.0) * torch.randn_like(part))
    return varied.clamp(0, 255)


def _on_share(images: Tensor, share: float, effect: Callable[[Tensor], Tensor]) -> Tensor:
    """Apply an effect to a random share of the images."""
    chosen = (torch.rand(len(images)) < share).nonzero().squeeze(1)
    if not len(chosen):
        return images
    return images.index_copy(0, chosen, effect(images[chosen]))


def _uniform(images: Tensor, low: float, high: float) -> Tensor:
    """One number an image, shaped to multiply it."""
    return low + (high - low) * torch.rand(len(images), 1, 1)


def _dilate(images: Tensor) -> Tensor:
    """Grey dilation: each pixel becomes the brightest of its cross of five; a square would fill small loops."""
    across = F.max_pool2d(images.unsqueeze(1), (1, 3), 1, (0, 1))
    down = F.max_pool2d(images.unsqueeze(1), (3, 1), 1, (1, 0))
    return torch.maximum(across, down).squeeze(1)


def _blur(images: Tensor) -> Tensor:
    """The 3×3 binomial filter."""
    row = torch.tensor([0.25, 0.5, 0.25])
    return F.conv2d(images.unsqueeze(1), torch.outer(row, row).view(1, 1, 3, 3), padding=1).squeeze(1)


def random_shift(images: Tensor) -> Tensor:
    """Shift each image by a whole pixel or none, each way; nearly free, and enough for a training of minutes."""
    padded = F.pad(images, (1, 1, 1, 1))
    rows, columns = (torch.randint(3, (len(images), 1)) + torch.arange(SIZE) for _ in range(2))
    batch = torch.arange(len(images)).view(-1, 1, 1)
    return padded[batch, rows.unsqueeze(2), columns.unsqueeze(1)]


def random_affine(images: Tensor, elastic: bool = False) -> Tensor:
    """Rotate, scale, shear and shift each image of (N, 28, 28) on its own; float out, zeros moving in.

    Args:
        images: the batch.
        elastic: also bend each image by a smooth random field (Simard, Steinkraus and Platt, 2003), drawn on a coarse
            grid of nodes as splines, which costs a hundredth of filtering noise at full resolution.
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
    if elastic:
        strength = torch.rand(count, 1, 1, 1) * (ELASTIC_PIXELS / (width / 2))
        nodes = torch.randn(count, 2, ELASTIC_NODES, ELASTIC_NODES) * strength
        field = F.interpolate(nodes, (height, width), mode="bicubic", align_corners=True)
        grid = grid + field.permute(0, 2, 3, 1)
    return F.grid_sample(images.unsqueeze(1).float(), grid, align_corners=False).squeeze(1)


def rescan(images: Tensor) -> Tensor:
    """As a coarse binary scanner with another frame would have it: stretched, thresholded, brought back to the box.

    Many collections of scanned digits were cropped to the ink and stretched, wholly or in part, to a small square of
    black and white pixels.
    """
    side = int(torch.randint(12, 33, ()))  # px, the scanner's square
    stretched = F.grid_sample(images.unsqueeze(1), _crop_grid(images, side), align_corners=False)
    level = torch.rand(len(images), 1, 1, 1) * 120 + 60
    binary = (stretched > level).float() * 255
    boxed = F.interpolate(binary, (BOX, BOX), mode="bilinear", antialias=True, align_corners=False)
    margin = (SIZE - BOX) // 2
    return centre(F.pad(boxed, (margin,) * 4).squeeze(1))


def _crop_grid(images: Tensor, side: int) -> Tensor:
    """Where the ink's box of each image lies, as a sampling grid (N, side, side, 2); between true shape and square."""
    inked = images > 64
    ends = []
    for axis in (1, 2):  # over rows: columns' extent (x); over columns: rows' extent (y)
        present = inked.any(dim=axis).float()
        first, last = present.argmax(dim=1), SIZE - present.flip(1).argmax(dim=1)
        ends.append((first.float(), last.float()))
    (left, right), (top, bottom) = ends
    width, height = right - left, bottom - top
    longer = torch.maximum(width, height)
    squareness = torch.rand(len(images))
    half_x = (width + (longer - width) * squareness) / 2
    half_y = (height + (longer - height) * squareness) / 2
    steps = (torch.arange(side) + 0.5) / side * 2 - 1
    x = ((left + right) / 2).view(-1, 1) + half_x.view(-1, 1) * steps
    y = ((top + bottom) / 2).view(-1, 1) + half_y.view(-1, 1) * steps
    grid = torch.stack([x.unsqueeze(1).expand(-1, side, -1), y.unsqueeze(2).expand(-1, -1, side)], dim=-1)
    return grid / (SIZE / 2) - 1


def centre(images: Tensor) -> Tensor:
    """Shift each image by whole pixels so that its centre of mass falls into index 14, as the recipe does."""
    total = images.sum(dim=(1, 2)).clamp(min=1e-6)
    index = torch.arange(SIZE, dtype=images.dtype)
    shift_y = (CENTRE - (images.sum(dim=2) * index).sum(dim=1) / total).round()
    shift_x = (CENTRE - (images.sum(dim=1) * index).sum(dim=1) / total).round()
    rows = index - shift_y.unsqueeze(1)
    columns = index - shift_x.unsqueeze(1)
    grid = torch.stack([columns.unsqueeze(1).expand(-1, SIZE, -1), rows.unsqueeze(2).expand(-1, -1, SIZE)], dim=-1)
    return F.grid_sample(images.unsqueeze(1), (grid * 2 + 1) / SIZE - 1, mode="nearest", align_corners=False).squeeze(1)


def compress(images: Tensor) -> Tensor:
    """JPEG's loss: coarse rounding of each 8×8 block's cosine transform, high frequencies the most."""
    side, blocks = 8, 4  # 28 px padded to 32
    index = torch.arange(side)
    basis = torch.cos(math.pi * (2 * index + 1) * index.unsqueeze(1) / (2 * side)) * math.sqrt(2 / side)
    basis[0] /= math.sqrt(2)
    padded = F.pad(images, (2, 2, 2, 2)).view(-1, blocks, side, blocks, side).transpose(2, 3)
    step = (16 + 12 * (index + index.unsqueeze(1))) * (0.3 + 1.7 * torch.rand(len(images), 1, 1, 1, 1))
    rounded = torch.round(basis @ padded @ basis.T / step) * step
    return (basis.T @ rounded @ basis).transpose(2, 3).reshape(-1, 32, 32)[:, 2:-2, 2:-2]
