"""Reading ahead, with TorchServe's own messages on a real socket: the same requests, however the bytes come."""

import socket
import struct
import threading
from collections.abc import Iterator

import numpy as np
import pytest
from ts.protocol import otf_message_handler as protocol

from handlers import read_ahead
from handlers.read_ahead import BUFFER_BYTES, ReadAhead

Pair = tuple[socket.socket, socket.socket]


@pytest.fixture
def pair() -> Iterator[Pair]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.settimeout(10)
        yield ours, theirs


def field(content: bytes) -> bytes:
    return struct.pack("!i", len(content)) + content


def message(bodies: list[bytes]) -> bytes:
    """As TorchServe's frontend sends a batch."""
    end = struct.pack("!i", -1)
    requests = [
        field(f"id-{index}".encode())
        + field(b"Content-Type")
        + field(b"application/octet-stream")
        + end
        + field(b"body")
        + field(b"application/octet-stream")
        + field(body)
        + end
        for index, body in enumerate(bodies)
    ]
    return b"I" + b"".join(requests) + end


def send(to: socket.socket, content: bytes, sizes: Iterator[int]) -> threading.Thread:
    """In pieces of these sizes, meanwhile."""

    def run() -> None:
        start = 0
        while start < len(content):
            size = next(sizes)
            to.sendall(content[start : start + size])
            start += size

    thread = threading.Thread(target=run)
    thread.start()
    return thread


@pytest.mark.parametrize("pieces", ["bytes", "odd", "whole"])
def test_messages_are_read_as_they_were_sent(pair: Pair, monkeypatch: pytest.MonkeyPatch, pieces: str) -> None:
    """One after another, each larger than the last, the largest many times the buffer."""
    ours, theirs = pair
    rng = np.random.default_rng(0)
    sizes = {"bytes": lambda: 1, "odd": lambda: int(rng.integers(1, 5000)), "whole": lambda: 1 << 30}[pieces]
    lengths = [[0], [784] * 3] if pieces == "bytes" else [[0], [784] * 64, [1, 784, BUFFER_BYTES, 3], [3 << 20, 784]]
    reader = ReadAhead()
    monkeypatch.setattr(protocol, "_retrieve_buffer", reader.read)
    monkeypatch.setattr(protocol, "_retrieve_int", reader.read_length)
    for each in lengths:
        bodies = [rng.bytes(length) for length in each]
        thread = send(theirs, message(bodies), iter(sizes, None))
        command, requests = protocol.retrieve_msg(ours)
        thread.join()
        assert command == b"I"
        assert [request["requestId"].decode() for request in requests] == [f"id-{n}" for n in range(len(bodies))]
        assert [bytes(request["parameters"][0]["value"]) for request in requests] == bodies
        assert all(request["headers"][0]["value"] == b"application/octet-stream" for request in requests)


def test_few_calls_read_a_batch(pair: Pair) -> None:
    """That is what it is for: 64 requests, of some 1,600 fields, with a handful of calls."""
    ours, theirs = pair
    calls = 0

    class Counted(socket.socket):
        def recv_into(self, *args: object) -> int:
            nonlocal calls
            calls += 1
            return super().recv_into(*args)  # type: ignore[arg-type]

    content = message([bytes(784)] * 64)
    with Counted(fileno=ours.detach()) as counted:
        thread = send(theirs, content, iter(lambda: 1 << 30, None))
        thread.join(1)
        reader = ReadAhead()
        read = b"".join(bytes(reader.read(counted, length)) for length in [1, 4, *[7] * 100, len(content) - 705])
        thread.join()
    assert read == content
    assert calls < 12


def test_a_new_connection_starts_anew(pair: Pair) -> None:
    """What was left of an older one is not handed out."""
    ours, theirs = pair
    reader = ReadAhead()
    theirs.sendall(b"one and the rest of it")
    assert reader.read(ours, 3) == b"one"
    others = socket.socketpair()
    with others[0], others[1]:
        others[1].sendall(b"two")
        assert reader.read(others[0], 3) == b"two"


@pytest.mark.parametrize("wanted", [4, BUFFER_BYTES + 4])
def test_the_worker_ends_with_its_connection(pair: Pair, wanted: int) -> None:
    """Quietly, as TorchServe's own does, also in the middle of a field."""
    ours, theirs = pair
    theirs.sendall(b"abc")
    theirs.close()
    with pytest.raises(SystemExit) as ended:
        ReadAhead().read(ours, wanted)
    assert ended.value.code == 0


def test_it_takes_the_place_of_torchserves_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """And leaves alone a TorchServe that has another."""
    for name in ("_retrieve_buffer", "_retrieve_int"):
        monkeypatch.setattr(protocol, name, getattr(protocol, name))  # put back in the end
    read_ahead.install()
    assert protocol._retrieve_buffer.__self__ is protocol._retrieve_int.__self__
    own = protocol._retrieve_int
    monkeypatch.delattr(protocol, "_retrieve_buffer")
    read_ahead.install()
    assert not hasattr(protocol, "_retrieve_buffer")
    assert protocol._retrieve_int == own
