"""Starts TorchServe, waits until it really answers, and stops it with all that it started."""

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import psutil

from .errors import ServeError
from .java import java_home
from .ports import Ports, free_port

ROOT = Path(__file__).resolve().parent.parent
CONFIG = ROOT / "config.properties"
LOGS = ROOT / "logs"
READY_TIMEOUT_SECONDS = 120.0
STOP_TIMEOUT_SECONDS = 15.0
CANARY = {"strokes": [[[0, 0], [0, 10]]]}  # one upright line: it goes through the recipe, the network and back


class TorchServe:
    """One TorchServe with one model, running inside a `with` block.

    It has a temporary folder of its own, because TorchServe keeps its process id, the sockets of its workers and
    the unpacked archive under fixed names there: two of them would take each other's.
    """

    def __init__(self, ports: Ports) -> None:
        self.ports = ports
        self._process: subprocess.Popen[bytes] | None = None
        self._log_starts: dict[str, int] = {}

    def __enter__(self) -> "TorchServe":
        """Start the process; returns at once.

        Raises:
            ServeError: there is no Java to run it on.
        """
        home = java_home()
        self._folder = Path(tempfile.mkdtemp(prefix="mnist-serve-"))
        try:
            self._start(home)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *exception: object) -> None:
        """End TorchServe, the workers it started, and nothing else; remove its temporary folder."""
        if self._process is not None:
            self._stop(self._process)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _start(self, home: Path | None) -> None:
        config = self._folder / "config.properties"
        config.write_text(configure(CONFIG.read_text(), self.ports))
        LOGS.mkdir(exist_ok=True)
        self._log_starts = {name: _size(LOGS / name) for name in ("ts_log.log", "model_log.log")}
        environment = {**os.environ, "TMPDIR": str(self._folder), "TEMP": str(self._folder), "LOG_LOCATION": str(LOGS)}
        for variable in ("TS_CONFIG_FILE", "LOG4J_CONFIGURATION_FILE"):  # they would silently win
            environment.pop(variable, None)
        if home is not None:
            environment["JAVA_HOME"] = str(home)
        command = [
            sys.executable,
            "-m",
            "ts.model_server",
            "--start",
            "--foreground",
            "--ncs",
            "--ts-config",
            str(config),
        ]
        with (self._folder / "output.txt").open("wb") as output:
            self._process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C reaches us alone, and we stop it in order
            )

    def wait_until_ready(self) -> None:
        """Return when a worker is READY and has answered a canary prediction.

        Raises:
            ServeError: TorchServe ended, its worker died, or neither answered in time; with the cause from the logs.
        """
        deadline = time.monotonic() + READY_TIMEOUT_SECONDS
        while time.monotonic() < deadline:
            self.require_alive()
            if cause := self._worker_death():
                raise ServeError(f"TorchServe's worker died: {cause}; the whole story is in {LOGS / 'model_log.log'}")
            if "READY" in self._worker_states():
                self._predict_canary()
                return
            time.sleep(0.05)
        raise ServeError(f"no worker was ready within {READY_TIMEOUT_SECONDS:.0f} s; {self._last_words()}")

    def require_alive(self) -> None:
        """Check that the process still runs.

        Raises:
            ServeError: it ended; with its last words.
        """
        if self._process is not None and (status := self._process.poll()) is not None:
            raise ServeError(f"TorchServe ended by itself (exit status {status}); {self._last_words()}")

    @staticmethod
    def _stop(process: subprocess.Popen[bytes]) -> None:
        try:
            started = psutil.Process(process.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            started = []
        # The launcher waits for Java, and Java ends its workers: telling Java is enough where all goes well.
        for each in [p for p in started if p.name().startswith("java")] or started:
            _signal(each, signal.SIGTERM)
        _, alive = psutil.wait_procs(started, timeout=STOP_TIMEOUT_SECONDS)
        for each in alive:
            _signal(each, signal.SIGKILL)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # whatever was orphaned; the group is ours alone
        process.wait()

    def _worker_states(self) -> list[str]:
        try:
            description = _get_json(f"{self.ports.url('management')}/models/mnist")
            return [worker["status"] for worker in description[0]["workers"]]
        except (OSError, ValueError, LookupError, TypeError):
            return []  # not listening yet, or the model is not registered yet

    def _predict_canary(self) -> None:
        request = urllib.request.Request(
            f"{self.ports.url('inference')}/predictions/mnist",
            data=json.dumps(CANARY).encode(),
            headers={"Content-Type": "application/json"},
        )
        try:
            answer = _get_json(request)
        except urllib.error.HTTPError as error:
            raise ServeError(
                f"the canary prediction was answered {error.code}: {error.read(500).decode(errors='replace')}; "
                f"{self._last_words()}"
            ) from error
        except (OSError, ValueError) as error:
            raise ServeError(f"the canary prediction failed ({error}); {self._last_words()}") from error
        if not isinstance(answer, dict) or "digit" not in answer:
            raise ServeError(f"expected a digit for the canary prediction, got {answer}")

    def _worker_death(self) -> str | None:
        """The cause of a worker's death, from what it printed since the start; None while it lives."""
        lines = self._new_lines("model_log.log")
        deaths = [index for index, line in enumerate(lines) if "Backend worker process died" in line]
        if not deaths:
            return None
        messages = [line.partition(" - ")[2] for line in lines[deaths[0] :]]
        # A traceback's last line is the exception: the first unindented one that looks like `Name: message`.
        exceptions = [text for text in messages if re.match(r"[A-Za-z_.]+(Error|Exception)\b", text)]
        return exceptions[-1] if exceptions else None  # None: its traceback is still being written

    def _last_words(self) -> str:
        output = self._folder / "output.txt"
        lines = output.read_text(errors="replace").splitlines() if output.exists() else []
        lines += self._new_lines("ts_log.log")
        telling = [line for line in lines if line.strip() and not line.startswith(("WARNING", "Warning", "\t"))]
        return f"its last words: {' | '.join(telling[-3:])[:600]}" if telling else f"see {LOGS}"

    def _new_lines(self, name: str) -> list[str]:
        """Lines that a log has gained since the start."""
        path = LOGS / name
        start = self._log_starts.get(name, 0)
        if not path.exists():
            return []
        with path.open("rb") as file:
            file.seek(start if start <= _size(path) else 0)  # shorter than before: it was rolled over
            return file.read().decode(errors="replace").splitlines()


def configure(text: str, ports: Ports) -> str:
    """config.properties with these ports in place of its own, and gRPC, which nothing here uses, out of the way."""
    values = {
        "inference_address": ports.url("inference"),
        "management_address": ports.url("management"),
        "metrics_address": ports.url("metrics"),
        "cors_allowed_origin": ports.url("page"),
        "grpc_inference_port": str(free_port()),
        "grpc_management_port": str(free_port()),
    }
    for key, value in values.items():
        text, count = re.subn(rf"(?m)^{key}=.*$", f"{key}={value}", text)
        if count != 1:
            raise ServeError(f"{CONFIG}: expected one line {key}=…, found {count}")
    return text


def _get_json(request: str | urllib.request.Request) -> Any:
    with urllib.request.urlopen(request, timeout=10) as response:
        return json.load(response)


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _signal(process: psutil.Process, number: signal.Signals) -> None:
    with contextlib.suppress(psutil.NoSuchProcess):
        process.send_signal(number)
