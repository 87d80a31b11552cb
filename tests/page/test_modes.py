"""Who reads the drawing: the server, or this browser; and models side by side."""

import re

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.page.conftest import watch
from tests.page.pen import API, FOUR, ONE, SETTLED, SEVEN, answer_with, digit, draw, ink, on_screen, state
from tests.service import Service, four_ports

LOADED = re.compile(r"this browser, [\d.]+ ms")


def test_browser_mode_asks_no_server(browser: Browser, service: Service) -> None:
    """`?mode=browser`: digits are read, the page says by whom, and nothing is sent anywhere."""
    page = browser.new_page()
    complaints = watch(page)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{service.page}/?mode=browser")
    for strokes, expected in ((SEVEN, "7"), (ONE, "1"), (FOUR, "4")):
        page.locator("#clear").click()
        draw(page, strokes)
        digit(page, expected)
        state(page, "sure")
    expect(page.locator("#latency")).to_have_text(LOADED)
    expect(page.locator("#privacy")).to_contain_text("stays in this browser")
    assert [url for url in asked if url.startswith(service.ports.url("inference"))] == []
    page.close()
    assert complaints == []


def test_the_switch_changes_who_reads_and_the_pages_address(page: Page) -> None:
    """The drawing on the pad is read anew; its progress shows; back again too. Nothing is loaded before."""
    loaded: list[str] = []
    page.on("request", lambda request: loaded.append(request.url))
    draw(page, SEVEN)
    digit(page, "7")
    expect(page.locator("#latency")).to_have_text(re.compile(r"the server, [\d.]+ ms"))
    assert [url for url in loaded if "runtime" in url or "onnx" in url] == []
    page.get_by_label("this browser").check()
    expect(page.locator("#latency")).to_have_text(LOADED, timeout=20_000)
    digit(page, "7")
    assert page.url.endswith("?mode=browser")
    expect(page.locator("#loading")).to_be_hidden()
    page.get_by_label("the server").check()
    expect(page.locator("#latency")).to_have_text(re.compile(r"the server, [\d.]+ ms"))
    assert "mode" not in page.url
    digit(page, "7")


def test_progress_shows_while_the_parts_arrive(browser: Browser, service: Service) -> None:
    """How much it is, in words once, and a bar until the digit is read."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(service.page)
    said: list[str] = []
    page.expose_function("heard", lambda words: said.append(words))
    page.evaluate(
        """() => new MutationObserver(() => window.heard(document.querySelector('#loading').textContent.trim()))
            .observe(document.querySelector('#loading'), { subtree: true, childList: true, attributes: true })"""
    )
    draw(page, SEVEN)
    page.get_by_label("this browser").check()
    expect(page.locator("#latency")).to_have_text(LOADED, timeout=20_000)
    different = list(dict.fromkeys(filter(None, said)))
    assert len(different) <= 2  # before and after it is known how much there is
    assert re.fullmatch(r"Loading the model into this browser \(1\d\.\d MB\)…", different[-1])
    expect(page.locator("#loading")).to_be_hidden()
    context.close()


def test_one_click_goes_on_without_the_server(browser: Browser) -> None:
    """When it dies, the page offers to read in the browser, and then reads what stands on the pad."""
    ports = four_ports()
    context = browser.new_context()
    page = context.new_page()
    with Service(ports):
        page.goto(ports.url("page"))
        draw(page, ONE)
        digit(page, "1")
        page.get_by_label("this browser").check()  # so that its parts are kept
        expect(page.locator("#latency")).to_have_text(LOADED, timeout=20_000)
        expect(page.locator("#privacy")).to_contain_text("works without a network now", timeout=20_000)
        page.get_by_label("the server").check()
        page.locator("#clear").click()
    draw(page, SEVEN)
    state(page, "error")
    expect(page.locator("#notice")).to_contain_text("cannot be reached")
    page.locator("#switch").click()
    digit(page, "7")
    state(page, "sure")
    expect(page.locator("#notice")).to_be_hidden()
    page.reload()  # nothing listens any more: all of it comes from what was kept
    draw(page, FOUR)
    digit(page, "4")
    context.close()


def test_what_is_not_installed_is_said_with_the_remedy(browser: Browser, service: Service) -> None:
    """And the server can be gone back to."""
    context = browser.new_context(service_workers="block")
    page = context.new_page()
    page.route("**/runtime/**", lambda route: route.fulfill(status=404))
    page.goto(f"{service.page}/?mode=browser")
    draw(page, SEVEN)
    state(page, "error")
    expect(page.locator("#message")).to_contain_text("`make setup`")
    page.get_by_label("the server").check()
    digit(page, "7")
    context.close()


def test_why_is_told_in_the_browser_too(browser: Browser, service: Service) -> None:
    """Without a server, and in the server's words."""
    page = browser.new_page()
    complaints = watch(page)
    page.goto(service.page)
    draw(page, SEVEN)
    state(page, "sure")
    page.locator("#why").click()
    expect(page.locator("#reasons")).to_have_text(re.compile("It is read as 7"))
    served = page.locator("#reasons").inner_text()
    page.route(API, lambda route: route.abort())
    page.get_by_label("this browser").check()
    expect(page.locator("#latency")).to_have_text(LOADED, timeout=20_000)
    expect(page.locator("#reasons")).to_have_text(served)
    page.close()
    assert complaints == []


