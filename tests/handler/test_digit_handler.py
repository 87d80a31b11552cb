"""The class that TorchServe calls, without TorchServe: its own Context and metrics, real weights, no server."""

import json
import logging
import re
import shutil
import time
from collections.abc import Container, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from ts.context import Context, RequestProcessor
from ts.metrics.metric_cache_yaml_impl import MetricsCacheYamlImpl

from handlers.digit_handler import DigitHandler
from handlers.payload import parse_payload
from mnist_model.archive import ROOT
from mnist_model.dataset import Split
from mnist_model.explanation import occluded, relevance
from mnist_model.predictor import Prediction, Predictor
from mnist_model.shipped import SHIPPED_MODEL

SEVENTY_ONE = {  # the 1 is written before the bar of the 7
    "strokes": [[[0, 0], [60, 0], [20, 100]], [[68, 0], [68, 100]], [[12, 50], [58, 50]]],
    "number": True,
}


@pytest.fixture(scope="module", autouse=True)
def logging_levels() -> Iterator[None]:
    """`initialize` quiets the root logger; put it back."""
    loggers = [logging.getLogger(), logging.getLogger("ts.metrics.caching_metric")]
    before = [logger.level for logger in loggers]
    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)
    for logger, level in zip(loggers, before, strict=True):
        logger.setLevel(level)


@pytest.fixture
def context(tmp_path: Path) -> Any:
    shutil.copy(SHIPPED_MODEL, tmp_path / "model.onnx")
    metrics = MetricsCacheYamlImpl(str(ROOT / "serve" / "metrics.yaml"))
    metrics.initialize_cache()
    metrics.model_name = "mnist"
    manifest = {"model": {"serializedFile": "model.onnx"}}
    return Context("mnist", str(tmp_path), manifest, 64, None, "0", metrics=metrics)


@pytest.fixture
def handler(context: Any) -> Iterator[DigitHandler]:
    """What it gathered is printed before the next test reads what is printed."""
    handler = DigitHandler()
    handler.initialize(context)
    yield handler
    handler.metrics.flush()


