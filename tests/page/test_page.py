"""The page in a real Chromium, drawn on with a real mouse, answered by a real TorchServe."""

import http.client
import re
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import httpx
import numpy as np
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request, Route, expect

from mnist_model.preprocessing import from_strokes
from tests.page.conftest import watch
from tests.service import Service, four_ports

# Strokes in shares of the pad.
SEVEN = [[(0.3, 0.25), (0.5, 0.24), (0.7, 0.25), (0.55, 0.5), (0.42, 0.8)]]
ONE = [[(0.5, 0.2), (0.5, 0.5), (0.5, 0.8)]]
FOUR = [[(0.4, 0.2), (0.3, 0.5), (0.65, 0.5)], [(0.58, 0.25), (0.56, 0.5), (0.55, 0.85)]]
SETTLED = re.compile("sure|unsure|not-a-digit")


def draw(page: Page, strokes: list[list[tuple[float, float]]], steps: int = 8) -> None:
    """Draw with the mouse, lifting it after each stroke."""
    box = page.locator("#pad").bounding_box()
    assert box is not None
    for stroke in strokes:
        for number, (x, y) in enumerate(stroke):
            page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"], steps=steps if number else 1)
            if number == 0:
                page.mouse.down()
        page.mouse.up()


def state(page: Page, expected: str | re.Pattern[str]) -> None:
    """Wait until the page is in this state."""
    expect(page.locator("#app")).to_have_attribute("data-state", expected, timeout=10_000)


def digit(page: Page, expected: str) -> None:
    """Wait until the page shows this digit."""
    expect(page.locator("#digit")).to_have_text(expected, timeout=10_000)


def ink(page: Page) -> int:
    """How many pixels of the canvas have ink."""
    count = page.evaluate(
        """() => {
            const pad = document.querySelector('#pad');
            const { data } = pad.getContext('2d').getImageData(0, 0, pad.width, pad.height);
            return data.filter((value, index) => index % 4 === 3 && value > 0).length;
        }"""
    )
    return int(count)


@pytest.mark.parametrize(("strokes", "expected"), [(SEVEN, "7"), (ONE, "1"), (FOUR, "4")])
def test_a_drawn_digit_is_answered(page: Page, strokes: list[list[tuple[float, float]]], expected: str) -> None:
    """Digit, confidence and bars."""
    state(page, "empty")
    draw(page, strokes)
    state(page, "sure")
    digit(page, expected)
    expect(page.locator("#message")).to_contain_text("% sure")
    likeliest = page.locator("#bars li.likeliest")
    expect(likeliest).to_have_count(1)
    expect(likeliest.locator(".label")).to_have_text(expected)
    expect(likeliest.locator(".percent")).to_have_text(re.compile(r"\d+ %"))


def test_what_is_sent_is_the_recipes_image(page: Page) -> None:
    """784 raw bytes, the same that Python's recipe makes of the strokes."""
    bodies: list[bytes | None] = []
    headers: list[dict[str, str]] = []

    def sent(request: Request) -> None:
        if "/predictions/" in request.url:
            bodies.append(request.post_data_buffer)
            headers.append(request.headers)

    page.on("request", sent)
    strokes = [[(0.25, 0.25), (0.75, 0.5)], [(0.5, 0.125), (0.25, 0.75)]]  # whole pixels of a pad of 584 px: exact
    draw(page, strokes, steps=1)
    state(page, SETTLED)
    expected = from_strokes(strokes)
    drawn = np.frombuffer(bodies[-1] or b"", np.uint8).reshape(28, 28)
    assert np.abs(drawn.astype(int) - expected).max() <= 3  # the pointer is at whole pixels, the shares need not be
    assert all("content-type" not in each for each in headers)


