"""Real digits as the bodies of requests, in the forms that a server may take.

Reads the file by itself, because the package's reader imports torch, and the load generator is to stay small.
"""

import gzip
import io
import json
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import NDArray
from PIL import Image

DIGITS = Path(__file__).resolve().parent.parent / "tests" / "data" / "t10k-images-idx3-ubyte.gz"
IDX_HEADER = 16  # bytes: magic, count, height, width
COUNT = 64  # different bodies, so that no server can answer from a cache of one
CONTENT_TYPES = {"json": "application/json", "bytes": "application/octet-stream", "png": "image/png"}


def digits() -> NDArray[np.uint8]:
    """The sample of MNIST's test digits in tests/data: (1000, 28, 28) uint8."""
    with gzip.open(DIGITS) as file:
        return np.frombuffer(file.read(), np.uint8, offset=IDX_HEADER).reshape(-1, 28, 28)


def encode(image: NDArray[np.uint8], form: str) -> bytes:
    """One (28, 28) image as "json" (an array of 784 integers), "bytes" (784 of them) or "png"."""
    if form == "json":
        return json.dumps(image.ravel().tolist()).encode()
    if form == "bytes":
        return image.tobytes()
    file = io.BytesIO()
    Image.fromarray(image).save(file, "PNG")
    return file.getvalue()


def bodies(form: str) -> list[bytes]:
    """COUNT different digits in one form."""
    return [encode(image, form) for image in digits()[:COUNT]]


def http_request(url: str, form: str, body: bytes) -> bytes:
    """The whole request as it goes over the wire, on a connection that stays open."""
    address = urlsplit(url)
    head = (
        f"POST {address.path} HTTP/1.1\r\nHost: {address.netloc}\r\nContent-Type: {CONTENT_TYPES[form]}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body
