"""The open loop: latencies from when a request was due, whatever the server does meanwhile."""

import asyncio
import contextlib
import json
import math
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import pytest

from benchmarks.bodies import bodies, http_request
from benchmarks.connection import whole_answer
from benchmarks.open_loop import Generator, percentile
from benchmarks.results import Outcome
from mnist_model.archive import ROOT

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"
Result = TypeVar("Result")
Serve = Callable[[int], Awaitable[bytes]]  # number of the request -> the answer; b"" hangs up


@asynccontextmanager
async def listening(serve: Serve) -> AsyncIterator[str]:
    """A server that answers with `serve`; yields its address, and waits at the end until all have hung up."""
    count = 0
    conversations: set[asyncio.Task[None]] = set()

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal count
        task = asyncio.current_task()
        assert task is not None
        conversations.add(task)
        with contextlib.suppress(ConnectionError):
            while await reader.read(10_000):
                count += 1
                answer = await serve(count)
                if not answer:
                    break
                writer.write(answer)
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()

    server = await asyncio.start_server(converse, "127.0.0.1", 0)
    yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/predictions/mnist"
    server.close()
    await asyncio.wait_for(asyncio.gather(*conversations), timeout=10)


def finished(work: Coroutine[Any, Any, Result]) -> Result:
    """What it returns, from an event loop in a thread of its own: a browser's may be running in this one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()


def generate(serve: Serve, rate: float, seconds: float, connections: int = 16) -> Outcome:
    """Load a server that answers with `serve`, in the same event loop."""

    async def run() -> Outcome:
        async with listening(serve) as url:
            requests = [http_request(url, "bytes", body) for body in bodies("bytes")]
            return await Generator(url, requests, rate, seconds, connections).run()

    return finished(run())


async def at_once(number: int) -> bytes:
    return OK


async def in_a_millisecond(number: int) -> bytes:
    await asyncio.sleep(0.001)
    return OK


def test_a_constant_service_has_constant_latencies() -> None:
    """A millisecond of service: all are answered, at the rate asked for, and none has waited in a queue."""
    outcome = generate(in_a_millisecond, rate=200, seconds=0.5, connections=64)
    assert (outcome.requests, outcome.answered, outcome.queued) == (100, 100, 0)
    assert sum(outcome.errors.values()) == 0
    assert outcome.achieved == pytest.approx(200, rel=0.3)
    assert 1 <= outcome.p50_ms < 15
    assert outcome.p50_ms <= outcome.p90_ms <= outcome.p99_ms <= outcome.p999_ms <= outcome.max_ms


@pytest.mark.parametrize("connections", [2, 90])
def test_one_stall_is_seen_by_all_who_came_meanwhile(connections: int) -> None:
    """300 requests in 0.75 s, and one stall of 0.2 s: about 80 of them wait, evenly from 0 to 200 ms.

    Counted from the actual send over two connections, two would have waited: the 90 % would be a millisecond or two.
    """
    stall: asyncio.Future[None] | None = None

    async def serve(number: int) -> bytes:
        nonlocal stall
        if number == 100:
            stall = asyncio.get_running_loop().create_future()
            asyncio.get_running_loop().call_later(0.2, stall.set_result, None)
        if stall is not None:
            await asyncio.shield(stall)
        return OK

    outcome = generate(serve, rate=400, seconds=0.75, connections=connections)
    assert outcome.answered == 300
    assert 80 < outcome.p90_ms < 300
    assert 160 < outcome.max_ms < 400
    assert (outcome.queued > 50) == (connections == 2)


def test_the_generator_tells_its_own_lateness() -> None:
    """A server that blocks the loop which both run in makes the generator late, and it says so."""

    async def serve(number: int) -> bytes:
        if number == 10:
            time.sleep(0.3)
        return OK

    assert generate(serve, rate=200, seconds=0.3).late_max_ms > 250
    assert generate(at_once, rate=200, seconds=0.3).late_max_ms < 250


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n", "status"),
        (b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n", "status"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "malformed"),
        (b"", "closed"),
    ],
)
def test_what_is_no_answer_is_an_error(answer: bytes, kind: str) -> None:
    """Each is counted, by kind, and the others are answered still."""

    async def serve(number: int) -> bytes:
        return answer if number % 10 == 0 else OK

    outcome = generate(serve, rate=200, seconds=0.5)
    assert (outcome.requests, outcome.answered, outcome.errors[kind]) == (100, 90, 10)
    assert sum(outcome.errors.values()) == 10


def test_what_is_never_answered_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """The run ends all the same, and counts what waits in the queue too."""
    monkeypatch.setattr("benchmarks.open_loop.DRAIN_SECONDS", 0.2)

    async def serve(number: int) -> bytes:
        if number > 5:
            await asyncio.sleep(0.6)
        return OK

    outcome = generate(serve, rate=100, seconds=0.2, connections=4)
    assert (outcome.answered, outcome.errors["unanswered"]) == (5, 15)


def test_an_answer_may_come_in_parts() -> None:
    """It is whole where its length says so, whatever the case of that header's name."""
    assert [whole_answer(OK[:length]) for length in range(len(OK))] == [None] * len(OK)
    assert whole_answer(OK) == 200
    assert whole_answer(OK.replace(b"content-length", b"Content-Length")) == 200
    with pytest.raises(ValueError, match="1 bytes more"):
        whole_answer(OK + b"!")


def test_percentiles_are_values_that_were_measured() -> None:
    """The nearest rank; of nothing there is none."""
    ordered = [float(value) for value in range(1, 101)]
    assert [percentile(ordered, share) for share in (0.0, 0.5, 0.99, 0.999, 1.0)] == [1, 50, 99, 100, 100]
    assert math.isnan(percentile([], 0.5))


def test_the_command_prints_json_and_names_a_server_that_is_not_there() -> None:
    """It is a process of its own."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and does not listen
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/predictions/mnist"
        command = [sys.executable, "-m", "benchmarks.open_loop", "--url", url, "--rate", "10", "--seconds", "1"]
        result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert result.stderr.startswith(f"benchmarks.open_loop: expected a server at {url}, got ")


def test_the_command_measures() -> None:
    """What it prints is an outcome."""

    async def run() -> bytes:
        async with listening(at_once) as url:
            command = ["-m", "benchmarks.open_loop", "--url", url, "--rate", "100", "--seconds", "0.5"]
            process = await asyncio.create_subprocess_exec(
                sys.executable, *command, cwd=ROOT, stdout=asyncio.subprocess.PIPE
            )
            return (await process.communicate())[0]

    outcome = Outcome(**json.loads(finished(run())))
    assert (outcome.requests, outcome.answered) == (50, 50)
