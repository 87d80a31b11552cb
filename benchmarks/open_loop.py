"""An open loop of load: requests are due at a constant rate, whether or not those before them are answered.

    python -m benchmarks.open_loop --url http://127.0.0.1:8080/predictions/mnist --rate 1000 --seconds 5 --form json

A latency is counted from the moment a request was due. Gil Tene's talk "How NOT to Measure Latency" names what goes
wrong otherwise: a generator that waits for an answer before it asks again agrees with the server to look away while the
server stalls (coordinated omission), and one stall of a second is one bad sample among thousands, though everybody who
came in that second waited. Here a request that finds no free connection waits in a queue, and that wait counts.

The generator must not be what is slow, so it is a process of its own and reports its own lateness: how long after its
due time a request was sent although a connection was free. An event loop's timers tick once a millisecond, and all that
is due by then leaves together, so a lateness of about a millisecond is usual; it is within the latencies, which
therefore err upwards.
"""

import argparse
import asyncio
import contextlib
import gc
import json
import math
import sys
import time
from array import array
from collections import deque
from collections.abc import Sequence
from dataclasses import asdict
from urllib.parse import urlsplit

from .bodies import CONTENT_TYPES, bodies, http_request
from .connection import Connection
from .results import Outcome

CONNECTIONS = 256
TICK_SECONDS = 0.001  # the finest that epoll's timeout knows
DRAIN_SECONDS = 10.0  # what is unanswered so long after the last request was due is an error


class Generator:
    """Sends requests when they are due, for `seconds` at `rate` a second, over at most so many connections."""

    def __init__(self, url: str, requests: Sequence[bytes], rate: float, seconds: float, connections: int) -> None:
        address = urlsplit(url)
        self._host, self._port = address.hostname or "", address.port or 80
        self._requests = requests
        self._rate = rate
        self._count = max(1, round(rate * seconds))
        self._connections = connections
        self._free: list[Connection] = []
        self._queue: deque[int] = deque()  # numbers of requests that are due and wait for a connection
        self._next = 0  # number of the next request that is not due yet
        self._latencies, self._lateness = array("d"), array("d")
        self._errors = {"status": 0, "malformed": 0, "closed": 0, "unanswered": 0}
        self._queued = 0
        self._open_connections: set[Connection] = set()
        self._opening: set[asyncio.Task[None]] = set()

    async def run(self) -> Outcome:
        """Open the connections, send everything, wait for the answers.

        Raises:
            OSError: nothing listens there.
        """
        self._loop = asyncio.get_running_loop()
        self._finished = self._loop.create_future()
        await asyncio.gather(*(self._open() for _ in range(self._connections)))
        cpu = time.process_time()
        self._start = time.perf_counter()
        self._tick()
        done, _ = await asyncio.wait({self._finished}, timeout=self._count / self._rate + DRAIN_SECONDS)
        seconds = time.perf_counter() - self._start
        cpu = time.process_time() - cpu
        if not done:
            self._finished.cancel()
            self._errors["unanswered"] = self._count - len(self._latencies) - sum(self._errors.values())
        for connection in self._open_connections:
            connection.abort()
        return self._outcome(seconds, cpu)

    def _due(self, number: int) -> float:
        return self._start + number / self._rate

    def _tick(self) -> None:
        """Send what is due by now; what finds no connection free waits."""
        now = time.perf_counter()
        while self._next < self._count and self._due(self._next) <= now:
            if self._free:
                self._lateness.append(now - self._due(self._next))
                self._send(self._free.pop(), self._next)
            else:
                self._queued += 1
                self._queue.append(self._next)
            self._next += 1
        if self._next < self._count:
            self._loop.call_later(max(TICK_SECONDS, self._due(self._next) - now), self._tick)

    def _send(self, connection: Connection, number: int) -> None:
        connection.send(self._requests[number % len(self._requests)], self._due(number))

    def answered(self, connection: Connection, due: float, status: int) -> None:
        """Take one answer, and give the connection to whoever waits longest."""
        if status == 200:
            self._latencies.append(time.perf_counter() - due)
        else:
            self._errors["status"] += 1
        self._release(connection)

    def failed(self, connection: Connection, kind: str) -> None:
        """Count a request that will get no answer."""
        self._errors[kind] += 1
        self._finish_if_done()

    def lost(self, connection: Connection) -> None:
        """Open another connection in place of one that was closed."""
        self._open_connections.discard(connection)
        if connection in self._free:
            self._free.remove(connection)
        if not self._finished.done():
            task = self._loop.create_task(self._reopen())
            self._opening.add(task)
            task.add_done_callback(self._opening.discard)

    async def _open(self) -> None:
        _, connection = await self._loop.create_connection(lambda: Connection(self), self._host, self._port)
        self._open_connections.add(connection)
        self._release(connection)

    async def _reopen(self) -> None:
        with contextlib.suppress(OSError):  # the server is gone: what is left will count as unanswered
            await self._open()

    def _release(self, connection: Connection) -> None:
        if self._queue:
            self._send(connection, self._queue.popleft())
        else:
            self._free.append(connection)
        self._finish_if_done()

    def _finish_if_done(self) -> None:
        ended = len(self._latencies) + sum(self._errors.values())
        if ended >= self._count and not self._finished.done():
            self._finished.set_result(None)

    def _outcome(self, seconds: float, cpu_seconds: float) -> Outcome:
        latencies, lateness = sorted(self._latencies), sorted(self._lateness)
        p50, p90, p99, p999, greatest = (1000 * percentile(latencies, share) for share in (0.5, 0.9, 0.99, 0.999, 1.0))
        return Outcome(
            rate=self._rate,
            achieved=len(latencies) / seconds,
            requests=self._count,
            answered=len(latencies),
            p50_ms=p50,
            p90_ms=p90,
            p99_ms=p99,
            p999_ms=p999,
            max_ms=greatest,
            errors=self._errors,
            queued=self._queued,
            late_p99_ms=1000 * percentile(lateness, 0.99),
            late_max_ms=1000 * percentile(lateness, 1.0),
            cpu_cores=cpu_seconds / seconds,
        )


def percentile(ordered: Sequence[float], share: float) -> float:
    """The least value that at least this share of all values do not exceed (nearest rank); NaN of none."""
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else math.nan


def main() -> None:
    """Run the command; prints an `Outcome` as JSON."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.open_loop", description="Load at a constant rate.")
    parser.add_argument("--url", required=True, help="where predictions are asked for")
    parser.add_argument("--rate", type=float, required=True, help="requests a second")
    parser.add_argument("--seconds", type=float, default=5.0, help="how long (5)")
    parser.add_argument("--form", choices=CONTENT_TYPES, default="bytes", help="of a body (bytes)")
    parser.add_argument("--connections", type=int, default=CONNECTIONS, help=f"at most ({CONNECTIONS})")
    args = parser.parse_args()
    requests = [http_request(args.url, args.form, body) for body in bodies(args.form)]
    gc.disable()  # a collection would be a pause of our own, and nothing here leaves cycles behind
    try:
        outcome = asyncio.run(Generator(args.url, requests, args.rate, args.seconds, args.connections).run())
    except OSError as error:
        sys.exit(f"benchmarks.open_loop: expected a server at {args.url}, got {error}")
    print(json.dumps(asdict(outcome)))


if __name__ == "__main__":
    main()
