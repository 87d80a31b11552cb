"""The network of TorchServe's MNIST example, as a model file: a module with one class, made without arguments."""

from torch import nn

from benchmarks.pytorch_examples import network


class Network(nn.Sequential):
    """pytorch/examples' two convolutions and two linear layers."""

    def __init__(self) -> None:
        super().__init__(*network())
