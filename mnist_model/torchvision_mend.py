"""Imports torchvision, also where its build does not match torch's.

The registry's torchvision is built beside CUDA builds of torch. Beside a CPU build its compiled operators do not
load, and the import fails with `operator torchvision::nms does not exist`, because the Python side refers to two of
them while it is being imported. Neither is used here; declaring both makes the rest (datasets, transforms) work.
"""

from typing import Any

import torch

MISSING_OPERATOR = "operator torchvision::nms does not exist"

# Kept for the life of the process: a Library takes its declarations with it when it is collected.
_declarations: list[torch.library.Library] = []


def import_torchvision() -> Any:
    """Return the torchvision module, after declaring the missing operators where that is what ails it.

    Raises:
        ImportError: torchvision is not installed.
        RuntimeError: its import fails for any other reason.
    """
    try:
        import torchvision
    except RuntimeError as error:
        if MISSING_OPERATOR not in str(error):
            raise
        library = torch.library.Library("torchvision", "FRAGMENT")
        for name in ("nms", "qnms"):
            library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        _declarations.append(library)
        import torchvision
    return torchvision
