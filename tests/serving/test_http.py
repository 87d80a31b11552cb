"""The contract of POST /predictions/mnist, over HTTP, answered by a real TorchServe."""

import io
import json
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import numpy as np
import psutil
import pytest
from numpy.typing import NDArray
from PIL import Image

from mnist_model.dataset import Split
from mnist_model.explanation import occluded, relevance
from mnist_model.predictor import Predictor
from mnist_model.shipped import SHIPPED_MLP_MODEL
from tests.service import Service

JSON = "application/json"
SEVEN = {"strokes": [[[10, 12.5], [40, 11], [22, 60]]]}


def picture(image: np.ndarray[tuple[int, int], np.dtype[np.uint8]], kind: str) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(255 - image).resize((280, 280), Image.Resampling.BICUBIC).save(buffer, kind)
    return buffer.getvalue()


def test_each_form_of_a_body_is_answered(service: Service, digits: Split) -> None:
    """The same digit in every form of the contract, with the same answer's form."""
    image, label = digits.images[0].numpy(), int(digits.labels[0])
    values = image.ravel().tolist()
    forms = [
        (json.dumps(values).encode(), JSON),
        (json.dumps([value / 255 for value in values]).encode(), f"{JSON}; charset=utf-8"),
        (json.dumps({"tensor": values}).encode(), JSON),
        (image.tobytes(), "application/octet-stream"),
        (image.tobytes(), None),
        (picture(image, "png"), "image/png"),
        (picture(image, "jpeg"), "image/jpeg"),
    ]
    for content, content_type in forms:
        response = service.post(content, content_type)
        assert response.status_code == 200, response.text
        assert response.headers["content-type"] == JSON
        answer = response.json()
        assert list(answer) == ["digit", "confidence", "is_digit", "probabilities"]
        assert answer["digit"] == label
        assert answer["is_digit"] is True
        assert answer["confidence"] == answer["probabilities"][label]
        assert sum(answer["probabilities"]) == pytest.approx(1, abs=1e-5)


def test_many_images_are_answered_in_order(service: Service, digits: Split) -> None:
    """Arrays in an array, instances, and bytes; `instances` is answered by a list even for one image."""
    images, labels = digits.images[:5].numpy(), digits.labels[:5].tolist()
    rows = images.reshape(5, 784).tolist()
    for content, content_type in [
        (json.dumps(rows).encode(), JSON),
        (json.dumps({"instances": rows}).encode(), JSON),
        (images.tobytes(), "application/octet-stream"),
    ]:
        answer = service.post(content, content_type).json()
        assert [prediction["digit"] for prediction in answer["predictions"]] == labels
    one = service.post(json.dumps({"instances": rows[:1]}).encode(), JSON).json()
    assert [prediction["digit"] for prediction in one["predictions"]] == labels[:1]


def test_strokes_are_answered(service: Service) -> None:
    """In any unit; and nothing drawn is no digit."""
    assert service.post(json.dumps(SEVEN).encode(), JSON).json()["digit"] == 7
    assert service.post(b'{"strokes": []}', JSON).json()["digit"] is None


def test_a_number_is_answered_digit_by_digit(service: Service) -> None:
    """The number, and of each digit the usual answer and its strokes; a 7 and a 1, then its bar."""
    strokes = [[[0, 0], [60, 0], [20, 100]], [[80, 0], [80, 100]], [[12, 50], [58, 50]]]
    answer = service.post(json.dumps({"strokes": strokes, "number": True}).encode(), JSON).json()
    assert list(answer) == ["number", "digits"]
    assert answer["number"] == "71"
    assert [digit["strokes"] for digit in answer["digits"]] == [[0, 2], [1]]
    for digit in answer["digits"]:
        assert digit["is_digit"] is True
        assert digit["confidence"] == digit["probabilities"][digit["digit"]]
    refused = service.post(json.dumps({"strokes": strokes, "number": "yes"}).encode(), JSON)
    assert refused.status_code == 400
    assert refused.json()["message"] == 'expected number to be true or false, got "yes"'


