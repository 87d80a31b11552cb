"""One HTTP connection that stays open, as an asyncio protocol that parses no more of an answer than it must."""

import asyncio
import re
from typing import Protocol

CONTENT_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


class Owner(Protocol):
    """Whoever is told what happens on a connection."""

    def answered(self, connection: "Connection", due: float, status: int) -> None:
        """A whole answer came, to a request that was due then."""

    def failed(self, connection: "Connection", kind: str) -> None:
        """The request under way will get no answer; `kind` says why."""

    def lost(self, connection: "Connection") -> None:
        """The connection is closed."""


class Connection(asyncio.Protocol):
    """One connection that stays open, with at most one request under way."""

    def __init__(self, owner: Owner) -> None:
        self._owner = owner
        self._received = b""
        self._due: float | None = None  # of the request under way

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep what to write to."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def send(self, request: bytes, due: float) -> None:
        """Send a request that was due at a time of `time.perf_counter`."""
        self._due = due
        self._transport.write(request)

    def abort(self) -> None:
        """Close it at once."""
        self._transport.abort()

    def data_received(self, data: bytes) -> None:
        """Collect until the answer is whole, and tell the owner its status."""
        due = self._due
        if due is None:  # nobody asked: what comes next could not be told from an answer
            self.abort()
            return
        self._received = self._received + data if self._received else data
        try:
            status = whole_answer(self._received)
        except ValueError:
            self._due = None
            self._owner.failed(self, "malformed")
            self.abort()
            return
        if status is not None:
            self._received, self._due = b"", None
            self._owner.answered(self, due, status)

    def connection_lost(self, error: Exception | None) -> None:
        """Closed by the server, or by us at the end."""
        if self._due is not None:
            self._owner.failed(self, "closed")
        self._owner.lost(self)


def whole_answer(data: bytes) -> int | None:
    """Return the status of the one HTTP answer in `data`; None where part of it is still to come.

    Raises:
        ValueError: it is none, its length is not told, or more follows, which nobody asked for.
    """
    end = data.find(b"\r\n\r\n")
    if end < 0:
        return None
    length = CONTENT_LENGTH.search(data, 0, end)
    if not data.startswith(b"HTTP/1.1 ") or length is None:
        raise ValueError(f"expected an HTTP/1.1 answer with a Content-Length, got {data[:end]!r}")
    missing = end + 4 + int(length[1]) - len(data)
    if missing < 0:
        raise ValueError(f"expected one answer to one request, got {-missing} bytes more")
    return None if missing else int(data[9:12])