def test_it_predicts_while_drawing_one_request_at_a_time(page: Page) -> None:
    """A digit shows before the pen is lifted; no two requests are ever in flight."""
    in_flight, most, total = 0, 0, 0

    def sent(request: Request) -> None:
        nonlocal in_flight, most, total
        if "/predictions/" not in request.url:
            return
        in_flight, total = in_flight + 1, total + 1
        most = max(most, in_flight)

    def done(request: Request) -> None:
        nonlocal in_flight
        in_flight -= "/predictions/" in request.url

    page.on("request", sent)
    page.on("requestfinished", done)
    page.on("requestfailed", done)
    box = page.locator("#pad").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 0.2 * box["height"])
    page.mouse.down()
    for step in range(40):
        page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + (0.2 + step * 0.015) * box["height"])
    digit(page, "1")
    state(page, "drawing")
    page.mouse.up()
    state(page, "sure")
    assert total >= 2
    assert most == 1


def test_clear_and_escape_empty_the_pad(page: Page) -> None:
    """Ink, digit and bars are gone."""
    clears: list[Callable[[], None]] = [page.locator("#clear").click, lambda: page.keyboard.press("Escape")]
    for clear in clears:
        draw(page, SEVEN)
        digit(page, "7")
        clear()
        state(page, "empty")
        digit(page, "")
        assert ink(page) == 0
        expect(page.locator("#bars li.likeliest")).to_have_count(0)


def test_undo_takes_back_one_stroke(page: Page) -> None:
    """By button and by Ctrl+Z; what is left is read anew, and nothing left is empty."""
    expect(page.locator("#undo")).to_be_disabled()
    draw(page, SEVEN)
    digit(page, "7")
    before = ink(page)
    draw(page, [[(0.1, 0.1), (0.9, 0.9)], [(0.1, 0.9), (0.9, 0.1)]])
    state(page, SETTLED)
    page.locator("#undo").click()
    page.keyboard.press("Control+z")
    digit(page, "7")
    state(page, "sure")
    assert ink(page) == before
    page.keyboard.press("Control+z")
    state(page, "empty")


def test_undo_in_the_middle_of_a_stroke_takes_that_stroke(page: Page) -> None:
    """The pen is still down; moving it on draws nothing."""
    box = page.locator("#pad").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 100, box["y"] + 100)
    page.mouse.down()
    page.mouse.move(box["x"] + 100, box["y"] + 300, steps=10)
    page.keyboard.press("Control+z")
    page.mouse.move(box["x"] + 300, box["y"] + 300, steps=5)
    page.mouse.up()
    state(page, "empty")
    assert ink(page) == 0


def test_a_late_answer_is_not_shown_for_a_cleared_pad(page: Page) -> None:
    """The answer to what was there before Clear never appears."""

    def answer_late(route: Route) -> None:
        page.wait_for_timeout(300)
        route.continue_()

    page.route("**/predictions/mnist", answer_late)
    draw(page, SEVEN)
    page.locator("#clear").click()
    page.wait_for_timeout(800)
    state(page, "empty")
    digit(page, "")


def test_leaving_the_pad_in_the_middle_of_a_stroke_keeps_it(page: Page) -> None:
    """The pointer goes out of the pad and comes back: one stroke; lifted outside, it is over."""
    box = page.locator("#pad").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 0.5 * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] + 60, box["y"] + 0.5 * box["height"], steps=10)
    state(page, "drawing")
    page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 0.8 * box["height"], steps=10)
    page.mouse.move(box["x"] - 5, box["y"] + 0.8 * box["height"], steps=10)
    page.mouse.up()
    state(page, SETTLED)
    before = ink(page)
    page.mouse.move(box["x"] + 0.2 * box["width"], box["y"] + 0.2 * box["height"], steps=5)
    assert ink(page) == before
    page.locator("#undo").click()
    state(page, "empty")


def test_the_right_button_does_not_draw(page: Page) -> None:
    """Only the main one does."""
    page.locator("#pad").click(button="right")
    state(page, "empty")


def test_a_tap_is_a_dot_and_no_digit(page: Page) -> None:
    """It shows on the pad, and is not called a digit with confidence."""
    page.locator("#pad").click(position={"x": 200, "y": 200})
    state(page, re.compile("not-a-digit|unsure"))
    assert ink(page) > 0