def test_1000_digits_in_one_body(service: Service, digits: Split) -> None:
    """At least 99.3 % are right, and each answer is what the recogniser says without a server."""
    images = digits.images.numpy()
    response = service.post(images.tobytes(), "application/octet-stream")
    served = response.json()["predictions"]
    assert sum(p["digit"] == label for p, label in zip(served, digits.labels.tolist(), strict=True)) >= 993
    local = Predictor.load().predict(images)
    assert [p["digit"] for p in served] == [p.digit for p in local]
    assert np.allclose([p["probabilities"] for p in served], [p.probabilities for p in local], atol=1e-3)


BAD = {
    "wrong length": (json.dumps([0] * 783).encode(), JSON, 400, "expected 784 pixel values, got 783"),
    "NaN": (b"[NaN" + b",0" * 783 + b"]", JSON, 400, "expected numbers, got NaN"),
    "-1": (b"[-1" + b",0" * 783 + b"]", JSON, 400, "expected pixel values from 0 to 255, got -1 at index 0"),
    "256": (b"[256" + b",0" * 783 + b"]", JSON, 400, "expected pixel values from 0 to 255, got 256 at index 0"),
    "text": (b'["a"' + b",0" * 783 + b"]", JSON, 400, 'expected numbers, got "a" at index 0'),
    "null": (b"[null" + b",0" * 783 + b"]", JSON, 400, "expected numbers, got null at index 0"),
    "broken JSON": (b'{"tensor": [', JSON, 400, "expected JSON, got none at byte 12"),
    "a lone surrogate": (b'["\\ud800"' + b",0" * 783 + b"]", JSON, 400, 'expected numbers, got "\ud800" at index 0'),
    "empty": (b"", JSON, 400, "got an empty body"),
    "empty, of no type": (b"", None, 400, "expected 784 pixel values, got 0"),
    "half a PNG": (picture(np.eye(28, dtype=np.uint8) * 255, "png")[:400], "image/png", 400, "expected a whole PNG"),
    "wrong content type": (b"7", "text/plain", 415, "got text/plain"),
    "a form": (b"a=7", "application/x-www-form-urlencoded", 415, "got application/x-www-form-urlencoded"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_body_gets_the_contracts_error_at_once(service: Service, name: str) -> None:
    """Code, type and message, as JSON; the worker lives."""
    content, content_type, code, message = BAD[name]
    start = time.monotonic()
    response = service.post(content, content_type)
    assert time.monotonic() - start < 1
    assert response.status_code == code
    assert response.headers["content-type"] == JSON
    assert set(response.json()) == {"code", "type", "message"}
    assert response.json()["code"] == code
    assert message in response.json()["message"]
    assert service.post(json.dumps(SEVEN).encode(), JSON).json()["digit"] == 7


@pytest.mark.parametrize(("size", "code"), [(20_000_000, 400), (40_000_000, 413)])
def test_a_body_of_many_megabytes_is_refused_at_once(service: Service, size: int, code: int) -> None:
    """Above 8 MB in the contract's words; above 32 MB by TorchServe itself, unread and without a word."""
    start = time.monotonic()
    response = service.post(bytes(size), "application/octet-stream")
    assert time.monotonic() - start < 1
    assert response.status_code == code
    if code == 400:
        assert response.json()["message"] == "expected a body of at most 8388608 bytes, got 20000000"
    assert service.post(json.dumps(SEVEN).encode(), JSON).json()["digit"] == 7


def test_bad_bodies_inside_a_busy_batch_harm_nobody_else(service: Service, digits: Split) -> None:
    """400 requests of 16 clients at once, one in four of them bad: each gets its own answer."""
    images = digits.images.numpy()
    reference = [p.digit for p in Predictor.load().predict(images[:300])]
    bad = list(BAD.values())

    with httpx.Client(timeout=30, limits=httpx.Limits(max_connections=16)) as client:

        def ask(number: int) -> bool:
            if number % 4 == 3:
                content, content_type, code, message = bad[number // 4 % len(bad)]
                headers = {"Content-Type": content_type} if content_type else {}
                response = client.post(service.url, content=content, headers=headers)
                return response.status_code == code and message in response.json()["message"]
            index = number * 3 // 4 % 300
            response = client.post(service.url, content=images[index].tobytes())
            return bool(response.status_code == 200 and response.json()["digit"] == reference[index])

        with ThreadPoolExecutor(16) as pool:
            results = list(pool.map(ask, range(400)))
    assert all(results), f"{results.count(False)} of 400 were answered wrongly"
    after = service.metrics()
    assert after["digit_batch_requests_sum"] > after["digit_batch_requests_count"], "no two requests shared a batch"


def test_the_other_model_answers_in_the_same_forms(service: Service, digits: Split) -> None:
    """By its own weights: as they answer without a server, for predictions and for explanations."""
    images, mlp = digits.images[:200].numpy(), Predictor.load(SHIPPED_MLP_MODEL)
    served = service.post(images.tobytes(), path="predictions/mnist_mlp").json()["predictions"]
    local = mlp.predict(images)
    assert [(p["digit"], p["is_digit"]) for p in served] == [(p.digit, p.is_digit) for p in local]
    assert np.allclose([p["probabilities"] for p in served], [p.probabilities for p in local], atol=1e-3)
    others = service.post(images.tobytes()).json()["predictions"]
    assert not np.allclose([p["probabilities"] for p in served], [p["probabilities"] for p in others], atol=1e-3)
    explained = service.post(images[0].tobytes(), path="explanations/mnist_mlp").json()
    assert explained["relevance"] == pytest.approx(by_hand(images[0], mlp).ravel(), abs=0.2)
    refused = service.post(b"[0, 0]", JSON, path="predictions/mnist_mlp")
    assert (refused.status_code, refused.json()["message"]) == (400, "expected 784 pixel values, got 2")


EXPLAIN = "explanations/mnist"


def by_hand(image: NDArray[np.uint8], predictor: Predictor) -> NDArray[np.float32]:
    """The relevance of an image's pixels, without a server."""
    windows, images = occluded(image)
    said, *without = (p.probabilities for p in predictor.predict(np.concatenate([image[np.newaxis], images])))
    return relevance(image, windows, np.array(said).round(7), np.array(without).round(7))


def test_explanations_say_which_ink_decided(service: Service, digits: Split) -> None:
    """The answer of a prediction and 784 numbers, 0 where there is no ink; many images are answered in order."""
    predictor = Predictor.load()
    images, labels = digits.images[:8].numpy(), digits.labels[:8].tolist()
    answer = service.post(images[0].tobytes(), path=EXPLAIN).json()
    assert list(answer) == ["digit", "confidence", "is_digit", "probabilities", "relevance"]
    assert answer | {"relevance": []} == service.post(images[0].tobytes()).json() | {"relevance": []}
    several = service.post(json.dumps(images.reshape(8, 784).tolist()).encode(), JSON, path=EXPLAIN)
    assert several.headers["content-type"] == JSON
    assert [p["digit"] for p in several.json()["predictions"]] == labels
    for explained, image in zip([answer, *several.json()["predictions"]], [images[0], *images], strict=True):
        assert len(explained["relevance"]) == 784
        assert explained["relevance"] == pytest.approx(by_hand(image, predictor).ravel(), abs=0.2)
        assert not np.array(explained["relevance"])[image.ravel() == 0].any()
    assert service.post(json.dumps(SEVEN).encode(), JSON, path=EXPLAIN).json()["digit"] == 7
    blank = service.post(bytes(784), path=EXPLAIN).json()
    assert (blank["digit"], blank["relevance"]) == (None, [0] * 784)


def test_what_cannot_be_explained_is_refused(service: Service, digits: Split) -> None:
    """Nine images are one too many; errors are those of predictions."""
    response = service.post(digits.images[:9].numpy().tobytes(), path=EXPLAIN)
    assert (response.status_code, response.json()["type"]) == (400, "TooManyImages")
    assert response.json()["message"] == "expected at most 8 images to explain, got 9; send them in parts"
    for content, content_type, code, message in BAD.values():
        response = service.post(content, content_type, path=EXPLAIN)
        assert (response.status_code, response.json()["code"]) == (code, code)
        assert message in response.json()["message"]


def test_explanations_and_predictions_in_one_batch_keep_apart(service: Service, digits: Split) -> None:
    """240 requests of 16 clients at once: predictions, explanations and errors; each gets its own form of answer."""
    images = digits.images.numpy()[:240]
    reference = [p.digit for p in Predictor.load().predict(images)]
    before = service.metrics()

    def ask(number: int) -> bool:
        explained = number % 3 == 1
        content = b"bad" if number % 5 == 4 else images[number].tobytes()
        answer = service.post(content, path=EXPLAIN if explained else "predictions/mnist", timeout=60)
        if content == b"bad":
            return answer.status_code == 400
        relevant = answer.json().get("relevance")
        return answer.json()["digit"] == reference[number] and (
            relevant is not None and not np.array(relevant)[images[number].ravel() == 0].any()
            if explained
            else relevant is None
        )

    with ThreadPoolExecutor(16) as pool:
        results = list(pool.map(ask, range(240)))
    assert all(results), f"{results.count(False)} of 240 were answered wrongly"
    after = service.metrics()
    batches = after["digit_batch_requests_count"] - before.get("digit_batch_requests_count", 0)
    assert after["digit_batch_requests_sum"] - before.get("digit_batch_requests_sum", 0) > batches, "nothing was shared"


def test_200_connections_at_once_are_all_answered(service: Service, digits: Split) -> None:
    """Each sends one digit."""
    images = digits.images.numpy()
    with ThreadPoolExecutor(200) as pool:
        responses = list(pool.map(lambda image: service.post(image.tobytes(), timeout=60), images[:200]))
    assert {response.status_code for response in responses} == {200}


def test_the_pages_origin_may_read_answers_and_no_other(service: Service) -> None:
    """CORS names the page's own origin, whoever asks."""
    for origin in (service.page, "http://evil.example"):
        response = httpx.options(
            service.url,
            headers={"Origin": origin, "Access-Control-Request-Method": "POST"},
        )
        assert response.headers["access-control-allow-origin"] == service.page
        assert "content-type" in response.headers["access-control-allow-headers"]
    assert service.post(bytes(784)).headers["access-control-allow-origin"] == service.page


def test_no_model_can_be_registered_over_http(service: Service) -> None:
    """Any web page can send a POST to a loopback port; it must not load code."""
    management = service.ports.url("management")
    before = httpx.get(f"{management}/models").json()
    for url in ("http://127.0.0.1:1/evil.mar", "mnist.mar", "file:///etc/passwd"):
        response = httpx.post(f"{management}/models", params={"url": url, "initial_workers": 1})
        assert response.status_code >= 400
    assert httpx.delete(f"{management}/models/mnist").status_code >= 400
    assert httpx.get(f"{management}/models").json() == before


def test_everything_listens_on_loopback_alone(service: Service) -> None:
    """The page, the four TorchServe ports that are asked for, and gRPC's two."""
    pids = {service.process.pid, *(process.pid for process in service.started())}
    listening = [
        connection.laddr
        for connection in psutil.net_connections(kind="tcp")
        if connection.pid in pids and connection.laddr and connection.status == psutil.CONN_LISTEN
    ]
    assert {address.ip.removeprefix("::ffff:") for address in listening} == {"127.0.0.1"}
    assert set(vars(service.ports).values()) <= {address.port for address in listening}


def test_the_workers_map_no_library_of_training(service: Service) -> None:
    """No worker that runs has torchvision, matplotlib or onnx loaded; each has ONNX Runtime and orjson."""
    workers = [process for process in service.started() if "model_service_worker" in " ".join(process.cmdline())]
    assert len(workers) == 3  # two of mnist, one of mnist_mlp
    for worker in workers:
        paths = {mapped.path for mapped in worker.memory_maps()}
        packages = {path.partition("/site-packages/")[2].partition("/")[0] for path in paths}
        assert {"onnxruntime", "orjson", "numpy"} <= packages
        assert packages.isdisjoint({"torchvision", "matplotlib", "onnx", "onnxscript", "scipy"})


def test_many_at_once_get_their_own_answers(service: Service, digits: Split) -> None:
    """200 requests on 40 connections: JSON and bytes, right and wrong, each as if it had been alone."""
    images, expected = digits.images.numpy(), Predictor.load().predict(digits.images.numpy()[:200])

    def ask(index: int) -> httpx.Response:
        image = images[index]
        if index % 4 == 1:
            return service.post(json.dumps(image.ravel().tolist()).encode(), "application/json")
        if index % 4 == 2:
            return service.post(image.tobytes()[:-1])
        return service.post(image.tobytes())

    with ThreadPoolExecutor(40) as pool:
        answers = list(pool.map(ask, range(200)))
    for index, (answer, prediction) in enumerate(zip(answers, expected, strict=True)):
        if index % 4 == 2:
            assert answer.status_code == 400
        else:
            assert answer.json()["probabilities"] == pytest.approx(prediction.probabilities, abs=1e-6)
