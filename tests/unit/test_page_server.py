"""The page's server by itself, and what `mnist serve` prepares for browsers that predict without it."""

import gzip
import json
import re
import shutil
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from mnist_model.archive import ROOT
from serve.files import TYPES, admits_gzip
from serve.page import WEB, PageServer
from serve.ports import HOST
from tests.service import four_ports

PORTS = four_ports()
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
    f"connect-src 'self' {PORTS.url('inference')}; "
    "worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
NETWORK = b"a network" * 100


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the page's folder, with some of what it must not show."""
    folder = tmp_path_factory.mktemp("page") / "web"
    shutil.copytree(WEB, folder, ignore=shutil.ignore_patterns("node_modules", "runtime", "model"))
    for name in (
        "node_modules/left.js",
        "runtime/a.wasm",
        "runtime/a.mjs",
        ".hidden.js",
        ".git/main.js",
        "app.unknown",
    ):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text("text " * 100)
    return folder


@pytest.fixture(scope="module")
def page(web: Path) -> Iterator[httpx.Client]:
    """A client of a server of that folder."""
    model = web.parent / "mlp.onnx"
    model.write_bytes(NETWORK)
    with PageServer(PORTS, model, web), httpx.Client(base_url=PORTS.url("page")) as client:
        yield client


def test_a_hundred_connections_at_once_are_answered_at_once(page: httpx.Client) -> None:
    """None waits for the system to try again, which takes a second."""

    def ask(_: int) -> float:
        start = time.monotonic()
        assert httpx.get(PORTS.url("page"), timeout=30).status_code == 200
        return time.monotonic() - start

    with ThreadPoolExecutor(100) as pool:
        waits = sorted(pool.map(ask, range(100)))
    assert waits[-1] < 5


def test_a_name_that_no_file_can_have_is_not_found(page: httpx.Client) -> None:
    """It is longer than the system admits."""
    assert page.get(f"/{'a' * 300}.js").status_code == 404


def test_the_body_of_a_get_is_no_request(page: httpx.Client) -> None:
    """One answer, and the connection is closed."""
    host = PORTS.url("page").removeprefix("http://")
    second = f"GET /main.js HTTP/1.1\r\nHost: {host}\r\n\r\n"
    first = f"GET / HTTP/1.1\r\nHost: {host}\r\nContent-Length: {len(second)}\r\n\r\n"
    with socket.create_connection((HOST, PORTS.page), timeout=10) as connection:
        connection.sendall((first + second).encode())
        received = b"".join(iter(lambda: connection.recv(65536), b""))
    assert received.count(b"HTTP/1.1 ") == 1


def test_each_file_has_its_type(page: httpx.Client) -> None:
    """Whatever this machine's own table says; a browser runs no module of another type."""
    for path, expected in {
        "/": "text/html; charset=utf-8",
        "/style.css": "text/css; charset=utf-8",
        "/browser-worker.js": "text/javascript",
        "/runtime/a.mjs": "text/javascript",
        "/runtime/a.wasm": "application/wasm",
        "/icon.svg": "image/svg+xml",
        "/model/cnn.onnx": "application/octet-stream",
    }.items():
        assert page.get(path).headers["content-type"] == expected


@pytest.mark.parametrize(
    "path",
    [
        *("/package.json", "/.npmrc", "/.hidden.js", "/.git/main.js", "/%2egit/main.js", "/runtime/../.hidden.js"),
        *("/node_modules/left.js", "/Node_Modules/left.js", "/node%5fmodules/left.js", "/./node_modules/left.js"),
        *("/app.unknown", "/runtime", "/runtime/", "/main.js/", "/model/mlp.onnx", "/model/cnn.pt2"),
    ],
)
def test_what_is_no_part_of_the_page_is_not_served(page: httpx.Client, path: str) -> None:
    """What was fetched from npm, dotfiles, folders, and types that the page does not use."""
    assert page.get(path).status_code == 404


def test_text_and_the_runtime_are_compressed_for_those_who_take_it(page: httpx.Client, web: Path) -> None:
    """Others get the bytes as they are; caches in between are told that it depends."""
    for name in ("main.js", "runtime/a.wasm"):
        plain = page.get(f"/{name}", headers={"Accept-Encoding": "identity"})
        with page.stream("GET", f"/{name}", headers={"Accept-Encoding": "br, gzip"}) as zipped:
            raw = b"".join(zipped.iter_raw())
        assert plain.content == gzip.decompress(raw) == (web / name).read_bytes()
        assert len(raw) < len(plain.content)
        assert "content-encoding" not in plain.headers
        assert zipped.headers["content-encoding"] == "gzip"
        assert int(zipped.headers["content-length"]) == len(raw)
        assert plain.headers["vary"] == zipped.headers["vary"] == "Accept-Encoding"
        assert plain.headers["etag"] != zipped.headers["etag"]
    network = page.get("/model/cnn.onnx", headers={"Accept-Encoding": "gzip"})
    assert network.content == NETWORK
    assert "content-encoding" not in network.headers
    assert "vary" not in network.headers


