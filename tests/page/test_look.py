"""How the page looks: it fits every screen, nothing moves, everybody can use it, and it weighs little."""

import gzip
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from mnist_model.archive import ROOT
from tests.page.pen import SEVEN, answer_with, digit, draw, state
from tests.service import Service

WEB = ROOT / "web"
SCREENSHOTS = ROOT / "screenshots"  # kept as an artifact of CI
AXE = WEB / "node_modules" / "axe-core" / "axe.min.js"
FIRST_LOAD_LIMIT = 60_000  # bytes, compressed
UNSURE = {"digit": 4, "confidence": 0.6, "is_digit": True, "probabilities": [0, 0, 0, 0, 0.6, 0, 0, 0, 0, 0.4]}
REFUSED = {"digit": 8, "confidence": 0.12, "is_digit": False, "probabilities": [0.098] * 8 + [0.12, 0.096]}


def sure(page: Page) -> None:
    """A seven."""
    draw(page, SEVEN)
    state(page, "sure")


def drawing(page: Page) -> None:
    """The pen is down."""
    draw(page, SEVEN)
    page.mouse.down()
    state(page, "drawing")


def pending(page: Page) -> None:
    """The server has not answered yet."""
    page.route(re.compile("/predictions/"), lambda route: None)
    draw(page, SEVEN)
    state(page, "pending")


def unsure(page: Page) -> None:
    """4 or 9."""
    answer_with(page, UNSURE)
    draw(page, SEVEN)
    state(page, "unsure")


def refused(page: Page) -> None:
    """Not a digit."""
    answer_with(page, REFUSED)
    draw(page, SEVEN)
    state(page, "not-a-digit")


def offline(page: Page) -> None:
    """The server is away."""
    page.route(re.compile("/(predictions|ping)"), lambda route: route.abort())
    draw(page, SEVEN)
    state(page, "error")


def unfolded(page: Page) -> None:
    """Everything is open, and explained."""
    sure(page)
    page.locator("#why").click()
    expect(page.locator("#heat")).to_be_visible()
    for fold in ("sees", "history"):
        page.locator(f"#{fold} > summary").click()


def empty(page: Page) -> None:
    """Nothing is drawn."""
    state(page, "empty")


STATES: dict[str, Callable[[Page], None]] = {
    each.__name__: each for each in (empty, drawing, pending, sure, unsure, refused, offline, unfolded)
}
KINDS = {"digit": "", "number": "?number", "compare": "?compare"}
SIZES = [(320, 640), (390, 844), (768, 1024), (1280, 900), (2560, 1440)]


def opened(browser: Browser, service: Service, size: tuple[int, int], scheme: str, query: str = "") -> Page:
    """The page in a window of this size, light or dark."""
    width, height = size
    page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)  # type: ignore[arg-type]
    page.goto(f"{service.page}/{query}")
    return page


@pytest.mark.parametrize("size", SIZES, ids=[f"{width}" for width, _ in SIZES])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("kind", KINDS)
def test_it_fits_every_screen(
    browser: Browser, service: Service, size: tuple[int, int], scheme: str, kind: str
) -> None:
    """No sideways scrolling, and nothing moves when an answer comes."""
    page = opened(browser, service, size, scheme, KINDS[kind])
    places = """['#pad', '#digit', '#bars', '#clear', '#why', '#samples', 'footer'].map(
        (id) => document.querySelector(id).getBoundingClientRect().top)"""
    expect(page.locator(".answer")).to_have_count(3 if kind == "compare" else 1)
    before = page.evaluate(places)
    draw(page, SEVEN)
    digit(page, "7")
    page.wait_for_timeout(200)
    assert page.evaluate(places) == pytest.approx(before, abs=0.1)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    pad = page.locator("#pad").bounding_box()
    assert pad is not None
    assert pad["width"] >= 0.85 * size[0] or size[0] > 500
    SCREENSHOTS.mkdir(exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"{kind}-{size[0]}-{scheme}.png")
    page.close()


