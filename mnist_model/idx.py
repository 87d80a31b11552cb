"""Reads IDX, the format of the MNIST files: magic, dimensions, then raw bytes.

The format is described on the page of the MNIST database (LeCun, Cortes, Burges): two zero bytes, a type code
(0x08 = unsigned byte), the number of dimensions, each dimension as a big-endian 32-bit integer, and the data.
"""

import gzip
import math
import struct
import zlib
from pathlib import Path

import torch
from torch import Tensor

from .errors import MnistError

UNSIGNED_BYTE = 0x08
REMEDY = "delete the file and let it be fetched again, or name another folder with --data"


class IdxError(MnistError):
    """A file that is not the IDX file it should be."""


def read_bytes(path: Path, remedy: str = REMEDY) -> bytes:
    """Return the raw content of `path`, unpacked where its name ends in .gz; `remedy` ends an error's message.

    Raises:
        IdxError: the compressed file is damaged or cut short.
    """
    if path.suffix != ".gz":
        return path.read_bytes()
    try:
        with gzip.open(path) as file:
            return file.read()
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise IdxError(f"{path}: expected a whole gzip file, got a damaged one ({error}); {remedy}") from error


def parse_idx(content: bytes, dimensions: int, path: Path, remedy: str = REMEDY) -> Tensor:
    """Parse IDX bytes into a uint8 tensor with the given number of dimensions; errors name `path` and `remedy`.

    Raises:
        IdxError: wrong magic, truncated header, or fewer or more bytes than the header announces.
    """
    header_size = 4 + 4 * dimensions
    if len(content) < header_size:
        raise IdxError(f"{path}: expected a header of {header_size} bytes, got {len(content)}; {remedy}")
    magic = content[:4]
    expected_magic = bytes([0, 0, UNSIGNED_BYTE, dimensions])
    if magic != expected_magic:
        raise IdxError(
            f"{path}: expected the magic number {expected_magic.hex()} (unsigned bytes, {dimensions} dimensions), "
            f"got {magic.hex()}; {remedy}"
        )
    shape = struct.unpack(f">{dimensions}I", content[4:header_size])
    expected, actual = math.prod(shape), len(content) - header_size
    if actual != expected:
        size = "×".join(map(str, shape))
        raise IdxError(f"{path}: expected {size} = {expected} bytes after the header, got {actual}; {remedy}")
    # bytearray: torch wants memory that it may write to
    data = torch.frombuffer(bytearray(content), dtype=torch.uint8)[header_size:]
    return data.view(shape)


def write_idx(path: Path, tensor: Tensor) -> None:
    """Write a uint8 tensor as IDX; compressed, without a time stamp, where the name ends in .gz."""
    header = bytes([0, 0, UNSIGNED_BYTE, tensor.dim()]) + struct.pack(f">{tensor.dim()}I", *tensor.shape)
    content = header + tensor.contiguous().numpy().tobytes()
    path.write_bytes(gzip.compress(content, mtime=0) if path.suffix == ".gz" else content)
