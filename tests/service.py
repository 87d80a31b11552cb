"""Starts the real service for tests: `mnist serve` in a process of its own, on ports of its own."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx
import psutil

from mnist_model.archive import ROOT
from serve.java import java_home
from serve.ports import VARIABLES, Ports, free_ports

START_TIMEOUT_SECONDS = 120
STOP_TIMEOUT_SECONDS = 30


def four_ports() -> Ports:
    """Ports that nothing listens on just now."""
    return Ports(*free_ports(4))


def java_environment() -> dict[str, str]:
    """This process's environment, with the Java that `make setup` brought where there is no other."""
    home = java_home()
    return {**os.environ, **({"JAVA_HOME": str(home)} if home else {})}


def environment(ports: Ports) -> dict[str, str]:
    """This process's environment, with the four ports."""
    chosen = {VARIABLES[name]: str(port) for name, port in vars(ports).items()}
    return {**os.environ, **chosen}


class Service:
    """A running `mnist serve`; a context manager.

    Args:
        ports: where it listens; by default four free ones.
        command: what starts it.
        folder: the checkout it is started in.
    """

    def __init__(
        self,
        ports: Ports | None = None,
        command: tuple[str, ...] = (sys.executable, "-m", "serve"),
        folder: Path = ROOT,
    ) -> None:
        self.ports = ports or four_ports()
        self.command = command
        self.folder = folder
        self.output: list[str] = []

    def __enter__(self) -> "Service":
        self.process = subprocess.Popen(
            self.command,
            cwd=self.folder,
            env=environment(self.ports),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        deadline = time.monotonic() + START_TIMEOUT_SECONDS
        while not any(line.startswith("Ready.") for line in self.output):
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.__exit__()
                raise AssertionError(f"{' '.join(self.command)} did not start:\n" + "\n".join(self.output))
            time.sleep(0.05)
        return self

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as lines:
            for line in lines:
                self.output.append(line.rstrip("\n"))

    def __exit__(self, *exception: object) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        self.wait()

    def wait(self) -> int:
        """Wait until it has ended and all its output is read; returns its exit status."""
        status = self.process.wait(STOP_TIMEOUT_SECONDS)
        self._reader.join(STOP_TIMEOUT_SECONDS)
        return status

    def started(self) -> list[psutil.Process]:
        """Every process below this one."""
        return psutil.Process(self.process.pid).children(recursive=True)

    @staticmethod
    def still_running(processes: list[psutil.Process]) -> list[psutil.Process]:
        """Those that have not ended; a zombie, which its parent has not yet asked about, has."""
        return [p for p in processes if p.is_running() and p.status() != psutil.STATUS_ZOMBIE]

    @property
    def url(self) -> str:
        """Where predictions are asked for."""
        return self.inference("predictions/mnist")

    def inference(self, path: str) -> str:
        """The address of a path of the inference API."""
        return f"{self.ports.url('inference')}/{path}"

    @property
    def page(self) -> str:
        """The address of the page."""
        return self.ports.url("page")

    def post(
        self, content: bytes, content_type: str | None = None, timeout: float = 30, path: str = "predictions/mnist"
    ) -> httpx.Response:
        """Send one body to a model."""
        headers = {"Content-Type": content_type} if content_type else {}
        return httpx.post(self.inference(path), content=content, headers=headers, timeout=timeout)

    def metrics(self, model: str = "mnist") -> dict[str, float]:
        """What the metrics API shows of one model, and of none: "name{labels}" -> value.

        The labels that are then the same everywhere are left out.
        """
        values: dict[str, float] = {}
        for line in httpx.get(f"{self.ports.url('metrics')}/metrics").text.splitlines():
            if line and not line.startswith("#"):
                name, _, value = line.rpartition(" ")
                series, _, labels = name.partition("{")
                if (named := re.search(r'(?:ModelName|model_name)="(\w+)"', labels)) and named[1] != model:
                    continue
                own = [part for part in labels.rstrip("},").split(",") if part.startswith(("digit=", "kind=", "le="))]
                key = f"{series}{{{','.join(own)}}}" if own else series
                values[key] = values.get(key, 0.0) + float(value)
        return values