@pytest.mark.parametrize(
    ("accepted", "expected"),
    [
        *(("gzip", True), ("GZIP;q=0.5", True), ("br;q=1, gzip; q=0.001", True)),
        *(("", False), ("br", False), ("gzip;q=0", False), ("gzip; q=0.000, br", False), ("xgzip", False)),
    ],
)
def test_who_takes_gzip(accepted: str, expected: bool) -> None:
    """As the header's grammar has it; a weight of 0 is a refusal."""
    assert admits_gzip(accepted) == expected


def test_what_the_browser_has_is_not_sent_again(page: httpx.Client, web: Path) -> None:
    """Until the file changes, though its size and second stay the same."""
    headers = {"Accept-Encoding": "gzip"}
    first = page.get("/style.css", headers=headers)
    assert first.headers["cache-control"] == "no-cache"
    headers["If-None-Match"] = f'"another", W/{first.headers["etag"]}'
    again = page.get("/style.css", headers=headers)
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    content = (web / "style.css").read_bytes()
    (web / "style.css").write_bytes(content[:-2] + b" }")
    changed = page.get("/style.css", headers=headers)
    assert changed.status_code == 200
    assert changed.content == content[:-2] + b" }"


def test_only_the_worker_may_run_webassembly(page: httpx.Client) -> None:
    """And may reach nothing but its own files; everything else has the page's policy."""
    for path in ("/", "/main.js", "/sw.js", "/runtime/a.mjs", "/nothing.js"):
        assert page.get(path).headers["content-security-policy"] == PAGE_POLICY
    assert page.get("/browser-worker.js").headers["content-security-policy"] == (
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


def test_head_says_what_get_would_send(page: httpx.Client) -> None:
    """All of its headers, and no body."""
    for path in ("/", "/main.js", "/model/cnn.onnx", "/nothing.js"):
        head, got = page.head(path), page.get(path)
        assert head.status_code == got.status_code
        assert head.content == b""
        assert {**head.headers, "date": ""} == {**got.headers, "date": ""}


def test_without_a_network_there_is_none() -> None:
    """The rest of the page is there."""
    ports = four_ports()
    with PageServer(ports), httpx.Client(base_url=ports.url("page")) as client:
        assert client.get("/model/cnn.onnx").status_code == 404
        assert client.get("/").status_code == 200


def test_a_stopped_server_answers_no_more() -> None:
    """Nor on connections that are still open."""
    ports = four_ports()
    with httpx.Client(base_url=ports.url("page")) as client:
        with PageServer(ports):
            client.get("/")
        with pytest.raises(httpx.TransportError):
            client.get("/")


def test_all_of_the_page_is_kept_for_offline() -> None:
    """The service worker's list names every file of web/ that may be served, but itself; a new file belongs on it."""
    listed = re.search(r"const FILES = \[(.*?)\];", (WEB / "sw.js").read_text(), re.DOTALL)
    assert listed
    names = set(re.findall(r"'([^']+)'", listed[1]))
    files = {path.name for path in WEB.iterdir() if path.suffix in TYPES} - {"sw.js", "index.html"}
    runtime = {"runtime/ort.wasm.bundle.min.mjs", "runtime/ort-wasm-simd-threaded.wasm"}
    assert names == files | runtime | {"model/cnn.onnx"}
    assert "DOCUMENT,\n" in listed[1]


def test_the_runtime_is_the_version_that_is_named() -> None:
    """And of the sizes that the progress is reckoned with."""
    version = json.loads((ROOT / "web" / "package.json").read_text())["dependencies"]["onnxruntime-web"]
    script = WEB / "runtime" / "ort.wasm.bundle.min.mjs"
    wasm = WEB / "runtime" / "ort-wasm-simd-threaded.wasm"
    assert f"ONNX Runtime Web v{version}\n" in script.read_text()
    sizes = f"[SCRIPT]: {script.stat().st_size}, [WASM]: {wasm.stat().st_size}"
    assert sizes in (WEB / "browser-worker.js").read_text()
