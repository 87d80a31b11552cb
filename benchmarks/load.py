"""A closed loop of load with wrk: so many connections, each asking again as soon as it is answered.

That finds the greatest rate a server reaches. Its latencies are counted from the moment a request is really sent, so
a server that stalls is asked less meanwhile, and the requests that it would have kept waiting never appear (wrk 4 fills
in some of them from the mean interval of a connection). What somebody waits who comes at a time of his own is what
open_loop.py measures.
"""

import json
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .bodies import CONTENT_TYPES, bodies

CONNECTIONS = 64
TIMEOUT_SECONDS = 10  # an answer that takes longer counts as an error
# wrk fills in one request to learn whether requests are pipelined, and sends it to nobody.
UNSENT = 1

# wrk itself passes over a connection that is closed without an answer; what was sent and never answered shows it.
SCRIPT = """
local bodies = {{
{bodies}
}}
local requests, threads = {{}}, {{}}
local current = 0
sent = 0

function setup(thread)
  threads[#threads + 1] = thread
end

function init(args)
  for index, body in ipairs(bodies) do
    requests[index] = wrk.format("POST", nil, {{ ["Content-Type"] = "{content_type}" }}, body)
  end
end

function request()
  sent = sent + 1
  current = current % #requests + 1
  return requests[current]
end

function done(summary, latency, rates)
  local sent = 0
  for _, thread in ipairs(threads) do
    sent = sent + thread:get("sent")
  end
  local errors = summary.errors
  print(string.format(
    '{{"requests": %d, "sent": %d, "microseconds": %d, "connect": %d, "read": %d, "write": %d, "timeout": %d, ' ..
    '"status": %d, "p50": %d, "p90": %d, "p99": %d, "max": %d}}',
    summary.requests, sent, summary.duration, errors.connect, errors.read, errors.write, errors.timeout,
    errors.status, latency:percentile(50), latency:percentile(90), latency:percentile(99), latency.max))
end
"""
ERRORS = {
    "connect": "connections refused",
    "read": "broken off while reading",
    "write": "broken off while writing",
    "timeout": f"answered after more than {TIMEOUT_SECONDS} s",
    "status": "answered with an error's status",
}


class LoadError(Exception):
    """A run that is not a measurement; the message names the contender and says what happened."""


@dataclass(frozen=True)
class Load:
    """What a closed loop found; latencies in milliseconds, from the actual send to the last byte of the answer."""

    requests: int
    seconds: float
    p50_ms: float
    p90_ms: float
    p99_ms: float
    max_ms: float

    @property
    def rate(self) -> float:
        """Requests a second."""
        return self.requests / self.seconds


def closed_loop(contender: str, url: str, form: str, seconds: int, connections: int = CONNECTIONS) -> Load:
    """Load a server for some seconds with COUNT different digits in one form.

    Raises:
        LoadError: wrk is missing, or any request was not answered as it should be.
    """
    wrk = shutil.which("wrk")
    if wrk is None:
        raise LoadError("expected the load generator wrk on the PATH, found none; `apt-get install wrk` installs it")
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "digits.lua"
        script.write_text(lua_script(bodies(form), CONTENT_TYPES[form]))
        command = [wrk, "--threads", "1", "--connections", str(connections), "--duration", f"{seconds}s"]
        command += ["--timeout", f"{TIMEOUT_SECONDS}s", "--script", str(script), url]
        result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=seconds + 60)
    if result.returncode != 0:
        raise LoadError(f"{contender}: wrk ended with status {result.returncode}: {result.stderr.strip()[:300]}")
    return parse(result.stdout, f"{contender}, {form}", connections)


def lua_script(contents: Sequence[bytes], content_type: str) -> str:
    """Write the script for wrk, with the bodies in decimal escapes, in which no byte is special."""
    literals = ",\n".join('"' + "".join(f"\\{byte}" for byte in content) + '"' for content in contents)
    return SCRIPT.format(bodies=literals, content_type=content_type)


def parse(output: str, what: str, connections: int) -> Load:
    """Read the line of JSON that the script prints after wrk's own words.

    Raises:
        LoadError: there is no such line, or any request was not answered as it should be.
    """
    lines = [line for line in output.splitlines() if line.startswith("{")]
    if not lines:
        raise LoadError(f"{what}: expected a line of JSON from wrk, got {output[-300:]!r}")
    found: dict[str, Any] = json.loads(lines[-1])
    errors = [f"{found[name]:,} {told}" for name, told in ERRORS.items() if found[name]]
    # At the end each connection may have one request under way.
    unanswered = found["sent"] - UNSENT - found["requests"] - connections
    if unanswered > 0:
        errors.append(f"{unanswered:,} closed without an answer")
    if errors or not found["requests"]:
        raise LoadError(
            f"{what}: expected every request to be answered, got {found['requests']:,} answers, "
            f"{', '.join(errors) or 'and no error'}; a run with errors is no measurement: look at the server's log"
        )
    percentiles = (found[name] / 1000 for name in ("p50", "p90", "p99", "max"))
    return Load(found["requests"], found["microseconds"] / 1e6, *percentiles)
