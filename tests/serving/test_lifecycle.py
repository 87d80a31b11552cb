"""Starting and stopping: `mnist serve`, `make serve`, TorchServe by hand, and everything that can go wrong."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import psutil
import pytest

from mnist_model.archive import ROOT
from serve.ports import HOST, Ports
from serve.torchserve import configure
from tests.service import Service, environment, four_ports, java_environment

STROKES = b'{"strokes": [[[10, 12.5], [40, 11], [22, 60]]]}'


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        return probe.connect_ex((HOST, port)) != 0


def serve(
    ports: Ports, folder: Path = ROOT, variables: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run `mnist serve` until it ends by itself."""
    return subprocess.run(
        [sys.executable, "-m", "serve"],
        cwd=folder,
        env={**environment(ports), **(variables or {})},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def copy_of_the_project(folder: Path) -> Path:
    """A checkout that may be broken."""
    for name in ("mnist_model", "handlers", "serve", "web"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "config.properties", folder)
    return folder


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_what_was_started_and_nothing_else(number: signal.Signals, service: Service) -> None:
    """Exit status 0, no process left, the ports free again; another service goes on."""
    with Service() as stopped:
        started = stopped.started()
        assert any(process.name().startswith("java") for process in started)
        stopped.process.send_signal(number)
        assert stopped.wait() == 0
    assert stopped.output[-1] == "stopped"
    assert Service.still_running(started) == []
    assert all(is_free(port) for port in vars(stopped.ports).values())
    assert service.post(STROKES, "application/json").json()["digit"] == 7


def test_make_serve_stops_with_make(tmp_path: Path) -> None:
    """SIGTERM to make alone ends all that is below it."""
    with Service(command=("make", "serve")) as running:
        started = running.started()
        assert running.post(STROKES, "application/json").json()["digit"] == 7
        assert httpx.get(running.page).status_code == 200
    gone, alive = psutil.wait_procs(started, timeout=20)
    assert alive == []
    assert len(gone) >= 5  # mnist serve, TorchServe's launcher, Java, the two workers


def test_a_crash_of_torchserve_ends_it_with_an_error() -> None:
    """Exit status 1, a line that says so, and nothing left behind."""
    with Service() as running:
        started = running.started()
        (java,) = [process for process in started if process.name().startswith("java")]
        java.kill()
        assert running.wait() == 1
    assert "mnist serve: TorchServe ended by itself" in running.output[-1]
    assert Service.still_running(started) == []


def test_a_proxy_in_the_environment_is_not_asked(service: Service) -> None:
    """Everything is on loopback, whatever http_proxy says."""
    ports = four_ports()
    with Service(ports, ("env", "http_proxy=http://127.0.0.1:1", sys.executable, "-m", "serve")) as running:
        assert running.post(STROKES, "application/json").json()["digit"] == 7


def test_a_signal_while_it_starts_stops_it_too() -> None:
    """At any moment: nothing is left behind, and the exit status is 0."""
    for delay in (1.0, 2.5):
        ports = four_ports()
        process = subprocess.Popen(
            [sys.executable, "-m", "serve"], cwd=ROOT, env=environment(ports), stdout=subprocess.PIPE, text=True
        )
        with process:
            time.sleep(delay)
            started = psutil.Process(process.pid).children(recursive=True)
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=30)
        assert process.returncode == 0 or not started  # before its handlers were there, the signal itself ended it
        assert Service.still_running(started) == []
        assert all(is_free(port) for port in vars(ports).values())


def test_a_dead_worker_is_replaced(tmp_path: Path) -> None:
    """TorchServe starts another one, and the service answers again; the other model answers all the while."""
    with Service() as running:
        workers = {p.pid: p for p in running.started() if "model_service_worker" in " ".join(p.cmdline())}
        (described,) = httpx.get(f"{running.ports.url('management')}/models/mnist").json()
        assert len(workers) == 3
        assert len(described["workers"]) == 2
        for worker in described["workers"]:
            workers[worker["pid"]].kill()
        assert running.post(STROKES, "application/json", path="predictions/mnist_mlp").status_code == 200
        deadline = time.monotonic() + 60
        while True:
            response = running.post(STROKES, "application/json")
            if response.status_code == 200:
                break
            assert time.monotonic() < deadline, response.text
            time.sleep(0.2)
        assert response.json()["digit"] == 7


