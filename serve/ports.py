"""The four ports of the service, and who holds one that is not free."""

import contextlib
import errno
import random
import socket
from collections.abc import Mapping
from dataclasses import dataclass

import psutil

from .errors import ServeError

HOST = "127.0.0.1"
UNASSIGNED = (10_000, 32_768)  # Linux gives outgoing connections ports from 32,768 on, others from 49,152
VARIABLES = {"page": "PORT", "inference": "INFERENCE_PORT", "management": "MANAGEMENT_PORT", "metrics": "METRICS_PORT"}


@dataclass(frozen=True)
class Ports:
    """Where each part listens, on loopback."""

    page: int = 8000
    inference: int = 8080
    management: int = 8081
    metrics: int = 8082

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Ports":
        """Read PORT, INFERENCE_PORT, MANAGEMENT_PORT and METRICS_PORT; the defaults stand where one is not set.

        Raises:
            ServeError: a value is no port number, or two are the same.
        """
        chosen = {}
        for name, variable in VARIABLES.items():
            text = environment.get(variable, "")
            if not text:
                continue
            if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 65535:
                raise ServeError(f"expected {variable} to be a port from 1 to 65535, got {text!r}")
            chosen[name] = int(text)
        ports = cls(**chosen)
        numbers = list(vars(ports).values())
        if len(set(numbers)) < len(numbers):
            shown = ", ".join(f"{VARIABLES[name]}={number}" for name, number in vars(ports).items())
            raise ServeError(f"expected four different ports, got {shown}")
        return ports

    def url(self, name: str) -> str:
        """The address of one part as a browser writes it: "http://127.0.0.1:8080", and without the port if it is 80."""
        port = vars(self)[name]
        return f"http://{HOST}" if port == 80 else f"http://{HOST}:{port}"

    def require_free(self) -> None:
        """Check that all four can be listened on.

        Raises:
            ServeError: one cannot; the message names what holds it, and the variable that chooses another.
        """
        for name, port in vars(self).items():
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind((HOST, port))
                except OSError as error:
                    taken = error.errno == errno.EADDRINUSE
                    reason = (
                        f"is taken by {holder(port)}; stop that, or" if taken else f"cannot be had ({error.strerror});"
                    )
                    other = port + 100 if 1024 <= port <= 65435 else free_ports(1)[0]
                    raise ServeError(
                        f"port {port}, wanted for {name}, {reason} choose another: "
                        f"{VARIABLES[name]}={other} mnist serve"
                    ) from error


def holder(port: int) -> str:
    """Describe the process that listens on `port`, as far as this user may see it."""
    try:
        connections = psutil.net_connections(kind="tcp")
    except psutil.AccessDenied:  # macOS shows other processes' sockets to root alone
        connections = []
    for connection in connections:
        if connection.laddr and connection.laddr.port == port and connection.status == psutil.CONN_LISTEN:
            if connection.pid is None:
                break
            try:
                command = " ".join(psutil.Process(connection.pid).cmdline())
            except psutil.Error:
                command = "?"
            return f"process {connection.pid} ({command[:100]})"
    return "a process of another user"


def free_ports(count: int) -> list[int]:
    """Return different ports that nothing listens on just now.

    They are below those that systems give to outgoing connections: one of these may else take a port before it is used.
    """
    found: list[int] = []
    with contextlib.ExitStack() as stack:
        while len(found) < count:
            probe, port = stack.enter_context(socket.socket()), random.randrange(*UNASSIGNED)
            with contextlib.suppress(OSError):  # taken; all that are found are held, so that none comes twice
                probe.bind((HOST, port))
                found.append(port)
    return found
