"""Predicting in a real Chromium, without a server: the worker, and the page without a network."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from mnist_model.dataset import Split
from mnist_model.shipped import SHIPPED_MODEL
from serve.page import WEB, PageServer
from serve.ports import HOST, Ports, free_ports
from tests.page.conftest import watch
from tests.page.pen import SEVEN, digit, draw
from tests.service import Service, four_ports

NOT_INSTALLED = "The parts for predicting in this browser are not installed; `make setup` fetches them."
LOADED = {"value": "loaded"}
# What every test needs in the page: a Browser, loaded or not, and its answers or the words of its error.
HELPERS = """async () => {
    const { Browser } = await import('/browser.js');
    window.progress = [];
    window.predictor = new Browser({ onProgress: (now) => progress.push(now) });
    window.told = (promise) => promise.then(
        (value) => ({ value }),
        (error) => ({ name: error.constructor.name, message: error.message, retry: error.retry }),
    );
    window.load = () => told(predictor.load().then(() => 'loaded'));
    window.predict = (rows, signal = new AbortController().signal) =>
        told(predictor.predict(rows.map((row) => Uint8Array.from(row)), signal));
    window.keep = async () => (await import('/offline.js')).keepForOffline();
}"""


def prepare(page: Page, load: bool = True) -> Page:
    """Put the helpers into a page, and load the network there."""
    page.evaluate(HELPERS)
    if load:
        assert page.evaluate("load()") == LOADED
        assert page.evaluate("predictor.isLoaded")
    return page


@pytest.fixture(scope="module")
def rows(digits: Split) -> list[list[int]]:
    """The sample's 1,000 images, and one without ink, as pixels."""
    images: list[list[int]] = digits.images.reshape(-1, 784).tolist()
    return [*images, [0] * 784]


@pytest.fixture(scope="module")
def predicting(browser: Browser, service: Service) -> Iterator[Page]:
    """The page that `mnist serve` serves, the network loaded; nothing may have gone wrong in it by the end."""
    page = browser.new_page()
    complaints = watch(page)
    page.goto(service.page)
    yield prepare(page)
    page.close()
    assert complaints == []


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A browser that has seen nothing yet."""
    context = browser.new_context()
    yield context
    context.close()


@pytest.fixture
def web(tmp_path: Path) -> Path:
    """A copy of the page's folder, to change."""
    folder = tmp_path / "web"
    shutil.copytree(WEB, folder, ignore=shutil.ignore_patterns("node_modules", "model"))
    return folder


def serving(web: Path, ports: Ports) -> PageServer:
    """The page's server alone: nothing answers predictions."""
    return PageServer(ports, SHIPPED_MODEL, web)


def title(web: Path, text: str) -> None:
    """Another version of the page: its document and one of its modules tell it, and it has a module more."""
    index = web / "index.html"
    index.write_text(index.read_text().replace("<title>Draw a digit", f"<title>{text}"))
    module = web / "newest.js"
    module.write_text(module.read_text() + f"import './added.js';\nexport const version = '{text}';\n")
    (web / "added.js").write_text("export {};\n")
    worker = web / "sw.js"
    worker.write_text(worker.read_text().replace("const FILES = [", "const FILES = ['added.js',"))


def version(page: Page) -> tuple[str, Any]:
    """What both of them say."""
    return page.title(), page.evaluate("import('/newest.js').then((module) => module.version ?? null)")


def test_it_answers_as_the_server_does(predicting: Page, service: Service, rows: list[list[int]]) -> None:
    """1,000 digits and an image without ink, all in one question: the same digits, probabilities within 1e-3."""
    answers = predicting.evaluate("predict", rows)["value"]
    expected = service.post(np.array(rows, np.uint8).tobytes()).json()["predictions"]
    assert len(answers) == len(expected) == 1001
    for answer, other in zip(answers, expected, strict=True):
        assert list(answer) == list(other)
        assert (answer["digit"], answer["is_digit"]) == (other["digit"], other["is_digit"])
        assert answer["probabilities"] == pytest.approx(other["probabilities"], abs=1e-3)
        assert answer["confidence"] == pytest.approx(other["confidence"], abs=1e-3)
        assert answer["probabilities"] == [round(value, 7) for value in answer["probabilities"]]
    assert answers[-1] == {"digit": None, "confidence": 0, "is_digit": False, "probabilities": [0.1] * 10}


