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
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psutil

from .errors import ServeError
from .java import java_home
from .ports import Ports, free_ports

ROOT = Path(__file__).resolve().parent.parent
CONFIG = ROOT / "config.properties"
READY_TIMEOUT_SECONDS = 120.0
STOP_TIMEOUT_SECONDS = 15.0
LOGGED_BY = re.compile(r" (?P<worker>W-\d+-(?P<model>\w+)_[\d.]+)-std")  # the thread in a line of model_log.log
CANARY = {"strokes": [[[0, 0], [0, 10]]]}  # one upright line: it goes through the recipe, the network and back


class TorchServe:
    """One TorchServe with its models, running inside a `with` block.

    It has a temporary folder of its own, because TorchServe keeps its process id, the sockets of its workers and
    the unpacked archives under fixed names there: two of them would take each other's. The archives are copied there
    too, so that others built meanwhile change nothing, and its logs are in a folder named after its port.

    Args:
        ports: where it listens.
        archives: the models; each is called what its file is.
    """

    def __init__(self, ports: Ports, archives: Sequence[Path]) -> None:
        self.ports = ports
        self.archives = archives
        self.logs = ROOT / "logs" / str(ports.inference)
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

    @property
    def process(self) -> psutil.Process:
        """The top one of its processes: Java and the workers are below it.

        Raises:
            ServeError: it was not started.
        """
        if self._process is None:
            raise ServeError("expected a TorchServe that was started, got one that was not; use it in a `with` block")
        return psutil.Process(self._process.pid)

    def _start(self, home: Path | None) -> None:
        config = self._folder / "config.properties"
        store = self._folder / "model_store"
        store.mkdir()
        for archive in self.archives:
            shutil.copyfile(archive, store / archive.name)
        config.write_text(configure(CONFIG.read_text(), self.ports, store))
        self.logs.mkdir(parents=True, exist_ok=True)
        self._log_starts = {name: _size(self.logs / name) for name in ("ts_log.log", "model_log.log")}
        environment = {
            **os.environ,
            "TMPDIR": str(self._folder),
            "TEMP": str(self._folder),
            "LOG_LOCATION": str(self.logs),
        }
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

    def wait_until_ready(self, stop: threading.Event) -> None:
        """Return when each model's worker is READY and has answered a canary prediction, or when `stop` is set.

        Raises:
            ServeError: TorchServe ended, a worker died, or one did not answer in time; with the cause from the logs.
        """
        deadline = time.monotonic() + READY_TIMEOUT_SECONDS
        waiting = [archive.stem for archive in self.archives]
        while waiting and not stop.is_set():
            self.require_alive()
            if death := self._worker_death():
                raise ServeError(f"TorchServe's worker {death}; the whole story is in {self.logs / 'model_log.log'}")
            for model in [model for model in waiting if "READY" in self._worker_states(model)]:
                self._predict_canary(model)
                waiting.remove(model)
            if waiting and time.monotonic() > deadline:
                raise ServeError(
                    f"no worker of {', '.join(waiting)} was ready within {READY_TIMEOUT_SECONDS:.0f} s; "
                    f"{self._last_words()}"
                )
            stop.wait(0.05 if waiting else 0)

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
            # The launcher waits for Java, and Java ends its workers: telling Java is enough where all goes well.
            for each in [p for p in started if "org.pytorch.serve.ModelServer" in p.cmdline()] or started:
                each.terminate()
            psutil.wait_procs(started, timeout=STOP_TIMEOUT_SECONDS)
        except psutil.Error:
            pass  # one of them ended meanwhile; what is left is ended here
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)  # the group is TorchServe's alone
            process.wait()

    def _worker_states(self, model: str) -> list[str]:
        try:
            description = _get_json(f"{self.ports.url('management')}/models/{model}")
            return [worker["status"] for worker in description[0]["workers"]]
        except (OSError, ValueError, LookupError, TypeError):
            return []  # not listening yet, or the model is not registered yet

    def _predict_canary(self, model: str) -> None:
        request = urllib.request.Request(
            f"{self.ports.url('inference')}/predictions/{model}",
            data=json.dumps(CANARY).encode(),
            headers={"Content-Type": "application/json"},
        )
        try:
            answer = _get_json(request)
        except urllib.error.HTTPError as error:
            answer = error.read(500).decode(errors="replace")
            raise ServeError(
                f"the canary prediction of {model} was answered {error.code}: {answer}; {self._last_words()}"
            ) from error
        except (OSError, ValueError) as error:
            raise ServeError(f"the canary prediction of {model} failed ({error}); {self._last_words()}") from error
        if not isinstance(answer, dict) or "digit" not in answer:
            raise ServeError(f"expected a digit for the canary prediction of {model}, got {answer}")

    def _worker_death(self) -> str | None:
        """Which model's worker died and of what, from what it printed since the start; None while all live."""
        lines = self._new_lines("model_log.log")
        deaths = [index for index, line in enumerate(lines) if "Backend worker process died" in line]
        named = LOGGED_BY.search(lines[deaths[0]]) if deaths else None
        if named is None:
            return None
        own = [line for line in lines[deaths[0] :] if f" {named['worker']}-" in line]  # others print there meanwhile
        messages = [line.partition(" - ")[2] for line in own]
        # A traceback's last line is the exception: the first unindented one that looks like `Name: message`.
        exceptions = [text for text in messages if re.match(r"[A-Za-z_.]+(Error|Exception)\b", text)]
        # None: its traceback is still being written
        return f"of {named['model']} died: {exceptions[-1]}" if exceptions else None

    def _last_words(self) -> str:
        output = self._folder / "output.txt"
        lines = output.read_text(errors="replace").splitlines() if output.exists() else []
        lines += self._new_lines("ts_log.log")
        telling = [line for line in lines if line.strip() and not line.startswith(("WARNING", "Warning", "\t"))]
        return f"its last words: {' | '.join(telling[-3:])[:600]}" if telling else f"see {self.logs}"

    def _new_lines(self, name: str) -> list[str]:
        """Lines that a log has gained since the start."""
        path = self.logs / name
        start = self._log_starts.get(name, 0)
        if not path.exists():
            return []
        with path.open("rb") as file:
            file.seek(start if start <= _size(path) else 0)  # shorter than before: it was rolled over
            return file.read().decode(errors="replace").splitlines()


def configure(text: str, ports: Ports, model_store: Path) -> str:
    """config.properties with these ports and this folder in place of its own.

    gRPC, which nothing here uses, is moved out of the way.
    """
    grpc_inference, grpc_management = free_ports(2)
    values = {
        "inference_address": ports.url("inference"),
        "management_address": ports.url("management"),
        "metrics_address": ports.url("metrics"),
        "cors_allowed_origin": ports.url("page"),
        "grpc_inference_port": str(grpc_inference),
        "grpc_management_port": str(grpc_management),
        "model_store": str(model_store),
        "allowed_urls": f"file://{model_store}/.*",
    }
    for key, value in values.items():
        text, count = re.subn(rf"(?m)^{key}=.*$", lambda _, line=f"{key}={value}": line, text)  # type: ignore[misc]
        if count != 1:
            raise ServeError(f"{CONFIG}: expected one line {key}=…, found {count}")
    return text


def _get_json(request: str | urllib.request.Request) -> Any:
    # No proxy, whatever the environment says: this is for loopback alone.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=10) as response:
        return json.load(response)


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
