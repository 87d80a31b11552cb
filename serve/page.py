"""Serves the static page on loopback."""

import threading
from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from .ports import HOST, Ports

WEB = Path(__file__).resolve().parent.parent / "web"
DEFAULT_INFERENCE = Ports().url("inference")  # what index.html names


class PageHandler(SimpleHTTPRequestHandler):
    """Files of web/, and nothing else; index.html with the address of the inference API in it."""

    server_version, sys_version = "mnist", ""
    protocol_version = "HTTP/1.1"  # keeps connections open: the page is a handful of small files
    timeout = 30  # seconds a silent connection may hold its thread

    def __init__(self, *args: object, ports: Ports, **kwargs: object) -> None:
        self.ports = ports
        super().__init__(*args, directory=str(WEB), **kwargs)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        """Serve a file."""
        self._answer(super().do_GET)

    def do_HEAD(self) -> None:
        """Say what GET would serve."""
        self._answer(super().do_HEAD)

    def _answer(self, send_file: Callable[[], None]) -> None:
        """Serve a file, or send the browser to the one origin that TorchServe's CORS setting admits."""
        origin = self.ports.url("page")
        path = Path(self.translate_path(self.path))
        if self.headers.get("Host") != origin.removeprefix("http://"):
            self.send_response(HTTPStatus.FOUND)
            self.send_header("Location", origin + self.path if self.path.startswith("/") else origin)
            self.send_header("Content-Length", "0")
            self.end_headers()
        elif path in (WEB, WEB / "index.html"):
            self._send_index()
        elif "\0" in str(path):  # no file has such a name, and looking for it is an error
            self.send_error(HTTPStatus.NOT_FOUND)
        else:
            send_file()

    def _send_index(self) -> None:
        text = (WEB / "index.html").read_text(encoding="utf-8")
        content = text.replace(DEFAULT_INFERENCE, self.ports.url("inference")).encode()
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(content)

    def end_headers(self) -> None:
        """Add what tells the browser to load and reach nothing but this page and its API."""
        connect = f"'self' {self.ports.url('inference')}"
        self.send_header(
            "Content-Security-Policy", f"default-src 'self'; connect-src {connect}; frame-ancestors 'none'"
        )
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("Cache-Control", "no-cache")  # revalidate: a change of the page shows at once
        super().end_headers()

    def list_directory(self, path: object) -> None:
        """Folders are not listed."""
        self.send_error(HTTPStatus.NOT_FOUND)

    def log_message(self, *args: object) -> None:
        """No line a request."""


class PageServer:
    """The page, served from a thread of its own inside a `with` block."""

    def __init__(self, ports: Ports) -> None:
        self._server = ThreadingHTTPServer((HOST, ports.page), partial(PageHandler, ports=ports))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, name="page", daemon=True)

    def __enter__(self) -> "PageServer":
        """Answer requests from now on."""
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        """Answer no more."""
        self._server.shutdown()
        self._server.server_close()
