"""The class that TorchServe calls: a batch of requests in, one answer each.

Thin on purpose. What a body means is in payload.py, what an image means is in mnist_model; here each request gets its
status and content type.
"""

import gc
import logging
import os
import time
from collections.abc import Mapping
from http import HTTPStatus
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from handlers import read_ahead
from handlers.errors import PayloadError
from handlers.explaining import explain, is_asked_for, to_explain
from handlers.metrics import Metrics
from handlers.payload import Payload, encode_answer, parse_payload
from mnist_model.predictor import Prediction, Predictor

logger = logging.getLogger(__name__)


class DigitHandler:
    """Answers requests with a `Predictor` loaded from the archive's network."""

    def initialize(self, context: Any) -> None:
        """Load and warm up the network; called once in each worker."""
        folder = Path(context.system_properties["model_dir"])
        # One digit is too little work to share, and the other cores are busy with the rest of the service. Where bodies
        # of thousands of digits are usual, OMP_NUM_THREADS gives the worker more.
        threads = int(os.environ.get("OMP_NUM_THREADS") or 1)
        self.predictor = Predictor.load(folder / context.manifest["model"]["serializedFile"], threads)
        self.metrics = Metrics(context.metrics)
        # The worker logs a line or more a request. Errors stay; metrics travel as log lines and must stay too.
        logging.getLogger().setLevel(logging.WARNING)
        logging.getLogger("ts.metrics.caching_metric").setLevel(logging.INFO)
        read_ahead.install()
        # What is loaded stays: without this, the garbage collector goes through all of torch again and again.
        gc.collect()
        gc.freeze()

    def handle(self, data: list[dict[str, Any]], context: Any) -> list[bytes]:
        """Answer a batch: one forward pass over the images of its valid requests, one more to explain some."""
        parsed = [self._parse(row, context.get_all_request_header(index)) for index, row in enumerate(data)]
        valid = [payload for payload in parsed if isinstance(payload, Payload)]
        predictions: list[Prediction] = []
        seconds = None
        if valid:
            started = time.perf_counter()
            predictions = self.predictor.predict(np.concatenate([payload.images for payload in valid]))
            seconds = time.perf_counter() - started
        remaining = iter(predictions)
        relevances = explain(self.predictor, valid, predictions)
        answered: list[Prediction] = []
        answers = []
        for index, payload in enumerate(parsed):
            context.set_response_content_type(index, "application/json")
            if isinstance(payload, PayloadError):
                context.set_response_status(payload.code, HTTPStatus(payload.code).phrase, index)
                answers.append(payload.to_json())
            else:
                settled, own = payload.settle(list(islice(remaining, len(payload.images))))
                answered += own
                answers.append(encode_answer(settled, own, islice(relevances, len(own) if payload.explain else 0)))
        self.metrics.count(len(parsed), seconds, answered, [p.kind for p in parsed if isinstance(p, PayloadError)])
        return answers

    @staticmethod
    def _parse(row: dict[str, Any], headers: dict[str, Any]) -> Payload | PayloadError:
        try:
            payload = parse_payload(row.get("body", row.get("data")), _content_type(headers))
            return to_explain(payload) if is_asked_for(headers) else payload
        except PayloadError as error:
            return error
        except Exception:  # a defect of ours: the others of the batch are still answered
            logger.exception("parsing a request failed")
            return PayloadError("InternalError", "this request could not be parsed, by a fault of the server", 500)


def _content_type(headers: Mapping[str, Any]) -> str | None:
    """The header's value; its name comes as the client wrote it, nearly always in one of two ways."""
    if (value := headers.get("Content-Type") or headers.get("content-type")) is None:
        value = next((value for name, value in headers.items() if name.lower() == "content-type"), None)
    return value
