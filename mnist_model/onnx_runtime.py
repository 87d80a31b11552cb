"""Runs an exported network with ONNX Runtime: what is served. It imports no torch.

docs/performance.md has the measurement by which it was chosen over PyTorch.
"""

from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from .errors import WeightsError
from .preprocessing import VERSION as PREPROCESSING_VERSION
from .scores import METADATA, Scores

SILENT = 4  # onnxruntime's own log: errors come as exceptions


class OnnxRuntime:
    """An ONNX file of `mnist export`, loaded.

    Args:
        path: the file.
        threads: how many share one pass; None leaves it to onnxruntime, which takes all cores.

    Attributes:
        metadata: METADATA's values, by name.

    Raises:
        WeightsError: the file is missing, is no such file, or was made behind another version of the recipe.
    """

    def __init__(self, path: str | Path, threads: int | None = None) -> None:
        try:
            content = Path(path).read_bytes()
        except FileNotFoundError as error:
            raise WeightsError(f"{path}: no such ONNX file; make one with `mnist export`") from error
        try:
            self._session = open_session(content, threads)
        except Exception as error:  # onnxruntime has a class of errors for each of its status codes
            raise WeightsError(
                f"{path}: expected an ONNX file of `mnist export`, got one that does not load"
            ) from error
        found = self._session.get_modelmeta().custom_metadata_map
        if missing := [name for name in METADATA if name not in found]:
            raise WeightsError(
                f"{path}: expected an ONNX file of `mnist export`, got one without {', '.join(missing)}; "
                "export it again"
            )
        self.metadata = {name: str(found[name]) for name in METADATA}
        if self.metadata["preprocessing_version"] != str(PREPROCESSING_VERSION):
            raise WeightsError(
                f"{path}: expected preprocessing version {PREPROCESSING_VERSION}, "
                f"got {self.metadata['preprocessing_version']}; train and export it again"
            )

    def __call__(self, images: NDArray[np.uint8]) -> Scores:
        """(N, 28, 28) uint8, N at least 1 -> scores."""
        return Scores(*self._session.run(Scores._fields, {"images": images}))


def open_session(content: bytes, threads: int | None = None) -> onnxruntime.InferenceSession:
    """An ONNX file in onnxruntime, on the processor; raises what onnxruntime raises."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = SILENT
    options.intra_op_num_threads = threads or 0
    # A thread that waits for work must not take the core that the rest of the service needs.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
