"""Writes the shipped network as JSON for TensorFlow.js: python -m benchmarks.peers.tfjs_weights FILE.

Batch normalisation is folded into the convolutions before it. Arrays are flat, in TensorFlow's order: filters (height,
width, in, out), matrices (in, out), and activations (height, width, channels).
"""

import json
import sys
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from mnist_model import checkpoint
from mnist_model.model import PIXEL_MEAN, PIXEL_STD
from mnist_model.preprocessing import SIZE


def array(values: Tensor) -> dict[str, Any]:
    """A tensor as its shape and its values."""
    return {"shape": list(values.shape), "values": values.flatten().tolist()}


def convolution(block: Any) -> dict[str, Any]:
    """Convolution, batch normalisation and ReLU as one layer."""
    conv = fuse_conv_bn_eval(block[0], block[1])
    weights = {"kernel": array(conv.weight.permute(2, 3, 1, 0)), "bias": array(conv.bias)}
    return {"kind": "conv", "stride": conv.stride[0], "pad": conv.padding[0], **weights}


def linear(layer: nn.Linear, image: torch.Size) -> dict[str, Any]:
    """A linear layer on images that were (channels, height, width) and are (height, width, channels)."""
    kernel = layer.weight.view(-1, *image).permute(2, 3, 1, 0).flatten(0, 2)
    return {"kind": "dense", "kernel": array(kernel), "bias": array(layer.bias)}


@torch.no_grad()
def network() -> dict[str, Any]:
    """The layers in order, and what normalises before and decides after them.

    Raises:
        TypeError: the network has a layer that is none of DigitCNN's.
    """
    shipped = checkpoint.load()
    layers = []
    activations = torch.zeros(1, 1, SIZE, SIZE)
    image = activations.shape[1:]
    for layer in cast(nn.Sequential, shipped.build().eval().network.layers):
        if isinstance(layer, nn.Sequential):
            layers.append(convolution(layer))
        elif isinstance(layer, nn.MaxPool2d):
            layers.append({"kind": "pool", "pad": "same" if layer.ceil_mode else "valid"})
        elif isinstance(layer, nn.Flatten):
            image = activations.shape[1:]
        elif isinstance(layer, nn.Linear):
            layers.append(linear(layer, image))
        else:
            raise TypeError(f"expected a layer of DigitCNN, got {layer}")
        activations = layer(activations)
    decision = {"temperature": shipped.temperature, "min_log_odds": shipped.min_log_odds}
    return {"mean": PIXEL_MEAN, "std": PIXEL_STD, "layers": layers, **decision}


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(json.dumps(network()))