def test_a_scribble_leaves_no_false_certainty(page: Page) -> None:
    """What the server calls no digit is shown as none, in words; the bars still say what it saw."""
    answer = {"digit": 8, "confidence": 0.3, "is_digit": False, "probabilities": [0.1] * 7 + [0, 0.3, 0]}
    headers = {"Access-Control-Allow-Origin": page.url.rstrip("/")}
    page.route("**/predictions/mnist", lambda route: route.fulfill(json=answer, headers=headers))
    draw(page, [[(0.2, 0.2), (0.8, 0.7), (0.2, 0.7), (0.8, 0.2), (0.5, 0.9), (0.5, 0.1)]])
    state(page, "not-a-digit")
    digit(page, "")
    expect(page.locator("#message")).to_have_text("That does not look like a digit; the nearest is 8.")
    expect(page.locator("#bars li.likeliest .label")).to_have_text("8")


def test_a_resized_window_keeps_the_drawing(page: Page) -> None:
    """The strokes are redrawn at the new size, and the pen still meets the pointer."""
    draw(page, SEVEN)
    digit(page, "7")
    before = ink(page)
    page.set_viewport_size({"width": 500, "height": 900})
    page.wait_for_timeout(200)
    assert 0 < ink(page) < before
    draw(page, [[(0.35, 0.5), (0.65, 0.5)]])
    digit(page, "7")


def touch(context: BrowserContext, page: Page, points: list[tuple[float, float]]) -> None:
    """Draw one stroke with a finger, through the browser's own input pipeline."""
    box = page.locator("#pad").bounding_box()
    assert box is not None
    session = context.new_cdp_session(page)

    def send(kind: str, where: list[tuple[float, float]]) -> None:
        at = [{"x": box["x"] + x * box["width"], "y": box["y"] + y * box["height"]} for x, y in where]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": at})

    send("touchStart", points[:1])
    for start, end in pairwise(points):
        for share in np.linspace(0, 1, 9)[1:].tolist():
            send("touchMove", [(start[0] + (end[0] - start[0]) * share, start[1] + (end[1] - start[1]) * share)])
    send("touchEnd", [])


def test_a_finger_draws_and_the_page_does_not_scroll(browser: Browser, service: Service) -> None:
    """On a phone's screen."""
    context = browser.new_context(viewport={"width": 390, "height": 700}, has_touch=True, is_mobile=True)
    page = context.new_page()
    complaints = watch(page)
    page.goto(service.page)
    touch(context, page, SEVEN[0])
    digit(page, "7")
    assert page.evaluate("window.scrollY") == 0
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    context.close()
    assert complaints == []


def test_a_dead_server_is_visible_and_heals_by_itself(browser: Browser) -> None:
    """Killed while a drawing stands, it is said so; the ink stays; started again, the drawing is answered."""
    ports = four_ports()
    page = browser.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    with Service(ports):
        page.goto(ports.url("page"))
        draw(page, ONE)
        digit(page, "1")
        page.locator("#clear").click()
    expect(page.locator("#connection")).to_be_hidden()
    draw(page, SEVEN)
    state(page, "error")
    digit(page, "")
    expect(page.locator("#connection")).to_contain_text(f"{ports.url('inference')} cannot be reached")
    assert ink(page) > 0
    with Service(ports):
        digit(page, "7")
        state(page, "sure")
        expect(page.locator("#connection")).to_be_hidden()
    page.close()
    assert errors == []


def test_clear_while_the_server_is_away_leaves_an_empty_pad(browser: Browser, service: Service) -> None:
    """When it is back, nothing is asked about what was cleared."""
    page = browser.new_page()
    page.goto(service.page)
    away = True
    api = re.compile("/(ping|predictions/mnist)$")
    page.route(api, lambda route: route.abort() if away else route.continue_())
    draw(page, SEVEN)
    state(page, "error")
    expect(page.locator("#connection")).to_be_visible()
    page.locator("#clear").click()
    away = False
    expect(page.locator("#connection")).to_be_hidden()
    state(page, "empty")
    digit(page, "")
    expect(page.locator("#bars li.likeliest")).to_have_count(0)
    page.close()


