"""The archive runs in a TorchServe whose environment lacks this project, with TorchServe's default settings."""

import json
import os
import signal
import subprocess
import sys
import sysconfig
import time
from pathlib import Path

import httpx
import pytest

from mnist_model.archive import build_archive
from mnist_model.dataset import Split
from tests.service import four_ports, java_environment


@pytest.fixture
def foreign_python(tmp_path: Path) -> Path:
    """An environment with the libraries of this one and without this project.

    A path that a .pth file adds is searched, but the .pth files in it are not read; and by one of those is this
    project installed.
    """
    environment = tmp_path / "foreign"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(environment)], check=True)
    (packages,) = environment.glob("lib/python*/site-packages")
    (packages / "libraries.pth").write_text(sysconfig.get_path("purelib") + "\n")
    python = environment / "bin" / "python"
    lacking = subprocess.run([python, "-c", "import mnist_model"], cwd=tmp_path, capture_output=True, check=False)
    assert b"No module named 'mnist_model'" in lacking.stderr
    return python


def test_the_archive_needs_nothing_of_this_project(foreign_python: Path, tmp_path: Path, digits: Split) -> None:
    """JSON that TorchServe decodes itself, raw bytes, and an error; no metrics file, no batching."""
    ports = four_ports()
    archive = build_archive(folder=tmp_path / "store")
    (tmp_path / "config.properties").write_text(
        "".join(f"{name}_address={ports.url(name)}\n" for name in ("inference", "management", "metrics"))
        + "disable_token_authorization=true\ndefault_workers_per_model=1\n"
        + f"grpc_inference_port={ports.page}\ngrpc_management_port={four_ports().page}\n"
    )
    command = [
        *(str(foreign_python), "-m", "ts.model_server", "--start", "--foreground", "--ncs"),
        *("--model-store", str(archive.parent), "--models", "mnist=mnist.mar", "--ts-config", "config.properties"),
    ]
    variables = {**java_environment(), "TMPDIR": str(tmp_path), "TEMP": str(tmp_path)}
    variables.pop("PYTHONPATH", None)
    with (tmp_path / "output.txt").open("wb") as output:
        process = subprocess.Popen(
            command, cwd=tmp_path, env=variables, stdout=output, stderr=output, start_new_session=True
        )
    try:
        url = f"{ports.url('inference')}/predictions/mnist"
        image, label = digits.images[3].numpy(), int(digits.labels[3])
        deadline = time.monotonic() + 90
        while True:
            try:
                response = httpx.post(url, content=image.tobytes(), timeout=30)
                if response.status_code == 200:
                    break
            except httpx.TransportError:
                pass
            assert time.monotonic() < deadline, (tmp_path / "output.txt").read_text()[-3000:]
            time.sleep(0.3)
        assert response.json()["digit"] == label
        decoded = httpx.post(url, json={"tensor": image.ravel().tolist()})
        assert decoded.json()["digit"] == label
        refused = httpx.post(url, content=json.dumps([1, 2]), headers={"Content-Type": "application/json"})
        assert (refused.status_code, refused.json()["message"]) == (400, "expected 784 pixel values, got 2")
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(30)
