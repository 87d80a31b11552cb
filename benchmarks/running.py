"""Starts a server as a process, waits until it reads a digit rightly, and ends it with all that it started."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil
from numpy.typing import NDArray

from mnist_model.archive import ROOT
from mnist_model.dataset import load_split

from .bodies import CONTENT_TYPES, encode

PEERS_ENVIRONMENT = Path(f"{sys.prefix}-peers")  # beside the project's own, for what only the peers need
START_TIMEOUT_SECONDS = 60.0
STOP_TIMEOUT_SECONDS = 10.0
LAST_WORDS = 800  # characters of a server's output that an error shows


class StartError(RuntimeError):
    """A server did not start."""


@dataclass(frozen=True)
class Running:
    """A server that answers.

    Attributes:
        url: where it takes images.
        process: the top one of its processes; CPU time and memory are those of it and all below it.
    """

    url: str
    process: psutil.Process


@contextmanager
def running(
    name: str, command: Sequence[str | Path], url: str, form: str, *, folder: Path = ROOT, **environment: str
) -> Iterator[Running]:
    """A server in a process of its own, from its first right answer until the end of the block.

    Args:
        name: what errors call it.
        command: what starts it.
        url: where it takes images.
        form: of the body that it is first asked with, a key of `bodies.CONTENT_TYPES`.
        folder: where it is started.
        environment: variables that it gets beside this process's own.

    Raises:
        StartError: it ended, or did not read a digit rightly in time; with what it printed last.
    """
    inherited = {key: value for key, value in os.environ.items() if key != "OMP_NUM_THREADS"}  # each sets its own
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            [str(part) for part in command],
            cwd=folder,
            env={**inherited, **environment},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # a group of its own, which can be ended as a whole
        )
        try:
            try:
                wait_for_digit(name, url, form, lambda: process.poll() is None)
            except StartError as error:
                output.seek(0)
                printed = output.read().decode(errors="replace").strip()[-LAST_WORDS:]
                raise StartError(f"{error}; it printed last:\n{printed or '(nothing)'}") from error
            yield Running(url, psutil.Process(process.pid))
        finally:
            stop(process)


def wait_for_digit(name: str, url: str, form: str, is_alive: Callable[[], bool]) -> None:
    """Return once the server has read a real digit rightly.

    Raises:
        StartError: it is not alive any more, or did not do so in time.
    """
    split = load_split(ROOT / "tests" / "data", "test", verify=False)
    image, label = split.images[0].numpy(), int(split.labels[0])
    deadline = time.monotonic() + START_TIMEOUT_SECONDS
    while True:
        try:
            answer = ask(url, form, image)
            if digit_of(answer) == label:
                return
            problem = f"answered {answer[:200]!r} to a {label}"
        except urllib.error.HTTPError as error:  # TorchServe, for one, listens before its model is there
            problem = f"answered {error.code}: {error.read(200)!r}"
        except (OSError, ValueError) as error:
            problem = str(error)
        if not is_alive():
            raise StartError(f"{name} ended before it had answered ({problem})")
        if time.monotonic() > deadline:
            raise StartError(f"expected {name} to read a digit within {START_TIMEOUT_SECONDS:.0f} s; it {problem}")
        time.sleep(0.1)


def ask(url: str, form: str, image: NDArray[np.uint8]) -> bytes:
    """Send one image and return the answer.

    Raises:
        OSError: there is no answer, or it is an error (an HTTPError).
    """
    content_type = CONTENT_TYPES[form]
    request = urllib.request.Request(url, encode(image, form), {"Content-Type": content_type})
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # no proxy: this is for loopback alone
    with opener.open(request, timeout=10) as response:
        content: bytes = response.read()
    return content


def digit_of(answer: bytes) -> object:
    """The digit in an answer: {"digit": 7, ...}, or 7 as TorchServe's own example has it.

    Raises:
        ValueError: it is no JSON.
    """
    content = json.loads(answer)
    return content.get("digit") if isinstance(content, dict) else content


def peers_program(name: str) -> str:
    """The path of a program in the peers' own environment.

    Raises:
        StartError: there is none.
    """
    path = PEERS_ENVIRONMENT / "bin" / name
    if not path.exists():
        raise StartError(f"expected {path}, found none; `make bench` sets it up")
    return str(path)


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a process that leads a group, and the whole group: politely, then by force."""
    members = _group(process.pid)
    for member in members:
        with contextlib.suppress(psutil.NoSuchProcess):
            member.terminate()
    psutil.wait_procs(members, timeout=STOP_TIMEOUT_SECONDS)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    psutil.wait_procs(members, timeout=STOP_TIMEOUT_SECONDS)
    process.wait()


def _group(leader: int) -> list[psutil.Process]:
    """The processes of a group: also those whose parent has ended."""
    members = []
    for process in psutil.process_iter():
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if os.getpgid(process.pid) == leader:
                members.append(process)
    return members
