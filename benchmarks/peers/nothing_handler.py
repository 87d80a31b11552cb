"""A handler that does nothing: what it reaches in TorchServe is the most that any handler can."""

import logging
from typing import Any

# As large as a real answer; in fact the one to the image that `benchmarks.running` asks about.
ANSWER = (
    b'{"digit":7,"confidence":0.9999,"is_digit":true,"probabilities":'
    b"[4.1e-6,8.7e-6,0.0000137,0.0000123,4.7e-6,4e-6,3.8e-6,0.9999,4.6e-6,0.0000441]}"
)


class NothingHandler:
    """Answers every request of a batch with the same bytes, unread."""

    def initialize(self, context: Any) -> None:
        """Keep the worker from logging each request, as our own handler does."""
        logging.getLogger().setLevel(logging.WARNING)

    def handle(self, data: list[dict[str, Any]], context: Any) -> list[bytes]:
        """One answer for each request."""
        return [ANSWER] * len(data)