def test_what_is_no_digit_is_refused_as_by_the_server(predicting: Page, service: Service) -> None:
    """Noise, and a full square."""
    noise = np.random.default_rng(0).integers(0, 256, (20, 784), np.uint8)
    images = np.concatenate([noise, np.full((1, 784), 255, np.uint8)])
    answers = predicting.evaluate("predict", images.tolist())["value"]
    expected = service.post(images.tobytes()).json()["predictions"]
    assert [answer["is_digit"] for answer in answers] == [answer["is_digit"] for answer in expected] == [False] * 21


def test_progress_is_told_in_bytes(predicting: Page) -> None:
    """From some to all of what there is, never backwards, though it is sent compressed."""
    *progress, end = predicting.evaluate("progress")
    loaded = [each["loaded"] for each in progress]
    runtime = sum(path.stat().st_size for path in (WEB / "runtime").glob("o*"))
    assert loaded == sorted(loaded)
    assert len(loaded) > 10
    assert progress[-1]["loaded"] == progress[-1]["total"] == runtime + SHIPPED_MODEL.stat().st_size
    assert end is None  # it is over


def test_an_aborted_question_ends_at_once(predicting: Page, rows: list[list[int]]) -> None:
    """Before it is asked or while it is answered; the next one is answered."""
    result = predicting.evaluate(
        """async (rows) => {
            const aborted = await predict(rows.slice(0, 1), AbortSignal.abort());
            const controller = new AbortController();
            const question = predict(rows, controller.signal);
            const started = performance.now();
            controller.abort();
            return { aborted, question: await question, ms: performance.now() - started };
        }""",
        rows,
    )
    for each in (result["aborted"], result["question"]):
        assert each == {"name": "NoAnswer", "message": "The question was withdrawn.", "retry": True}
    assert result["ms"] < 200  # all 1,001 take some times as long
    assert predicting.evaluate("predict", rows[:1])["value"][0]["digit"] == 7


def test_questions_that_overlap_are_all_answered(predicting: Page, rows: list[list[int]]) -> None:
    """Each with its own answer."""
    apart = [predicting.evaluate("predict", [row])["value"][0] for row in rows[:5]]
    together = predicting.evaluate("(rows) => Promise.all(rows.map((row) => predict([row])))", rows[:5])
    assert [each["value"][0] for each in together] == apart


def test_nothing_is_fetched_before_it_is_asked_for(browser: Browser, service: Service) -> None:
    """Neither the runtime nor the network, nor is anything kept; then each once, and the page obeys its policy."""
    page = browser.new_page()
    complaints = watch(page)
    urls: list[str] = []
    page.context.on("request", lambda request: urls.append(request.url.removeprefix(service.page)))
    page.goto(service.page)
    draw(page, SEVEN)
    digit(page, "7")
    prepare(page, load=False)
    parts = ("/runtime/", "/model/", "/browser-worker.js", "/sw.js")
    assert [url for url in urls if url.startswith(parts)] == []
    assert page.evaluate("predict", [[0] * 784])["value"][0]["digit"] is None  # loads what it needs
    assert page.evaluate("Promise.all([load(), load()])") == [LOADED, LOADED]
    assert urls.count("/runtime/ort-wasm-simd-threaded.wasm") == urls.count("/model/cnn.onnx") == 1
    assert page.evaluate("navigator.serviceWorker.getRegistrations().then(({ length }) => length)") == 0
    assert page.evaluate("caches.keys()") == []
    compiled = "WebAssembly.compile(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0)).then(() => 'compiled', () => 'refused')"
    assert page.evaluate(compiled) == "refused"  # the worker may, and the page may not
    page.close()
    assert [text for text in complaints if "WebAssembly" not in text] == []


