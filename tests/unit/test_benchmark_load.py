"""The closed loop: what wrk sends, what is read from its output, and which runs are refused."""

import json
import os
import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from benchmarks.bodies import COUNT, bodies
from benchmarks.load import LoadError, closed_loop, parse

needs_wrk = pytest.mark.skipif(shutil.which("wrk") is None and "CI" not in os.environ, reason="wrk is not installed")
FOUND = {
    "requests": 1000,
    "sent": 1009,
    "microseconds": 2_000_000,
    "connect": 0,
    "read": 0,
    "write": 0,
    "timeout": 0,
    "status": 0,
    "p50": 1500,
    "p90": 2500,
    "p99": 9000,
    "max": 12000,
}


def output(**changes: int) -> str:
    """What wrk prints: words of its own, and then the script's line."""
    return f"Running 2s test @ http://127.0.0.1:1\n  1 threads and 8 connections\n{json.dumps({**FOUND, **changes})}\n"


class Server(ThreadingHTTPServer):
    """Waits at its end for the threads of all connections, so that none outlives its test."""

    daemon_threads = False


@contextmanager
def server(answer: Callable[[BaseHTTPRequestHandler, bytes], None]) -> Iterator[str]:
    """A server that hands each body to `answer`; yields where predictions would be asked for."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            answer(self, self.rfile.read(int(self.headers["Content-Length"])))

        def log_message(self, format: str, *args: object) -> None:
            pass

    with Server(("127.0.0.1", 0), Handler) as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{running.server_port}/predictions/mnist"
        finally:
            running.shutdown()
            thread.join()


def reply(handler: BaseHTTPRequestHandler, status: int) -> None:
    handler.wfile.write(f"HTTP/1.1 {status} So\r\nContent-Length: 2\r\n\r\n{{}}".encode())


def test_rates_and_latencies_are_read_from_the_last_line() -> None:
    """Microseconds become seconds and milliseconds; a request under way on each connection is no error."""
    load = parse(output(), "ours, json", connections=8)
    assert (load.requests, load.rate) == (1000, 500)
    assert (load.p50_ms, load.p90_ms, load.p99_ms, load.max_ms) == (1.5, 2.5, 9, 12)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"connect": 3}, "3 connections refused"),
        ({"read": 1}, "1 broken off while reading"),
        ({"write": 2}, "2 broken off while writing"),
        ({"timeout": 1}, "1 answered after more than 10 s"),
        ({"status": 1000}, "1,000 answered with an error's status"),
        ({"sent": 1010}, "1 closed without an answer"),
        ({"requests": 0, "sent": 9}, "got 0 answers"),
    ],
)
def test_a_run_with_any_error_is_refused(changes: dict[str, int], told: str) -> None:
    """The message names the contender and what happened."""
    with pytest.raises(LoadError, match=r"^Fastify, json: ") as error:
        parse(output(**changes), "Fastify, json", connections=8)
    assert told in str(error.value)


def test_output_without_a_result_is_refused() -> None:
    """As where the script failed."""
    with pytest.raises(LoadError, match=r"expected a line of JSON from wrk, got 'digits.lua: cannot run'"):
        parse("digits.lua: cannot run", "ours, json", connections=8)


def test_without_wrk_the_error_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Before anything is sent."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(LoadError, match="apt-get install wrk"):
        closed_loop("ours", "http://127.0.0.1:1/predictions/mnist", "json", 1)


@needs_wrk
def test_wrk_sends_the_digits_byte_for_byte() -> None:
    """All of them, each as it is, with the form's content type; and the count of answers is right."""
    received: list[tuple[bytes, str | None]] = []

    def collect(handler: BaseHTTPRequestHandler, body: bytes) -> None:
        received.append((body, handler.headers["Content-Type"]))
        reply(handler, 200)

    with server(collect) as url:
        load = closed_loop("a server", url, "png", 1, connections=4)
    assert set(received) == {(body, "image/png") for body in bodies("png")}
    assert len(set(received)) == COUNT
    assert len(received) - 4 <= load.requests <= len(received)
    assert 0 < load.p50_ms <= load.p99_ms <= load.max_ms


@needs_wrk
def test_a_server_that_answers_with_errors_is_not_measured() -> None:
    """One in a hundred is enough."""
    count = 0

    def sometimes(handler: BaseHTTPRequestHandler, body: bytes) -> None:
        nonlocal count
        count += 1
        reply(handler, 503 if count % 100 == 0 else 200)

    with server(sometimes) as url, pytest.raises(LoadError, match=r"^busy, bytes: .* answered with an error's status"):
        closed_loop("busy", url, "bytes", 1, connections=4)


@needs_wrk
def test_a_server_that_hangs_up_is_not_measured() -> None:
    """Though wrk itself connects anew and counts no error."""
    count = 0

    def sometimes(handler: BaseHTTPRequestHandler, body: bytes) -> None:
        nonlocal count
        count += 1
        if count % 10 == 0:
            handler.connection.shutdown(socket.SHUT_RDWR)
            handler.close_connection = True
        else:
            reply(handler, 200)

    with server(sometimes) as url, pytest.raises(LoadError, match=r"^rude, bytes: .* closed without an answer"):
        closed_loop("rude", url, "bytes", 1, connections=4)


@needs_wrk
def test_a_server_that_is_not_there_is_named() -> None:
    """With what wrk says of it."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and does not listen
        with pytest.raises(LoadError, match=r"^gone"):
            closed_loop("gone", f"http://127.0.0.1:{taken.getsockname()[1]}/predictions/mnist", "bytes", 1)