@pytest.fixture
def calls(handler: DigitHandler, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many images each call of the network had, from now on."""
    calls: list[int] = []
    predict = handler.predictor.predict

    def counted(images: NDArray[np.uint8]) -> list[Prediction]:
        calls.append(len(images))
        return predict(images)

    monkeypatch.setattr(handler.predictor, "predict", counted)
    return calls


def handle(
    handler: DigitHandler, context: Any, requests: Sequence[tuple[str | None, Any]], explained: Container[int] = ()
) -> list[tuple[int, Any]]:
    """Call it as TorchServe's Service does, those of the requests for /explanations; each one's status and answer."""
    context.request_ids = {index: f"id-{index}" for index in range(len(requests))}
    context.metrics.request_ids = context.request_ids
    context.request_processor = [
        RequestProcessor(({"content-type": kind} if kind else {}) | ({"explain": "True"} if index in explained else {}))
        for index, (kind, _) in enumerate(requests)
    ]
    answers = handler.handle([{"body": body} for _, body in requests], context)
    assert all(context.get_response_content_type(index) == "application/json" for index in range(len(requests)))
    return [(context.get_response_status(index)[0], json.loads(answer)) for index, answer in enumerate(answers)]


def test_a_batch_with_bad_requests_answers_the_others(handler: DigitHandler, context: Any, digits: Split) -> None:
    """Each gets its own status, and images keep to the request they came with."""
    images, labels = digits.images.numpy(), digits.labels.tolist()
    answers = handle(
        handler,
        context,
        [
            (None, bytearray(images[0].tobytes())),
            ("application/json", bytearray(b"[1, 2")),
            ("application/octet-stream", bytearray(images[1:4].tobytes())),
            ("text/plain", bytearray(b"7")),
            ("image/png", bytearray(b"\x89PNG")),
            ("application/json", json.dumps({"instances": [images[4].ravel().tolist()]}).encode()),
        ],
    )
    assert [status for status, _ in answers] == [200, 400, 200, 415, 400, 200]
    assert answers[0][1]["digit"] == labels[0]
    assert [p["digit"] for p in answers[2][1]["predictions"]] == labels[1:4]
    assert [p["digit"] for p in answers[5][1]["predictions"]] == labels[4:5]
    assert answers[1][1]["type"] == "InvalidJson"


def test_a_batch_is_one_forward_pass(handler: DigitHandler, context: Any, digits: Split, calls: list[int]) -> None:
    """64 requests, one call of the network, and the same answers as one by one."""
    images = digits.images.numpy()[:64]
    answers = handle(handler, context, [(None, image.tobytes()) for image in images])
    assert calls == [64]
    alone = [Predictor.load().predict(image[np.newaxis])[0] for image in images[:8]]
    assert [answer["digit"] for _, answer in answers[:8]] == [p.digit for p in alone]
    assert np.allclose(
        [answer["probabilities"] for _, answer in answers[:8]], [p.probabilities for p in alone], atol=1e-5
    )


def test_each_request_of_a_batch_gets_its_own_form(handler: DigitHandler, context: Any, digits: Split) -> None:
    """Predictions, explanations and errors, interleaved: what is explained is what was sent with that request."""
    images, labels = digits.images.numpy(), digits.labels.tolist()
    answers = handle(
        handler,
        context,
        [
            (None, bytearray(images[0].tobytes())),
            (None, bytearray(images[1].tobytes())),
            ("application/json", b"[1, 2"),
            ("application/json", json.dumps({"instances": images[2:3].reshape(1, 784).tolist()}).encode()),
            (None, images[3:7].tobytes()),
            (None, images[7:10].tobytes()),
            (None, bytes(784)),
            ("text/plain", b"7"),
            ("application/json", b'{"strokes": [[[10, 12], [40, 11], [22, 60]]]}'),
        ],
        explained={1, 2, 3, 5, 6, 7, 8},
    )
    assert [status for status, _ in answers] == [200, 200, 400, 200, 200, 200, 200, 415, 200]
    keys = ["digit", "confidence", "is_digit", "probabilities"]
    assert [list(answers[index][1]) for index in (0, 1)] == [keys, [*keys, "relevance"]]
    one, several, plain = (answers[index][1]["predictions"] for index in (3, 5, 4))
    assert [p["digit"] for p in [answers[0][1], answers[1][1], *one, *plain, *several]] == labels[:10]
    assert not any("relevance" in p for p in plain)
    predictor = Predictor.load()
    for said, image in zip([answers[1][1], *one, *several], images[[1, 2, 7, 8, 9]], strict=True):
        windows, blanked = occluded(image)
        without = np.array([p.probabilities for p in predictor.predict(blanked)])
        by_hand = relevance(image, windows, np.array(said["probabilities"]), without.round(7))
        assert len(said["relevance"]) == 784
        assert said["relevance"] == pytest.approx(by_hand.ravel(), abs=0.2)  # 7 places of p, where p is almost 1
    assert answers[6][1]["digit"] is None
    assert answers[6][1]["relevance"] == [0] * 784
    assert max(answers[8][1]["relevance"]) > 1


def test_nothing_drawn_is_explained_by_zeros(handler: DigitHandler, context: Any) -> None:
    """Alone in its batch too, where there is nothing to blank."""
    ((status, answer),) = handle(handler, context, [(None, bytes(784))], explained={0})
    assert (status, answer["digit"], answer["relevance"]) == (200, None, [0] * 784)


def test_more_images_than_can_be_explained_are_refused(handler: DigitHandler, context: Any, digits: Split) -> None:
    """Eight are explained, nine are not, and a prediction of nine is."""
    nine = digits.images[:9].numpy()
    bodies = [(None, nine[:8].tobytes()), (None, nine.tobytes()), (None, nine.tobytes())]
    answers = handle(handler, context, bodies, explained={0, 1})
    assert [status for status, _ in answers] == [200, 400, 200]
    assert all("relevance" in p for p in answers[0][1]["predictions"])
    assert answers[1][1] == {
        "code": 400,
        "type": "TooManyImages",
        "message": "expected at most 8 images to explain, got 9; send them in parts",
    }
    assert not any("relevance" in p for p in answers[2][1]["predictions"])


def test_a_number_is_not_explained(handler: DigitHandler, context: Any) -> None:
    """Its digits are, one by one; predicted it is."""
    body = ("application/json", json.dumps(SEVENTY_ONE).encode())
    (refused, answer), (status, _) = handle(handler, context, [body, body], explained={0})
    assert (refused, answer["type"], status) == (400, "UnknownForm", 200)


def test_a_batch_of_explanations_is_two_forward_passes(
    handler: DigitHandler, context: Any, digits: Split, calls: list[int]
) -> None:
    """One for what was sent, one for all that is blanked in it; and one where nothing is explained."""
    images = digits.images.numpy()[:6]
    handle(handler, context, [(None, image.tobytes()) for image in images], explained={1, 4})
    assert calls == [6, len(occluded(images[1])[1]) + len(occluded(images[4])[1])]
    handle(handler, context, [(None, images.tobytes())])
    assert calls[2:] == [6]


def test_a_number_shares_its_batchs_forward_pass(
    handler: DigitHandler, context: Any, digits: Split, calls: list[int]
) -> None:
    """Numbers, one without ink too, between images and errors: one call, and each gets its own answer."""
    image, label = digits.images[0].numpy(), int(digits.labels[0])
    answers = handle(
        handler,
        context,
        [
            (None, image.tobytes()),
            ("application/json", json.dumps(SEVENTY_ONE).encode()),
            ("application/json", b'{"strokes": [[]], "number": true}'),
            ("application/json", b'{"strokes": [], "number": 1}'),
            (None, image.tobytes()),
        ],
    )
    assert calls == [1 + 3 + 0 + 1]  # the 7 with its bar, that with the 1, the 1 alone
    assert [status for status, _ in answers] == [200, 200, 200, 400, 200]
    assert answers[1][1]["number"] == "71"
    assert [digit["strokes"] for digit in answers[1][1]["digits"]] == [[0, 2], [1]]
    assert answers[2][1] == {"number": "", "digits": []}
    assert [answers[0][1]["digit"], answers[4][1]["digit"]] == [label, label]


def test_of_a_number_only_what_was_read_is_counted(
    handler: DigitHandler, context: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """Candidates that are no digit were never drawn as one: they are no refusals."""
    with caplog.at_level(logging.INFO, "ts.metrics.caching_metric"):
        handle(handler, context, [("application/json", json.dumps(SEVENTY_ONE).encode())])
        handler.metrics.flush()
    lines = [record.getMessage() for record in caplog.records]
    assert sum("digit_predictions_total.Count:1|" in line for line in lines) == 2
    assert not any("digit_refused_total" in line for line in lines)


@pytest.mark.parametrize(("points", "gap"), [(2, 0.2), (20, 0.2), (26, 0.2), (60, 0.24)])
def test_no_number_holds_the_worker_long(handler: DigitHandler, context: Any, points: int, gap: float) -> None:
    """Forty strokes as near to each other as makes most candidates: answered, or refused, in a moment."""
    line = [[[i * gap, j / (points - 1)] for j in range(points)] for i in range(40)]
    body = json.dumps({"strokes": line, "number": True}).encode()
    start = time.perf_counter()
    handle(handler, context, [("application/json", body)])
    assert time.perf_counter() - start < 1  # about 0.2 s where nothing else runs


def test_header_names_in_any_case_are_found(handler: DigitHandler, context: Any) -> None:
    """TorchServe hands them on as the client wrote them."""
    context.request_ids = context.metrics.request_ids = {0: "id"}
    context.request_processor = [RequestProcessor({"Content-Type": "text/plain"})]
    handler.handle([{"body": b"7"}], context)
    assert context.get_response_status(0)[0] == 415


@pytest.mark.parametrize("row", [{}, {"body": b""}, {"body": None}, {"data": b""}])
def test_an_empty_body_is_an_error_of_its_own(handler: DigitHandler, context: Any, row: dict[str, Any]) -> None:
    """However TorchServe hands it over."""
    context.request_ids = context.metrics.request_ids = {0: "id"}
    context.request_processor = [RequestProcessor({})]
    (answer,) = handler.handle([row], context)
    assert json.loads(answer) == {"code": 400, "type": "WrongLength", "message": "expected 784 pixel values, got 0"}


def test_what_happened_is_counted(
    handler: DigitHandler, context: Any, digits: Split, caplog: pytest.LogCaptureFixture
) -> None:
    """The lines that TorchServe turns into metrics: predictions by digit, refusals, errors by kind, batch, time."""
    images = digits.images.numpy()[digits.labels.numpy() == 1][:3]
    requests = [(None, images.tobytes()), (None, bytes(784)), (None, b"?"), ("text/plain", b"?"), ("text/csv", b"")]
    with caplog.at_level(logging.INFO, "ts.metrics.caching_metric"):
        handle(handler, context, requests)
        handler.metrics.flush()
    pattern = re.compile(r"\[METRICS\](\w+)\.\w+:([^|]+)\|#(?:(\w+:\w+),)?ModelName:mnist,Level:Model\|")
    matches = [match for record in caplog.records if (match := pattern.match(record.getMessage()))]
    values = {(match[1], match[3]): float(match[2]) for match in matches}
    assert 0 < values.pop(("digit_inference_seconds", None)) < 5
    assert values == {
        ("digit_predictions_total", "digit:1"): 3,
        ("digit_refused_total", None): 1,
        ("digit_invalid_requests_total", "kind:WrongLength"): 1,
        ("digit_invalid_requests_total", "kind:UnsupportedMediaType"): 2,
        ("digit_batch_requests", None): 5,
    }


def test_a_defect_in_parsing_harms_its_own_request_alone(
    handler: DigitHandler, context: Any, digits: Split, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The others are answered, and the log has the traceback."""

    def defective(body: object, content_type: str | None) -> Any:
        if body == b"trigger":
            raise ZeroDivisionError
        return parse_payload(body, content_type)

    monkeypatch.setattr("handlers.digit_handler.parse_payload", defective)
    answers = handle(handler, context, [(None, b"trigger"), (None, digits.images[0].numpy().tobytes())])
    assert [status for status, _ in answers] == [500, 200]
    assert answers[0][1]["type"] == "InternalError"
