"""Metrics are gathered, and printed soon after."""

import logging
import time
from collections.abc import Iterator

import pytest
from ts.metrics.metric_cache_yaml_impl import MetricsCacheYamlImpl

from handlers.metrics import FLUSH_SECONDS, Metrics
from mnist_model.archive import ROOT
from mnist_model.predictor import NO_INK, Prediction

SEVEN = Prediction(7, 0.91, True, tuple(0.91 if digit == 7 else 0.01 for digit in range(10)))


@pytest.fixture
def metrics(caplog: pytest.LogCaptureFixture) -> Iterator[Metrics]:
    cache = MetricsCacheYamlImpl(str(ROOT / "serve" / "metrics.yaml"))
    cache.initialize_cache()
    cache.model_name = "tested"  # other tests' handlers may still print what they gathered
    with caplog.at_level(logging.INFO, "ts.metrics.caching_metric"):
        metrics = Metrics(cache)
        yield metrics
        metrics.flush()


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What was printed, up to the value and its labels."""
    messages = [record.getMessage() for record in caplog.records]
    return [text.rsplit("|#type", 1)[0] for text in messages if "ModelName:tested" in text]


def test_nothing_is_lost_when_no_more_requests_come(metrics: Metrics, caplog: pytest.LogCaptureFixture) -> None:
    """They are printed by themselves, within a moment, and not again."""
    metrics.count(1, 0.25, [SEVEN], [])
    assert lines(caplog) == []
    deadline = time.monotonic() + 20 * FLUSH_SECONDS
    while len(lines(caplog)) < 3 and time.monotonic() < deadline:
        time.sleep(FLUSH_SECONDS / 5)
    expected = [
        "[METRICS]digit_predictions_total.Count:1|#digit:7,ModelName:tested,Level:Model",
        "[METRICS]digit_batch_requests.Count:1|#ModelName:tested,Level:Model",
        "[METRICS]digit_inference_seconds.Seconds:0.25|#ModelName:tested,Level:Model",
    ]
    assert lines(caplog) == expected
    time.sleep(2 * FLUSH_SECONDS)
    assert lines(caplog) == expected


def test_counts_of_many_batches_are_one_line(metrics: Metrics, caplog: pytest.LogCaptureFixture) -> None:
    """What is observed, once a batch, has a line each, since a histogram takes no sums; and no ids of requests."""
    for _ in range(5):
        metrics.count(4, 0.5, [SEVEN, SEVEN, NO_INK], ["WrongLength"])
    metrics.flush()
    found = lines(caplog)
    assert sorted(found[:3]) == [
        "[METRICS]digit_invalid_requests_total.Count:5|#kind:WrongLength,ModelName:tested,Level:Model",
        "[METRICS]digit_predictions_total.Count:10|#digit:7,ModelName:tested,Level:Model",
        "[METRICS]digit_refused_total.Count:5|#ModelName:tested,Level:Model",
    ]
    assert found[3:] == 5 * [
        "[METRICS]digit_batch_requests.Count:4|#ModelName:tested,Level:Model",
        "[METRICS]digit_inference_seconds.Seconds:0.5|#ModelName:tested,Level:Model",
    ]
    assert all(len(text) < 200 for text in found)


def test_a_batch_of_errors_took_the_network_no_time(metrics: Metrics, caplog: pytest.LogCaptureFixture) -> None:
    """So none is observed."""
    metrics.count(1, None, [], ["EmptyBody"])
    metrics.flush()
    assert not any("digit_inference_seconds" in line for line in lines(caplog))


def test_a_metrics_file_without_ours_harms_nothing() -> None:
    """TorchServe's default file has none of them."""
    Metrics(MetricsCacheYamlImpl(str(ROOT / "serve" / "metrics.yaml"))).flush()
