"""Counts what was answered; serve/metrics.yaml declares the same names and labels.

A metric reaches TorchServe's frontend as a line that the worker prints and Java parses. A dozen of them for each batch
would cost as much as reading some of its digits, so they are gathered, and printed soon after the first.
"""

import atexit
import threading
from collections import Counter
from collections.abc import Iterable
from typing import Any

from ts.metrics.metric_cache_errors import MetricsCacheKeyError
from ts.metrics.metric_type_enum import MetricTypes

from mnist_model.predictor import Prediction

FLUSH_SECONDS = 0.1  # the most that what is shown is behind; who scrapes comes every some seconds
LEVEL = "Model"


class Metrics:
    """The metrics of one worker.

    Args:
        cache: TorchServe's, `context.metrics`.
    """

    def __init__(self, cache: Any) -> None:
        own = ["ModelName", "Level"]
        self._labels = [cache.model_name, LEVEL]
        counter, histogram = MetricTypes.COUNTER, MetricTypes.HISTOGRAM
        self._digits = _declared(cache, "digit_predictions_total", "count", ["digit", *own], counter)
        self._refused = _declared(cache, "digit_refused_total", "count", own, counter)
        self._invalid = _declared(cache, "digit_invalid_requests_total", "count", ["kind", *own], counter)
        self._batches = _declared(cache, "digit_batch_requests", "count", own, histogram)
        self._passes = _declared(cache, "digit_inference_seconds", "s", own, histogram)
        self._lock = threading.Lock()
        self._clear()
        atexit.register(self.flush)

    def _clear(self) -> None:
        self._timer: threading.Timer | None = None
        self._counted: Counter[tuple[Any, str | None]] = Counter()  # (metric, its own label) -> how many
        self._observed: list[tuple[Any, float]] = []

    def count(
        self, requests: int, seconds: float | None, predictions: Iterable[Prediction], errors: Iterable[str]
    ) -> None:
        """Count a batch.

        Args:
            requests: how many shared it.
            seconds: that the network took; None where no request had an image.
            predictions: for all images that were answered.
            errors: the kinds of those requests that could not be.
        """
        digits = Counter(prediction.digit if prediction.is_digit else None for prediction in predictions)
        with self._lock:
            for digit, count in digits.items():
                self._counted[(self._refused, None) if digit is None else (self._digits, str(digit))] += count
            for kind in errors:
                self._counted[self._invalid, kind] += 1
            self._observed.append((self._batches, requests))
            if seconds is not None:
                self._observed.append((self._passes, seconds))
            if self._timer is None:
                timer = threading.Timer(FLUSH_SECONDS, self.flush)
                timer.daemon = True  # the worker may end meanwhile, and flushes then
                timer.start()
                self._timer = timer

    def flush(self) -> None:
        """Print what was gathered; batches last, so that what they held is there when they are."""
        with self._lock:
            counted, observed = self._counted, self._observed
            self._clear()
        for (metric, label), count in counted.items():
            metric.add_or_update(count, self._labels if label is None else [label, *self._labels])
        for metric, value in observed:
            metric.add_or_update(value, self._labels)


def _declared(cache: Any, name: str, unit: str, labels: list[str], kind: MetricTypes) -> Any:
    """A metric as TorchServe's metrics file declares it; anew where it has another file."""
    try:
        return cache.get_metric(name, kind)
    except MetricsCacheKeyError:
        return cache.add_metric_to_cache(name, unit, labels, kind)
