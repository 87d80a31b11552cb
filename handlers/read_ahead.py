"""Reads what TorchServe's frontend sends in few large pieces, where its worker asks the socket for each small one.

A message is a few hundred short fields: of each request its id, each header and each parameter, every one behind its
length. The worker of TorchServe 0.12 makes a system call for each field, some 25 a request, which together cost about
as much as recognising a digit. Reading ahead is safe: the frontend waits for the answer before it sends more.
"""

import socket
import sys
from typing import Any

BUFFER_BYTES = 1 << 18  # some 200 requests of one digit each; what is larger than this is read straight into its place


class ReadAhead:
    """A buffer between a socket and those who want an exact number of bytes from it."""

    def __init__(self) -> None:
        self._buffer = memoryview(bytearray(BUFFER_BYTES))
        self._start = self._stop = 0  # what of the buffer is still to be handed out
        self._connection: socket.socket | None = None

    def read(self, connection: socket.socket, length: int) -> bytearray:
        """Return exactly `length` bytes; where the connection is closed, end the worker, as TorchServe's does."""
        if connection is not self._connection:  # what another one sent is nobody's
            self._connection, self._start, self._stop = connection, 0, 0
        stop = self._start + length
        if stop <= self._stop:
            found = bytearray(self._buffer[self._start : stop])
            self._start = stop
            return found
        found = bytearray(length)
        filled = self._stop - self._start
        found[:filled] = self._buffer[self._start : self._stop]
        self._start = self._stop = 0
        with memoryview(found) as wanted:
            while length - filled >= BUFFER_BYTES:
                filled += _receive(connection, wanted[filled:])
        while filled < length:
            self._stop = _receive(connection, self._buffer)
            self._start = min(length - filled, self._stop)
            found[filled : filled + self._start] = self._buffer[: self._start]
            filled += self._start
        return found


def _receive(connection: socket.socket, into: memoryview) -> int:
    count = connection.recv_into(into)
    if not count:
        sys.exit(0)
    return count


def install() -> None:
    """Put it in the place of TorchServe's own reader; a TorchServe that has none by that name is left as it is."""
    from ts.protocol import otf_message_handler

    protocol: Any = otf_message_handler
    if hasattr(protocol, "_retrieve_buffer"):
        protocol._retrieve_buffer = ReadAhead().read
