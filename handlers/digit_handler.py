"""The class that TorchServe calls: a batch of requests in, one answer each.

Thin on purpose. What a body means is in payload.py, what an image means is in mnist_model; here each request gets its
status and content type, and the metrics are counted.
"""

import logging
import os
import time
from collections import Counter
from http import HTTPStatus
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from ts.metrics.dimension import Dimension
from ts.metrics.metric_type_enum import MetricTypes

from handlers.errors import PayloadError
from handlers.explaining import explain, is_asked_for, to_explain
from handlers.payload import Payload, encode_answer, parse_payload
from mnist_model.predictor import Prediction, Predictor

logger = logging.getLogger(__name__)


class DigitHandler:
    """Answers requests with a `Predictor` loaded from the archive's checkpoint."""

    def initialize(self, context: Any) -> None:
        """Load and warm up the network; called once in each worker."""
        folder = Path(context.system_properties["model_dir"])
        # One digit is too little work to share: threads that wait for each other cost the cores that the rest of the
        # service needs. Where bodies of thousands of digits are usual, OMP_NUM_THREADS gives the worker more.
        threads = int(os.environ.get("OMP_NUM_THREADS") or 1)
        self.predictor = Predictor.load(folder / context.manifest["model"]["serializedFile"], threads)
        # The worker logs a line or more a request. Errors stay; metrics travel as log lines and must stay too.
        logging.getLogger().setLevel(logging.WARNING)
        logging.getLogger("ts.metrics.caching_metric").setLevel(logging.INFO)

    def handle(self, data: list[dict[str, Any]], context: Any) -> list[bytes]:
        """Answer a batch: one forward pass over the images of its valid requests, one more to explain some."""
        parsed = [self._parse(row, context.get_all_request_header(index)) for index, row in enumerate(data)]
        valid = [payload for payload in parsed if isinstance(payload, Payload)]
        predictions: list[Prediction] = []
        if valid:
            started = time.perf_counter()
            predictions = self.predictor.predict(np.concatenate([payload.images for payload in valid]))
            seconds = time.perf_counter() - started
            context.metrics.add_time("digit_inference_seconds", seconds, None, "s", [], MetricTypes.HISTOGRAM)
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
                settled, own = payload.settle([next(remaining) for _ in payload.images])
                answered += own
                answers.append(encode_answer(settled, own, islice(relevances, len(own) if payload.explain else 0)))
        _count(context.metrics, parsed, answered)
        return answers

    @staticmethod
    def _parse(row: dict[str, Any], headers: dict[str, Any]) -> Payload | PayloadError:
        content_type = next((value for name, value in headers.items() if name.lower() == "content-type"), None)
        try:
            payload = parse_payload(row.get("body", row.get("data")), content_type)
            return to_explain(payload) if is_asked_for(headers) else payload
        except PayloadError as error:
            return error
        except Exception:  # a defect of ours: the others of the batch are still answered
            logger.exception("parsing a request failed")
            return PayloadError("InternalError", "this request could not be parsed, by a fault of the server", 500)


def _count(metrics: Any, parsed: list[Payload | PayloadError], predictions: list[Prediction]) -> None:
    """Count what was answered; serve/metrics.yaml declares the same names and labels."""
    metrics.add_metric("digit_batch_requests", len(parsed), "count", None, [], MetricTypes.HISTOGRAM)
    for digit, count in Counter(p.digit for p in predictions if p.is_digit).items():
        metrics.add_counter("digit_predictions_total", count, None, [Dimension("digit", str(digit))])
    if refused := sum(not prediction.is_digit for prediction in predictions):
        metrics.add_counter("digit_refused_total", refused, None, [])
    for kind, count in Counter(p.kind for p in parsed if isinstance(p, PayloadError)).items():
        metrics.add_counter("digit_invalid_requests_total", count, None, [Dimension("kind", kind)])