@pytest.mark.parametrize("missing", ["runtime/ort-wasm-simd-threaded.wasm", "runtime/ort.wasm.bundle.min.mjs", "model"])
def test_what_is_not_installed_is_said(context: BrowserContext, web: Path, missing: str) -> None:
    """And how to get it; once it is there, it works without a reload."""
    ports = four_ports()
    page = context.new_page()
    if missing == "model":
        with PageServer(ports, None, web):
            page.goto(ports.url("page"))
            failed = prepare(page, load=False).evaluate("load()")
    else:
        (web / missing).unlink()
        with serving(web, ports):
            page.goto(ports.url("page"))
            failed = prepare(page, load=False).evaluate("load()")
        shutil.copyfile(WEB / missing, web / missing)
    assert failed == {"name": "NoAnswer", "message": NOT_INSTALLED, "retry": False}
    assert not page.evaluate("predictor.isLoaded")
    with serving(web, ports):
        assert page.evaluate("load()") == LOADED
        assert page.evaluate("predict", [[0] * 784])["value"][0]["digit"] is None


def test_a_network_that_is_away_is_said(context: BrowserContext, web: Path) -> None:
    """While the worker's script is fetched, and while its parts are; later it is worth another try."""
    ports = four_ports()
    page = context.new_page()
    with serving(web, ports):
        page.goto(ports.url("page"))
        prepare(page, load=False)
        page.route("**/model/cnn.onnx", lambda route: route.abort())
        assert page.evaluate("load()") == {
            "name": "NoAnswer",
            "message": "The parts for predicting in this browser cannot be fetched.",
            "retry": True,
        }
    failed = page.evaluate("load()")
    assert failed["message"] == "Predicting in this browser stopped: its script cannot be fetched."
    assert failed["retry"]


@pytest.mark.parametrize("damaged", ["runtime/ort-wasm-simd-threaded.wasm", "model"])
def test_damaged_parts_are_said(context: BrowserContext, web: Path, tmp_path: Path, damaged: str) -> None:
    """In the runtime's own words."""
    ports = four_ports()
    page = context.new_page()
    model = SHIPPED_MODEL
    if damaged == "model":
        model = tmp_path / "damaged.onnx"
        model.write_bytes(b"no network")
    else:
        (web / damaged).write_bytes(b"no program")
    with PageServer(ports, model, web):
        page.goto(ports.url("page"))
        failed = prepare(page, load=False).evaluate("load()")
    assert failed["message"].startswith("Predicting cannot start in this browser: ")
    assert len(failed["message"]) > 60
    assert not failed["retry"]


def test_a_worker_that_crashed_is_said_and_replaced(context: BrowserContext, service: Service) -> None:
    """Whatever it was asked is over, and another `load` brings another."""
    page = context.new_page()
    page.goto(service.page)
    prepare(page)
    page.evaluate("void (window.question = predict(Array(5000).fill(Array(784).fill(9))))")
    page.workers[0].evaluate("void setTimeout(() => { throw new Error('out of order'); })")
    failed = page.evaluate("question")
    assert failed["message"] == "Predicting in this browser stopped: Uncaught Error: out of order."
    assert failed["retry"]
    assert not page.evaluate("predictor.isLoaded")
    assert page.evaluate("load()") == LOADED
    assert page.evaluate("predict", [[0] * 784])["value"][0]["digit"] is None


def test_the_page_opens_and_predicts_without_a_network(
    context: BrowserContext, web: Path, rows: list[list[int]]
) -> None:
    """Once it was kept, under any query; what it is asked to send elsewhere is not answered from what was kept."""
    ports = four_ports()
    page = context.new_page()
    with serving(web, ports):
        page.goto(ports.url("page"))
        expected = prepare(page).evaluate("predict", rows[:50])
        assert page.evaluate("keep()") is True
    page.goto(f"{ports.url('page')}/?mode=browser")
    complaints = watch(page)
    assert prepare(page).evaluate("predict", rows[:50]) == expected
    assert page.evaluate("fetch('/', { method: 'POST' }).then(() => 'answered', () => 'refused')") == "refused"
    assert page.evaluate("fetch('/answer.js?any=query').then(({ ok }) => ok)")
    assert page.evaluate("fetch('/nothing.js').then(() => 'answered', () => 'refused')") == "refused"
    draw(page, SEVEN)
    digit(page, "7")
    page.goto(f"{ports.url('page')}/?number")
    draw(page, SEVEN)
    expect(page.locator("#notice")).to_contain_text("cannot be reached")  # the API is away, and that is said
    assert [text for text in complaints if "Security Policy" in text] == []


