"""What the metrics API shows after known traffic."""

import time

from handlers.metrics import FLUSH_SECONDS
from mnist_model.dataset import Split
from mnist_model.predictor import Predictor
from tests.service import Service


def settled(service: Service, model: str = "mnist") -> dict[str, float]:
    """The metrics, once what other tests asked for is in them: the handler gathers for a moment."""
    now = service.metrics(model)
    while True:
        time.sleep(5 * FLUSH_SECONDS)
        before, now = now, service.metrics(model)
        if all(now[name] == before.get(name) for name in now if name.startswith("digit_")):
            return now


def test_known_traffic_is_counted(service: Service, digits: Split) -> None:
    """Predictions by digit, refusals, errors by kind, requests, batches, latency and queue time."""
    images = digits.images[:20].numpy()
    expected: dict[str, float] = {}
    for prediction in Predictor.load().predict(images):
        name = (
            f'digit_predictions_total{{digit="{prediction.digit}"}}' if prediction.is_digit else "digit_refused_total"
        )
        expected[name] = expected.get(name, 0) + 1
    before = settled(service)
    for image in images:
        assert service.post(image.tobytes()).status_code == 200
    for _ in range(3):
        service.post(bytes(784))  # no ink
    for _ in range(2):
        service.post(b"too short")
    service.post(b"7", "text/plain")
    # Metrics travel beside the answers, not with them: wait until the last of them is there.
    deadline = time.monotonic() + 10
    while True:
        after = service.metrics()
        if after["digit_batch_requests_sum"] == before.get("digit_batch_requests_sum", 0) + 26:
            break
        assert time.monotonic() < deadline
        time.sleep(0.1)

    def gained(name: str) -> float:
        return after[name] - before.get(name, 0.0)

    expected["digit_refused_total"] = expected.get("digit_refused_total", 0) + 3
    for name, count in expected.items():
        assert gained(name) == count, name
    assert gained('digit_invalid_requests_total{kind="WrongLength"}') == 2
    assert gained('digit_invalid_requests_total{kind="UnsupportedMediaType"}') == 1
    assert gained("ts_inference_requests_total") == 26
    assert gained("Requests2XX") >= 23 + 1  # readings of the metrics are among them
    assert gained("Requests4XX") == 3
    assert gained("digit_batch_requests_sum") == 26
    assert gained("digit_batch_requests_count") == 26  # one after the other: no two shared a batch
    assert gained("digit_inference_seconds_count") == 23
    assert 0 < gained("digit_inference_seconds_sum") < 23
    assert gained("ts_inference_latency_microseconds") > gained("ts_queue_latency_microseconds") > 0


def test_the_models_are_counted_apart(service: Service, digits: Split) -> None:
    """What one answers is not counted as the other's."""
    before = {model: settled(service, model) for model in ("mnist", "mnist_mlp")}
    for path, count in (("predictions/mnist_mlp", 3), ("predictions/mnist", 2)):
        for _ in range(count):
            assert service.post(bytes(784), path=path).status_code == 200

    def gained(model: str, name: str) -> float:
        return service.metrics(model)[name] - before[model].get(name, 0)

    deadline = time.monotonic() + 10
    for model, count in (("mnist_mlp", 3), ("mnist", 2)):
        while gained(model, "digit_refused_total") < count:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        assert gained(model, "digit_refused_total") == count
        assert gained(model, "ts_inference_requests_total") == count
        assert gained(model, "digit_inference_seconds_count") == count