def test_a_server_that_was_away_when_the_page_loaded_is_noticed_too(browser: Browser, service: Service) -> None:
    """Before anything is drawn."""
    page = browser.new_page()
    away = True
    page.route("**/ping", lambda route: route.abort() if away else route.continue_())
    page.goto(service.page)
    expect(page.locator("#connection")).to_be_visible()
    state(page, "empty")
    away = False
    expect(page.locator("#connection")).to_be_hidden()
    page.close()


@pytest.mark.parametrize(
    ("status", "body", "message"),
    [
        (503, '{"code": 503, "type": "ServiceUnavailableException", "message": "busy"}', "answered 503: busy"),
        (200, '{"digit": ', "answered 200 with something unreadable"),
    ],
)
def test_a_failing_server_is_quoted_and_asked_again(
    browser: Browser, service: Service, status: int, body: str, message: str
) -> None:
    """Its own words, then the answer once it is well."""
    page = browser.new_page()
    page.goto(service.page)
    headers = {"Access-Control-Allow-Origin": service.page}
    page.route("**/predictions/mnist", lambda route: route.fulfill(status=status, body=body, headers=headers))
    draw(page, SEVEN)
    state(page, "error")
    expect(page.locator("#message")).to_contain_text(message)
    page.unroute("**/predictions/mnist")
    digit(page, "7")
    page.close()


def test_browser_mode_says_that_it_is_not_there_yet(browser: Browser, service: Service) -> None:
    """And the server answers meanwhile."""
    page = browser.new_page()
    page.goto(f"{service.page}/?mode=browser")
    expect(page.locator("#mode")).to_contain_text("not built yet")
    draw(page, SEVEN)
    digit(page, "7")
    page.close()


def test_nothing_is_loaded_from_elsewhere(browser: Browser, service: Service) -> None:
    """Every request goes to the page's server or to TorchServe, and the policy in the header would stop another."""
    page = browser.new_page()
    urls: list[str] = []
    page.on("request", lambda request: urls.append(request.url))
    page.goto(service.page)
    draw(page, SEVEN)
    digit(page, "7")
    page.close()
    allowed = (service.page, service.ports.url("inference"))
    assert urls
    assert [url for url in urls if not url.startswith(allowed)] == []
    policy = httpx.get(service.page).headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; ")
    assert f"connect-src 'self' {service.ports.url('inference')};" in policy


def test_the_page_server_serves_the_page_and_nothing_else(service: Service) -> None:
    """No file of the checkout, no listing; other host names are sent to the origin that CORS admits."""
    assert httpx.get(f"{service.page}/main.js").headers["content-type"] == "text/javascript"
    for path in (
        "/../pyproject.toml",
        "/%2e%2e/pyproject.toml",
        "/nothing.js",
        "//etc/passwd",
        "/%00",
        "/main.js%00.html",
    ):
        connection = http.client.HTTPConnection(service.page.removeprefix("http://"), timeout=10)
        connection.request("GET", path)  # as it stands: other clients tidy the path first
        assert connection.getresponse().status == 404
        connection.close()
    for path in ("/", "/index.html", "/%69ndex.html", "/?mode=server"):
        assert service.ports.url("inference") in httpx.get(service.page + path).text
    head = httpx.head(service.page, headers={"Accept-Encoding": "identity"})
    assert head.headers["content-length"] == str(len(httpx.get(service.page).content))
    other = httpx.get(service.page.replace("127.0.0.1", "localhost") + "/?mode=server")
    assert other.status_code == 302
    assert other.headers["location"] == f"{service.page}/?mode=server"


@pytest.mark.parametrize(("width", "height"), [(1280, 900), (390, 844), (320, 640)])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_every_screen(
    browser: Browser, service: Service, tmp_path: Path, width: int, height: int, scheme: str
) -> None:
    """No sideways scrolling, a square pad, and nothing moves when an answer comes."""
    page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)  # type: ignore[arg-type]
    page.goto(service.page)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    pad = page.locator("#pad").bounding_box()
    assert pad is not None
    assert abs(pad["width"] - pad["height"]) < 1
    places = "['pad', 'digit', 'bars', 'clear'].map((id) => document.getElementById(id).getBoundingClientRect().top)"
    before = page.evaluate(places)
    draw(page, SEVEN)
    digit(page, "7")
    assert page.evaluate(places) == before
    page.close()
