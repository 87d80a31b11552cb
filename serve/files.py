"""Files as a browser takes them: with a type, compressed, and with a tag that tells one version from another."""

import gzip
import hashlib
import stat
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

# What may be served at all; not from the system's own table, which differs from machine to machine.
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".onnx": "application/octet-stream",
    ".svg": "image/svg+xml",
    ".wasm": "application/wasm",
}
COMPRESSED = {".css", ".html", ".js", ".mjs", ".svg", ".wasm"}  # the others hardly shrink
LEVEL = 4  # of gzip: the runtime's 14 MB in 0.4 s; level 9 takes 1 s and saves 5 % more


class Content(NamedTuple):
    """What a file holds, plain and (where that is shorter) compressed; `tag` is that of the plain bytes."""

    plain: bytes
    compressed: bytes | None
    content_type: str
    tag: str


def pack(plain: bytes, suffix: str) -> Content:
    """Content of the type that `suffix` (".js") stands for."""
    compressed = gzip.compress(plain, LEVEL, mtime=0) if suffix in COMPRESSED else None
    return Content(plain, compressed, TYPES[suffix], hashlib.sha256(plain).hexdigest()[:32])


def load(path: Path) -> Content | None:
    """A file's content, read and compressed once while it stays as it is; None where it is none that may be served."""
    if path.suffix not in TYPES:
        return None
    try:
        status = path.stat()
        return _load(path, status.st_mtime_ns, status.st_size) if stat.S_ISREG(status.st_mode) else None
    except OSError:  # it is not there, not to be read, or no file can have such a name
        return None


@lru_cache(maxsize=64)
def _load(path: Path, modified: int, size: int) -> Content:
    return pack(path.read_bytes(), path.suffix)


def admits_gzip(accepted: str) -> bool:
    """Whether the value of an Accept-Encoding header does."""
    for coding in accepted.lower().replace(" ", "").split(","):
        name, _, weight = coding.partition(";q=")
        if name == "gzip":
            return not weight or weight.strip("0.") != ""
    return False
