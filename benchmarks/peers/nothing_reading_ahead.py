"""The handler that does nothing, behind our own way of reading messages: what that alone gives."""

from typing import Any

from benchmarks.peers import nothing_handler
from handlers import read_ahead


class ReadingAheadHandler:
    """As `NothingHandler`, but for how the worker reads."""

    def initialize(self, context: Any) -> None:
        """Start it, and replace TorchServe's readers."""
        self._nothing = nothing_handler.NothingHandler()
        self._nothing.initialize(context)
        read_ahead.install()

    def handle(self, data: list[dict[str, Any]], context: Any) -> list[bytes]:
        """One answer for each request."""
        return self._nothing.handle(data, context)