def test_models_are_compared_on_the_same_drawing(browser: Browser, service: Service) -> None:
    """Three cards: digit, bars and time of each."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    complaints = watch(page)
    page.goto(f"{service.page}/?compare")
    draw(page, SEVEN)
    cards = page.locator(".answer")
    expect(cards).to_have_count(3)
    expect(page.locator(".name")).to_have_text(["CNN on the server", "MLP on the server", "CNN in this browser"])
    for index in range(3):
        expect(cards.nth(index).locator(".digit")).to_have_text("7", timeout=20_000)
        expect(cards.nth(index).locator(".likeliest .label")).to_have_text("7")
        expect(cards.nth(index).locator(".time")).to_have_text(re.compile(r"[\d.]+ ms"))
    page.locator("#clear").click()
    state(page, "empty")
    expect(page.locator(".digit")).to_have_text(["", "", ""])
    page.close()
    assert complaints == []


def test_comparing_asks_the_server_whatever_the_mode_was(browser: Browser, service: Service) -> None:
    """And the page does not say that nothing is sent."""
    page = browser.new_page()
    page.goto(f"{service.page}/?mode=browser")
    page.get_by_role("link", name="Compare").click()
    with page.expect_request("**/predictions/mnist"):
        draw(page, SEVEN)
    digit(page, "7")
    expect(page.locator("#privacy")).to_contain_text(service.ports.url("inference"))
    page.get_by_role("link", name="One digit").click()
    assert page.url.endswith("?mode=browser")
    page.close()


def test_the_drawing_goes_along_to_the_other_kinds_of_page(browser: Browser, service: Service) -> None:
    """And so do the last drawings; nothing of them is stored."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(service.page)
    draw(page, SEVEN)
    state(page, "sure")
    for name in ("Compare", "A number", "One digit"):
        page.get_by_role("link", name=name).click()
        digit(page, "7")
        assert page.evaluate("[localStorage.length, sessionStorage.length]") == [0, 0]
    page.locator("#history > summary").click()
    expect(page.locator("#entries li > span").last).to_have_text(re.compile("^7, "))
    expect(page.locator("#entries li")).to_have_count(2)  # as drawn, and as it was scaled to fit the wide pad
    page.close()


def test_one_model_that_fails_leaves_the_others(browser: Browser, service: Service) -> None:
    """Its own card says so."""
    page = browser.new_page()
    page.route("**/predictions/mnist_mlp", lambda route: route.abort())
    page.goto(f"{service.page}/?compare")
    draw(page, SEVEN)
    digit(page, "7")
    cards = page.locator(".answer")
    expect(cards.nth(1)).to_have_attribute("data-state", "error")
    expect(cards.nth(2).locator(".digit")).to_have_text("7", timeout=20_000)
    state(page, "sure")
    page.close()


@pytest.mark.parametrize("order", [(0.05, 0.6), (0.6, 0.05)])
def test_answers_in_any_order_show_the_newest_drawing(page: Page, order: tuple[float, float]) -> None:
    """Slow or quick, an answer to an older drawing never replaces the newest one's."""
    delays = iter(order)
    images: list[bytes] = []

    def answer(route: object) -> None:
        images.append(route.request.post_data_buffer)  # type: ignore[attr-defined]
        page.wait_for_timeout(1000 * next(delays, 0.01))
        route.continue_()  # type: ignore[attr-defined]

    page.route("**/predictions/mnist", answer)
    page.get_by_role("button", name="Sample of 1").click()
    page.get_by_role("button", name="Sample of 7").click()
    page.get_by_role("button", name="Sample of 4").click()
    digit(page, "4")
    page.wait_for_timeout(800)
    digit(page, "4")
    state(page, "sure")


def test_a_slow_server_leaves_the_pen_quick(page: Page) -> None:
    """While an answer is awaited for half a second, every stroke still shows at once."""

    def answer_late(route: object) -> None:
        page.wait_for_timeout(500)
        route.continue_()  # type: ignore[attr-defined]

    page.route("**/predictions/mnist", answer_late)
    page.mouse.move(*on_screen(page, 0.5, 0.2))
    page.mouse.down()
    for step in range(10):
        page.mouse.move(*on_screen(page, 0.5, 0.2 + 0.06 * step))
    state(page, "drawing")
    assert ink(page) > 0
    page.mouse.up()
    state(page, "pending")
    expect(page.locator("#message")).to_have_text("Reading…")
    digit(page, "1")
    state(page, SETTLED)


@pytest.mark.parametrize("status", [500, 503])
def test_an_error_without_words_is_told_by_its_number(browser: Browser, service: Service, status: int) -> None:
    """And asked again."""
    page = browser.new_page()
    page.goto(service.page)
    answer_with(page, "{}", status)
    draw(page, SEVEN)
    state(page, "error")
    expect(page.locator("#message")).to_contain_text(f"answered {status}")
    page.unroute(re.compile("/predictions/"))
    digit(page, "7")
    page.close()


def test_the_second_model_is_the_pages_own_origin_too(service: Service) -> None:
    """CORS admits the page to it."""
    url = f"{service.ports.url('inference')}/predictions/mnist_mlp"
    response = httpx.post(url, content=bytes(784), headers={"Origin": service.page})
    assert response.headers["access-control-allow-origin"] == service.page
