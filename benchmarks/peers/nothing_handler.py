"""A handler that does nothing: what it reaches in TorchServe is the most that any handler can."""

import logging
from typing import Any

# As large as a real answer; in fact the one to the image that `benchmarks.running` asks about.
ANSWER = (
    b'{"digit":7,"confidence":0.9998932,"is_digit":true,"probabilities":'
    b"[4.4e-06,9.1e-06,1.47e-05,1.29e-05,5e-06,4.2e-06,4e-06,0.9998932,4.9e-06,4.77e-05]}"
)


class NothingHandler:
    """Answers every request of a batch with the same bytes, unread."""

    def initialize(self, context: Any) -> None:
        """Keep the worker from logging each request, as our own handler does."""
        logging.getLogger().setLevel(logging.WARNING)

    def handle(self, data: list[dict[str, Any]], context: Any) -> list[bytes]:
        """One answer for each request."""
        return [ANSWER] * len(data)
