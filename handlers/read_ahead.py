"""Reads what TorchServe's frontend sends in few large pieces, where its worker asks the socket for each small one.

A message is a few hundred short fields: of each request its id, each header and each parameter, every one behind its
length. The worker of TorchServe 0.12 makes a system call for each field, some 25 a request, which together cost about
as much as recognising a digit. Reading ahead is safe: the frontend waits for the answer before it sends more.
"""

import socket
import struct
import sys
from typing import Any

LENGTH = struct.Struct("!i")
BUFFER_BYTES = 1 << 18  # some 200 requests of one digit each; what is larger than this is read straight into its place


class ReadAhead:
    """A buffer between a socket and those who want an exact number of bytes from it."""

    def __init__(self) -> None:
        self._buffer = bytearray(BUFFER_BYTES)
        self._start = self._stop = 0  # what of the buffer is still to be handed out
        self._connection: socket.socket | None = None

    def read(self, connection: socket.socket, length: int) -> bytearray:
        """Return exactly `length` bytes; where the connection is closed, end the worker, as TorchServe's does."""
        start, stop = self._start, self._start + length
        if stop <= self._stop and connection is self._connection:
            self._start = stop
            return self._buffer[start:stop]
        return self._read_on(connection, length)

    def read_length(self, connection: socket.socket) -> int:
        """Return what the next four bytes say: half of all fields are the length of another."""
        start, stop = self._start, self._start + LENGTH.size
        if stop <= self._stop and connection is self._connection:
            self._start = stop
            found: tuple[int] = LENGTH.unpack_from(self._buffer, start)
        else:
            found = LENGTH.unpack(self._read_on(connection, LENGTH.size))
        return found[0]

    def _read_on(self, connection: socket.socket, length: int) -> bytearray:
        """`length` bytes, of which the buffer has not all."""
        if connection is not self._connection:  # what another one sent is nobody's
            self._connection, self._start, self._stop = connection, 0, 0
        found = bytearray(length)
        filled = min(length, self._stop - self._start)
        found[:filled] = self._buffer[self._start : self._start + filled]
        self._start += filled
        with memoryview(found) as wanted:
            while length - filled >= BUFFER_BYTES:
                filled += _receive(connection, wanted[filled:])
        while filled < length:
            self._stop = _receive(connection, self._buffer)
            self._start = min(length - filled, self._stop)
            found[filled : filled + self._start] = self._buffer[: self._start]
            filled += self._start
        return found


def _receive(connection: socket.socket, into: bytearray | memoryview) -> int:
    count = connection.recv_into(into)
    if not count:
        sys.exit(0)
    return count


def install() -> None:
    """Put it in the place of TorchServe's own readers; a TorchServe that has none by those names is left as it is."""
    from ts.protocol import otf_message_handler

    protocol: Any = otf_message_handler
    if hasattr(protocol, "_retrieve_buffer") and hasattr(protocol, "_retrieve_int"):
        reader = ReadAhead()
        protocol._retrieve_buffer, protocol._retrieve_int = reader.read, reader.read_length