@pytest.mark.parametrize("name", STATES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everybody_can_use_it(browser: Browser, service: Service, name: str, scheme: str) -> None:
    """axe-core finds nothing in any state; each is kept as a picture."""
    assert AXE.is_file(), "axe-core is missing; `make test` installs it"
    page = opened(browser, service, (1280, 900), scheme)
    STATES[name](page)
    SCREENSHOTS.mkdir(exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"state-{name}-{scheme}.png", full_page=True)
    assert violations(page) == []
    page.close()


@pytest.mark.parametrize("kind", ["number", "compare"])
def test_everybody_can_use_the_other_kinds(browser: Browser, service: Service, kind: str) -> None:
    """On a phone too."""
    for size in ((1280, 900), (390, 844)):
        page = opened(browser, service, size, "light", KINDS[kind])
        draw(page, SEVEN)
        state(page, "sure")
        assert violations(page) == []
        page.close()


def violations(page: Page) -> list[str]:
    """What axe-core finds: rule and place."""
    page.evaluate(AXE.read_text())  # not as a script of the page: its policy admits none but its own
    page.wait_for_timeout(250)  # colours that are on their way are measured half-way
    found: list[str] = page.evaluate(
        """async () => {
            const { violations } = await axe.run();
            return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target).join(', ')}`);
        }"""
    )
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_shifts_while_the_page_loads(browser: Browser, service: Service, kind: str) -> None:
    """As the browser itself measures it: layout shift, of which 0.1 counts as good."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.add_init_script(
        """window.shift = 0;
        new PerformanceObserver((list) => list.getEntries().forEach(({ value }) => { window.shift += value; }))
            .observe({ type: 'layout-shift', buffered: true });"""
    )
    page.goto(f"{service.page}/{KINDS[kind]}")
    draw(page, SEVEN)
    state(page, "sure")
    page.wait_for_timeout(300)
    assert page.evaluate("window.shift") < 0.01
    page.close()


@pytest.mark.parametrize("size", SIZES, ids=[f"{width}" for width, _ in SIZES])
@pytest.mark.parametrize("kind", KINDS)
def test_a_notice_covers_nothing_that_is_used(
    browser: Browser, service: Service, size: tuple[int, int], kind: str
) -> None:
    """It stands where the digit would be: the pad, its buttons and "Why?" stay in reach."""
    page = opened(browser, service, size, "light", KINDS[kind])
    offline(page)
    expect(page.locator("#notice")).to_be_visible()
    covered = page.evaluate(
        """() => {
            const notice = document.querySelector('#notice').getBoundingClientRect();
            return ['pad', 'undo', 'redo', 'clear', 'picture', 'samples', 'why'].filter((id) => {
                const { left, right, top, bottom } = document.getElementById(id).getBoundingClientRect();
                return left < notice.right && notice.left < right && top < notice.bottom && notice.top < bottom;
            });
        }"""
    )
    assert covered == []
    page.close()


def test_everything_is_reached_by_keyboard(page: Page) -> None:
    """Tab goes through every control once, in the order in which they are seen; each shows that it has the focus."""
    draw(page, SEVEN)
    digit(page, "7")
    page.evaluate("() => { const title = document.querySelector('#title'); title.tabIndex = -1; title.focus(); }")
    reached = []
    for _ in range(40):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.id || document.activeElement.textContent.trim()"))
        if reached[-1] in reached[:-1] or reached[-1].startswith("Draw"):
            break
        outline = page.evaluate("parseFloat(getComputedStyle(document.activeElement).outlineWidth)")
        assert outline >= 2, reached[-1]
    expected = ["One digit", "A number", "Compare", "pad", "undo", "clear", "picture", *"0123456789", "why"]
    assert [each for each in reached if each in expected] == expected
    for fold in ("What the model sees", "Last drawings"):
        assert fold in reached


def test_targets_are_as_large_as_a_thumb(browser: Browser, service: Service) -> None:
    """44 px high at least, on a phone."""
    page = opened(browser, service, (390, 844), "light")
    unfolded(page)
    small = page.evaluate(
        """() => [...document.querySelectorAll('button, select, a, summary, label')]
            .filter((each) => each.offsetParent !== null)
            .map((each) => [each.id || each.textContent.trim(), each.getBoundingClientRect()])
            .filter(([, { width, height }]) => width < 44 || height < 43.9)
            .map(([name, { width, height }]) => `${name}: ${width}×${height}`)"""
    )
    assert small == []
    page.close()


def test_only_settled_answers_are_read_out(page: Page) -> None:
    """A screen reader is told of nothing while the pen is down."""
    said = page.locator(".said")
    expect(said).to_have_attribute("aria-live", "polite")
    answer = page.locator(".answer")
    draw(page, SEVEN)
    state(page, "sure")
    expect(answer).to_have_attribute("aria-busy", "false")
    page.mouse.down()
    expect(answer).to_have_attribute("aria-busy", "true")
    page.mouse.up()


def test_colour_is_never_alone(browser: Browser, service: Service) -> None:
    """With colours forced by the system, states are still told in words and the likeliest digit in bold."""
    page = browser.new_page(forced_colors="active")
    page.goto(service.page)
    sure(page)
    expect(page.locator("#message")).to_contain_text("% sure")
    weight = page.evaluate("getComputedStyle(document.querySelector('.likeliest .label')).fontWeight")
    assert int(weight) >= 600
    page.close()


def test_motion_is_reduced_where_that_is_asked_for(browser: Browser, service: Service) -> None:
    """No transition is left."""
    page = browser.new_page(reduced_motion="reduce")
    page.goto(service.page)
    moving = page.evaluate(
        """[...document.querySelectorAll('*')].filter(
            (each) => getComputedStyle(each).transitionDuration !== '0s').length"""
    )
    assert moving == 0
    page.close()


def test_the_first_load_is_light(browser: Browser, service: Service) -> None:
    """Compressed as a web server would, it is below 60 kB; everything but the document comes in one round trip."""
    page = browser.new_page()
    paths: list[str] = []
    page.on("request", lambda request: paths.append(request.url))
    page.goto(service.page, wait_until="networkidle")
    own = [url.removeprefix(service.page).lstrip("/") or "index.html" for url in paths if url.startswith(service.page)]
    sizes = {name: len(gzip.compress((WEB / name).read_bytes(), 6)) for name in own}
    assert sum(sizes.values()) < FIRST_LOAD_LIMIT, sizes
    document = (WEB / "index.html").read_text()
    assert [name for name in own if name != "index.html" and f'"{name}"' not in document] == []
    page.close()


@pytest.mark.parametrize("path", sorted(WEB.glob("*.js")), ids=lambda path: path.name)
def test_no_module_reaches_elsewhere(path: Path) -> None:
    """No address of another host in the page's own code."""
    assert re.findall(r"https?://(?!www\.w3\.org/2000/svg|127\.0\.0\.1)[^\s'\"`]+", path.read_text()) == []
