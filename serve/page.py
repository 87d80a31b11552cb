"""Serves the static page on loopback, and the network for the browsers that predict by themselves."""

import contextlib
import re
import socket
import sys
import threading
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from .files import Content, admits_gzip, load, pack
from .ports import HOST, Ports

WEB = Path(__file__).resolve().parent.parent / "web"
DEFAULT_INFERENCE = Ports().url("inference")  # what index.html names
MODEL = "model/cnn.onnx"  # what the page calls the network, whatever its architecture
# Folders and files of such names are served: none hidden, none above.
NAME = re.compile(r"(?:[\w-][\w.-]*/)*[\w-][\w.-]*", re.ASCII)
NEVER = "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self' {api}; "
    f"worker-src 'self'; {NEVER}"
)
# WebAssembly counts as code that is made up at run time. A worker has a policy of its own, so the page need not allow
# it: the one script that needs it may do nothing else.
WORKER = "browser-worker.js"
WORKER_POLICY = f"default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; {NEVER}"


class PageHandler(BaseHTTPRequestHandler):
    """Files of the page's folder, and nothing else; index.html with the address of the inference API in it.

    Args:
        ports: where the page and the inference API are.
        web: the page's folder.
        model: the network for browsers; None where there is none.
    """

    server_version, sys_version = "mnist", ""
    protocol_version = "HTTP/1.1"  # keeps connections open: the page is a handful of small files
    timeout = 30  # seconds a silent connection may hold its thread
    path = "/"  # until a request says another

    def __init__(self, *args: Any, ports: Ports, web: Path, model: Path | None) -> None:
        self.ports, self.web, self.model = ports, web, model
        super().__init__(*args)

    def do_GET(self) -> None:
        """Serve a file, or send the browser to the one origin that TorchServe's CORS setting admits."""
        if self.headers.get("Content-Length") or self.headers.get("Transfer-Encoding"):
            self.close_connection = True  # what follows is a body that nobody asked for, and no next request
        origin = self.ports.url("page")
        if self.headers.get("Host") != origin.removeprefix("http://"):
            self.send_response(HTTPStatus.FOUND)
            self.send_header("Location", origin + self.path if self.path.startswith("/") else origin)
            self.send_header("Content-Length", "0")
            self.end_headers()
        elif content := self._find(self._name()):
            self._send(content)
        else:
            self.send_error(HTTPStatus.NOT_FOUND)

    do_HEAD = do_GET  # noqa: N815 - the name is http.server's; _send leaves the body out

    def _name(self) -> str:
        return unquote(self.path.partition("?")[0]).removeprefix("/") or "index.html"

    def _find(self, name: str) -> Content | None:
        if not NAME.fullmatch(name) or name.lower().startswith("node_modules/"):
            return None
        if name == MODEL:
            return load(self.model) if self.model else None
        content = load(self.web / name)
        if content and name == "index.html":
            text = content.plain.decode().replace(DEFAULT_INFERENCE, self.ports.url("inference"))
            return pack(text.encode(), ".html")
        return content

    def _send(self, content: Content) -> None:
        body, tag = content.plain, f'"{content.tag}"'
        zipped = content.compressed is not None and admits_gzip(self.headers.get("Accept-Encoding", ""))
        if content.compressed is not None and zipped:
            body, tag = content.compressed, f'"{content.tag}-gzip"'
        known = {each.strip().removeprefix("W/") for each in self.headers.get("If-None-Match", "").split(",")}
        self.send_response(HTTPStatus.NOT_MODIFIED if tag in known else HTTPStatus.OK)
        self.send_header("ETag", tag)
        if content.compressed is not None:
            self.send_header("Vary", "Accept-Encoding")
        if tag not in known:
            self.send_header("Content-Type", content.content_type)
            self.send_header("Content-Length", str(len(body)))
            if zipped:
                self.send_header("Content-Encoding", "gzip")
        self.end_headers()
        if self.command == "GET" and tag not in known:
            self.wfile.write(body)

    def end_headers(self) -> None:
        """Add what tells the browser to load and reach nothing but this page and its API."""
        policy = WORKER_POLICY if self._name() == WORKER else PAGE_POLICY.format(api=self.ports.url("inference"))
        self.send_header("Content-Security-Policy", policy)
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("Cache-Control", "no-cache")  # revalidate: a change of the page shows at once
        super().end_headers()

    def log_message(self, *args: object) -> None:
        """No line a request."""


class Connections(ThreadingHTTPServer):
    """A thread for each connection; knows which are open."""

    daemon_threads = True
    request_queue_size = 128  # a page asks for some thirty files at once

    def __init__(self, *args: Any) -> None:
        self._open: set[socket.socket] = set()
        super().__init__(*args)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Remember a new connection."""
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Forget one that is over."""
        self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that leaves in the middle of an answer is no error; others are shown."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)

    def server_close(self) -> None:
        """Listen no more, and close what is open: a browser would go on asking there."""
        super().server_close()
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class PageServer:
    """The page, served from a thread of its own inside a `with` block.

    Args:
        ports: where the page and the inference API are.
        model: the network for browsers; without one, they cannot predict by themselves.
        web: the page's folder.
    """

    def __init__(self, ports: Ports, model: Path | None = None, web: Path = WEB) -> None:
        self._server = Connections((HOST, ports.page), partial(PageHandler, ports=ports, web=web, model=model))
        self._thread = threading.Thread(target=self._server.serve_forever, name="page", daemon=True)

    def __enter__(self) -> "PageServer":
        """Answer requests from now on."""
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        """Answer no more."""
        self._server.shutdown()
        self._server.server_close()
