"""The page in a real Chromium, drawn on with a real mouse, answered by a real TorchServe; and when it is not."""

import re

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, Request, Route, expect

from mnist_model.preprocessing import from_strokes
from tests.page.pen import FOUR, ONE, SETTLED, SEVEN, Stroke, answer_with, digit, draw, ink, state
from tests.service import Service, four_ports


@pytest.mark.parametrize(("strokes", "expected"), [(SEVEN, "7"), (ONE, "1"), (FOUR, "4")])
def test_a_drawn_digit_is_answered(page: Page, strokes: list[Stroke], expected: str) -> None:
    """Digit, confidence and bars."""
    state(page, "empty")
    draw(page, strokes)
    state(page, "sure")
    digit(page, expected)
    expect(page.locator("#message")).to_contain_text("% sure")
    likeliest = page.locator("#bars li.likeliest")
    expect(likeliest).to_have_count(1)
    expect(likeliest.locator(".label")).to_have_text(expected)
    expect(likeliest.locator(".percent")).to_have_text(re.compile(r"\d+%"))


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


def test_a_tap_is_a_dot_and_no_digit(page: Page) -> None:
    """It shows on the pad, and is not called a digit with confidence."""
    page.locator("#pad").click(position={"x": 200, "y": 200})
    state(page, re.compile("not-a-digit|unsure"))
    assert ink(page) > 0


def test_a_scribble_leaves_no_false_certainty(page: Page) -> None:
    """What the server calls no digit is shown as none, in words; the bars still say what it saw."""
    answer = {"digit": 8, "confidence": 0.3, "is_digit": False, "probabilities": [0.1] * 7 + [0, 0.3, 0]}
    answer_with(page, answer)
    draw(page, [[(0.2, 0.2), (0.8, 0.7), (0.2, 0.7), (0.8, 0.2), (0.5, 0.9), (0.5, 0.1)]])
    state(page, "not-a-digit")
    digit(page, "")
    expect(page.locator("#message")).to_have_text("That does not look like a digit; the nearest is 8.")
    expect(page.locator("#bars li.likeliest .label")).to_have_text("8")


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
    expect(page.locator("#notice")).to_be_hidden()
    draw(page, SEVEN)
    state(page, "error")
    digit(page, "")
    expect(page.locator("#notice")).to_contain_text(f"{ports.url('inference')} cannot be reached")
    assert ink(page) > 0
    with Service(ports):
        digit(page, "7")
        state(page, "sure")
        expect(page.locator("#notice")).to_be_hidden()
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
    expect(page.locator("#notice")).to_be_visible()
    page.locator("#clear").click()
    away = False
    expect(page.locator("#notice")).to_be_hidden()
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
    expect(page.locator("#notice")).to_be_visible()
    state(page, "empty")
    away = False
    expect(page.locator("#notice")).to_be_hidden()
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
    answer_with(page, body, status)
    draw(page, SEVEN)
    state(page, "error")
    expect(page.locator("#message")).to_contain_text(message)
    page.unroute(re.compile("/predictions/"))
    digit(page, "7")
    page.close()
