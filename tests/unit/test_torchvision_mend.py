"""torchvision beside a torch that it was not built with."""

import subprocess
import sys

from mnist_model.torchvision_mend import import_torchvision


def test_datasets_and_transforms_work() -> None:
    """The parts that are used import, whichever builds are installed."""
    torchvision = import_torchvision()
    assert torchvision.datasets.MNIST.__name__ == "MNIST"
    assert import_torchvision() is torchvision


def test_serving_does_not_import_it() -> None:
    """The mend declares operators in the whole process; only training may."""
    code = "import sys, mnist_model.predictor; sys.exit('torchvision' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
