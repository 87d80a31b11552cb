"""LitServe and ONNX Runtime, with LitServe's own batching: python -m benchmarks.peers.litserve_onnx PORT MODEL."""

import os
import sys
from pathlib import Path

import litserve
import numpy as np
from fastapi import HTTPException, Request, Response
from numpy.typing import NDArray

from .digits import OnnxDigits, to_pixels


class DigitAPI(litserve.LitAPI):  # type: ignore[misc]  # this environment lacks it
    """LitServe's four steps; the first and the last are those of one request, `predict` is that of a batch."""

    def __init__(self, model: Path) -> None:
        super().__init__(api_path="/predictions/mnist", max_batch_size=64, batch_timeout=0)
        self._model = model

    def setup(self, device: str) -> None:
        """Load the network, in the process of the worker."""
        self._digits = OnnxDigits(self._model)

    def decode_request(self, request: Request) -> NDArray[np.uint8]:
        """One request: LitServe, which goes by the type, hands over what its JSON says."""
        try:
            return to_pixels(request)
        except ValueError as error:
            raise HTTPException(400, str(error)) from error

    def batch(self, inputs: list[NDArray[np.uint8]]) -> list[NDArray[np.uint8]]:
        """Those that waited, as `answer` takes them."""
        return inputs

    def predict(self, images: list[NDArray[np.uint8]]) -> list[bytes]:
        """One answer in JSON for each."""
        return self._digits.answer(images)

    def unbatch(self, outputs: list[bytes]) -> list[bytes]:
        """Each its own."""
        return outputs

    def encode_response(self, output: bytes) -> Response:
        """One answer, which must not be encoded again."""
        return Response(output, media_type="application/json")


if __name__ == "__main__":
    port, model = int(sys.argv[1]), Path(sys.argv[2])
    server = litserve.LitServer(DigitAPI(model), accelerator="cpu", fast_queue=True)
    server.run(
        host="127.0.0.1",
        port=port,
        num_api_servers=os.cpu_count(),
        log_level="warning",
        access_log=False,
        generate_client_file=False,
    )
