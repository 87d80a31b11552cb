"""The reader of the raw MNIST format."""

import gzip
import struct
from pathlib import Path

import pytest
import torch

from mnist_model.idx import IdxError, parse_idx, read_bytes, write_idx

PATH = Path("folder/some-idx3-ubyte")


def idx(*shape: int, data: bytes | None = None, type_code: int = 8) -> bytes:
    size = 1
    for length in shape:
        size *= length
    content = bytes(range(256)) * (size // 256 + 1) if data is None else data
    header = struct.pack(f">BBBB{len(shape)}I", 0, 0, type_code, len(shape), *shape)
    return header + (content[:size] if data is None else content)


def test_reads_images_row_by_row() -> None:
    """Bytes come out in the order they stand in."""
    tensor = parse_idx(idx(2, 3, 4), 3, PATH)
    assert tensor.dtype == torch.uint8
    assert tensor.tolist() == torch.arange(24).view(2, 3, 4).tolist()


@pytest.mark.parametrize("name", ["images-idx3-ubyte", "images-idx3-ubyte.gz"])
def test_what_is_written_is_read_back(tmp_path: Path, name: str) -> None:
    """Plain and compressed files alike."""
    tensor = torch.randint(0, 256, (3, 28, 28), dtype=torch.uint8)
    write_idx(tmp_path / name, tensor)
    assert torch.equal(parse_idx(read_bytes(tmp_path / name), 3, tmp_path / name), tensor)


@pytest.mark.parametrize(
    ("content", "expected", "actual"),
    [
        (b"", "16 bytes", "got 0"),
        (idx(2, 3, 4)[:10], "16 bytes", "got 10"),
        (idx(2, 3, 4)[:-1], "2×3×4 = 24 bytes", "got 23"),
        (idx(2, 3, 4) + b"!", "2×3×4 = 24 bytes", "got 25"),
        (idx(2, 3), "00000803", "got 00000802"),
        (idx(2, 3, 4, type_code=9), "00000803", "got 00000903"),
        (b"<html>404</html>", "00000803", "got 3c68746d"),
        (idx(2**31, 2**31, 4, data=b"x"), "18446744073709551616 bytes", "got 1"),
    ],
)
def test_a_damaged_file_is_refused(content: bytes, expected: str, actual: str) -> None:
    """The message names the file, what was expected, what was found, and what to do."""
    with pytest.raises(IdxError) as error:
        parse_idx(content, 3, PATH)
    message = str(error.value)
    assert str(PATH) in message
    assert expected in message
    assert actual in message
    assert "delete the file" in message


@pytest.mark.parametrize("content", [gzip.compress(b"x" * 1000)[:-9], b"not gzip at all", b""])
def test_a_damaged_gzip_file_is_refused(tmp_path: Path, content: bytes) -> None:
    """Cut short, or no gzip at all: the file is named."""
    path = tmp_path / "t10k-images-idx3-ubyte.gz"
    path.write_bytes(content)
    if content == b"":
        assert read_bytes(path) == b""  # an empty gzip file unpacks to nothing; the header check refuses it
        return
    with pytest.raises(IdxError, match="whole gzip file"):
        read_bytes(path)
