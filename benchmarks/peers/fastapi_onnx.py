"""FastAPI and ONNX Runtime on uvicorn: python -m benchmarks.peers.fastapi_onnx PORT MODEL."""

import asyncio
import sys
from pathlib import Path

import numpy as np
import uvicorn
from fastapi import FastAPI, Request, Response
from numpy.typing import NDArray

from .digits import OnnxDigits, parse_pixels

MAX_BATCH = 64


class Batcher:
    """Puts the requests that the event loop has read in one turn through the network together."""

    def __init__(self, digits: OnnxDigits) -> None:
        self._digits = digits
        self._waiting: list[tuple[NDArray[np.uint8], asyncio.Future[bytes]]] = []

    async def answer(self, pixels: NDArray[np.uint8]) -> bytes:
        """One image of 784 pixels -> its answer in JSON."""
        loop = asyncio.get_running_loop()
        if not self._waiting:
            loop.call_soon(self._answer_waiting)
        future: asyncio.Future[bytes] = loop.create_future()
        self._waiting.append((pixels, future))
        return await future

    def _answer_waiting(self) -> None:
        batch, self._waiting = self._waiting[:MAX_BATCH], self._waiting[MAX_BATCH:]
        if self._waiting:
            asyncio.get_running_loop().call_soon(self._answer_waiting)
        answers = self._digits.answer([pixels for pixels, _ in batch])
        for (_, future), answer in zip(batch, answers, strict=True):
            if not future.cancelled():
                future.set_result(answer)


def create_app(model: Path) -> FastAPI:
    """The application."""
    app = FastAPI(openapi_url=None)
    batcher = Batcher(OnnxDigits(model))

    @app.post("/predictions/mnist")  # type: ignore[untyped-decorator]
    async def predict(request: Request) -> Response:
        try:
            pixels = parse_pixels(await request.body(), request.headers.get("content-type"))
        except ValueError as error:
            return Response(str(error), 400)
        return Response(await batcher.answer(pixels), media_type="application/json")

    return app


if __name__ == "__main__":
    port, model = int(sys.argv[1]), Path(sys.argv[2])
    uvicorn.run(
        create_app(model),
        port=port,
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="off",
        access_log=False,
        log_level="warning",
    )