def test_a_taken_port_is_named_with_its_holder() -> None:
    """The port, what it was wanted for, the process that has it, and how to choose another."""
    ports = four_ports()
    with socket.create_server((HOST, ports.inference)):
        result = serve(ports)
    assert result.returncode == 1
    assert result.stdout == ""
    assert f"port {ports.inference}, wanted for inference, is taken by process {os.getpid()} (" in result.stderr
    assert f"INFERENCE_PORT={ports.inference + 100} mnist serve" in result.stderr
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [("PORT", "eighty", "expected PORT to be a port from 1 to 65535, got 'eighty'"), ("PORT", "70000", "got '70000'")],
)
def test_a_wrong_port_is_refused(variable: str, value: str, message: str) -> None:
    """Before anything starts."""
    result = serve(four_ports(), variables={variable: value})
    assert result.returncode == 1
    assert message in result.stderr


def test_two_equal_ports_are_refused() -> None:
    """They are shown with their names."""
    ports = four_ports()
    result = serve(ports, variables={"METRICS_PORT": str(ports.inference)})
    assert result.returncode == 1
    assert f"expected four different ports, got PORT={ports.page}, INFERENCE_PORT={ports.inference}" in result.stderr


@pytest.mark.parametrize("model", ["mnist", "mnist_mlp"])
def test_a_worker_that_cannot_start_ends_it_with_the_cause(model: str, tmp_path: Path) -> None:
    """Its model and the exception from its log, not "worker died" alone; nothing is left behind."""
    project = copy_of_the_project(tmp_path)
    handler = project / "handlers" / "digit_handler.py"
    broken = (
        "logging.getLogger().setLevel(logging.WARNING)\n"
        f"        if context.manifest['model']['modelName'] == '{model}':\n"
        '            raise ValueError("broken on purpose")'
    )
    handler.write_text(handler.read_text().replace("logging.getLogger().setLevel(logging.WARNING)", broken))
    ports = four_ports()
    result = serve(ports, project)
    assert result.returncode == 1
    cause = f"TorchServe's worker of {model} died: ValueError: broken on purpose; the whole story is in"
    assert cause in result.stderr
    assert "Traceback" not in result.stderr
    assert all(is_free(port) for port in vars(ports).values())


def test_a_configuration_that_torchserve_refuses_ends_it_with_its_words(tmp_path: Path) -> None:
    """What TorchServe printed before it ended."""
    project = copy_of_the_project(tmp_path)
    config = project / "config.properties"
    config.write_text(config.read_text().replace("metrics_config=serve/metrics.yaml", "metrics_config=no/such.yaml"))
    result = serve(four_ports(), project)
    assert result.returncode == 1
    assert "no/such.yaml" in result.stderr


def test_torchserve_starts_by_hand(tmp_path: Path) -> None:
    """The README's command, in the checkout, with other ports so that it disturbs nothing."""
    ports = four_ports()
    text = (ROOT / "config.properties").read_text()
    (tmp_path / "config.properties").write_text(configure(text, ports, ROOT / "model_store"))
    variables = {"TMPDIR": str(tmp_path), "TEMP": str(tmp_path), "LOG_LOCATION": str(tmp_path / "logs")}
    torchserve = [str(Path(sys.executable).parent / "torchserve")]

    def run(*arguments: str) -> None:
        subprocess.run(
            [*torchserve, *arguments], cwd=ROOT, env={**java_environment(), **variables}, check=True, timeout=60
        )

    subprocess.run([sys.executable, "-m", "mnist_model", "archive"], cwd=ROOT, check=True, timeout=60)
    run("--start", "--ncs", "--ts-config", str(tmp_path / "config.properties"))
    try:
        for model in ("mnist", "mnist_mlp"):
            deadline = time.monotonic() + 60
            while True:
                try:
                    response = httpx.post(
                        f"{ports.url('inference')}/predictions/{model}",
                        content=STROKES,
                        headers={"Content-Type": "application/json"},
                        timeout=30,
                    )
                    if response.status_code == 200:
                        break
                except httpx.TransportError:
                    pass
                assert time.monotonic() < deadline
                time.sleep(0.2)
            assert response.json()["digit"] == 7
    finally:
        pid = int((tmp_path / ".model_server.pid").read_text())
        run("--stop")
    psutil.wait_procs([psutil.Process(pid)] if psutil.pid_exists(pid) else [], timeout=30)
    assert is_free(ports.inference)