def test_a_kept_page_still_asks_the_server(context: BrowserContext, service: Service) -> None:
    """The inference API is none of the service worker's business."""
    page = context.new_page()
    complaints = watch(page)
    page.goto(service.page)
    assert prepare(page).evaluate("keep()") is True
    page.reload()
    assert page.evaluate("navigator.serviceWorker.controller !== null")
    draw(page, SEVEN)
    digit(page, "7")
    assert complaints == []


def test_a_new_version_replaces_the_old_one_as_a_whole(context: BrowserContext, web: Path) -> None:
    """With a network at once; what is kept stays the whole old one until the whole new one is there."""
    ports = four_ports()
    page = context.new_page()
    old, new = ("Draw a digit", None), ("Version two", "Version two")
    with serving(web, ports):
        page.goto(ports.url("page"))
        assert prepare(page).evaluate("keep()") is True
        (kept,) = page.evaluate("caches.keys()")
        assert page.evaluate("keep()") is True
        assert page.evaluate("caches.keys()") == [kept]
        title(web, "Version two")
        page.reload()
        assert version(page) == new
        (web / "pad.js").rename(web / "pad.away")
        assert prepare(page).evaluate("keep()") is True  # the old one still is there
        (web / "pad.away").rename(web / "pad.js")
        page.reload()
    assert page.evaluate("fetch('/answer.js').then(() => 'answered', () => 'refused')") == "refused"  # of the old one
    page.reload()
    assert version(page) == old
    with serving(web, ports):
        page.reload()
        assert version(page) == new
        assert prepare(page).evaluate("keep()") is True
        (replacement,) = page.evaluate("caches.keys()")
        assert replacement != kept
    page.reload()
    assert version(page) == new
    prepare(page)


def test_any_host_of_files_will_do(context: BrowserContext, web: Path, rows: list[list[int]]) -> None:
    """web/ with the exported network in it, without any server of ours: it predicts, and is kept for offline.

    Nor does a new version wait until the browser's own cache, which this host does not direct, has forgotten the old.
    """
    (web / "model").mkdir()
    shutil.copyfile(SHIPPED_MODEL, web / "model" / "cnn.onnx")
    for path in web.rglob("*.*"):
        os.utime(path, (0, 0))  # what has not changed for long is not asked for again soon
    (port,) = free_ports(1)
    command = [sys.executable, "-m", "http.server", str(port), "--bind", HOST, "--directory", str(web)]
    address = f"http://{HOST}:{port}/"
    page = context.new_page()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as host:
        try:
            wait_for(address)
            page.goto(address)
            expected = prepare(page).evaluate("predict", rows[:5])
            assert expected["value"][0]["digit"] == 7
            *progress, _ = page.evaluate("progress")
            assert progress[-1]["loaded"] == progress[-1]["total"]
            assert page.evaluate("keep()") is True
            title(web, "Version two")
            page.goto(address)
            assert version(page) == ("Version two", "Version two")
            assert prepare(page).evaluate("keep()") is True
        finally:
            host.terminate()
    page.reload()
    assert version(page) == ("Version two", "Version two")
    assert prepare(page).evaluate("predict", rows[:5]) == expected


def wait_for(address: str) -> None:
    """Until something answers there."""
    for _ in range(100):
        try:
            httpx.get(address)
            return
        except httpx.TransportError:
            time.sleep(0.1)
    raise AssertionError(f"nothing answers at {address}")
