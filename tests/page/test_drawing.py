"""The pad: strokes at any speed, by mouse, finger and pen; undo and redo; zoom and resizing."""

import json
from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.page.conftest import watch
from tests.page.pen import SETTLED, SEVEN, digit, draw, ink, on_screen, paste, state, strokes_of, touch
from tests.service import Service


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


def test_redo_does_again_what_was_undone(page: Page) -> None:
    """By button, Ctrl+Y and Ctrl+Shift+Z; and undo brings back what was cleared."""
    expect(page.locator("#redo")).to_be_disabled()
    draw(page, SEVEN)
    digit(page, "7")
    before = ink(page)
    redos: list[Callable[[], None]] = [
        page.locator("#redo").click,
        lambda: page.keyboard.press("Control+y"),
        lambda: page.keyboard.press("Control+Shift+Z"),
    ]
    for redo in redos:
        page.keyboard.press("Control+z")
        state(page, "empty")
        redo()
        digit(page, "7")
        assert ink(page) == before
    expect(page.locator("#redo")).to_be_disabled()
    page.locator("#clear").click()
    state(page, "empty")
    page.locator("#undo").click()
    digit(page, "7")


def test_every_point_of_a_fast_stroke_is_kept(page: Page) -> None:
    """A browser delivers one event a frame with the others coalesced in it; none of the points is lost."""
    page.evaluate(
        """() => document.querySelector('#pad').addEventListener('pointerdown', ({ pointerId, clientX, clientY }) => {
            const at = (step) => ({ pointerId, clientX: clientX + step, clientY: clientY + (step % 7) });
            const coalescedEvents = Array.from({ length: 60 }, (_, i) => new PointerEvent('pointermove', at(i + 1)));
            const event = new PointerEvent('pointermove', { ...at(60), coalescedEvents });
            setTimeout(() => document.querySelector('#pad').dispatchEvent(event));
        })"""
    )
    page.mouse.move(*on_screen(page, 0.3, 0.5))
    page.mouse.down()
    page.wait_for_timeout(100)
    page.mouse.up()
    state(page, SETTLED)
    (stroke,) = strokes_of(page)
    assert len(stroke) == 61


def test_a_stroke_of_two_distant_points_is_one_line(page: Page) -> None:
    """Drawn at once, with nothing reported in between."""
    draw(page, [[(0.5, 0.15), (0.5, 0.85)]], steps=1)
    digit(page, "1")
    middle = page.evaluate(
        """() => {
            const pad = document.querySelector('#pad');
            return pad.getContext('2d').getImageData(pad.width / 2, pad.height / 2, 1, 1).data[3];
        }"""
    )
    assert middle == 255


def test_500_strokes_are_drawn_answered_and_undone(page: Page) -> None:
    """The page stays quick: a stroke on top of 500 shows within a moment, and is answered."""
    places = [(0.3 + 0.4 * (i % 25) / 25, 0.2 + 0.6 * (i // 25) / 20) for i in range(500)]
    paste(page, json.dumps({"strokes": [[[x, y], [x, 0.3]] for x, y in places]}))
    state(page, SETTLED)
    assert len(strokes_of(page)) == 500
    longest = page.evaluate(
        """() => new Promise((resolve) => {
            let [last, longest] = [performance.now(), 0];
            const frame = (now) => {
                [last, longest] = [now, Math.max(longest, now - last)];
                if (window.stopped) resolve(longest); else requestAnimationFrame(frame);
            };
            requestAnimationFrame(frame);
            setTimeout(() => { window.stopped = true; }, 1500);
        })"""
    )
    assert longest < 1000
    draw(page, [[(0.1, 0.9), (0.9, 0.9)]])
    state(page, SETTLED)
    assert len(strokes_of(page)) == 501
    page.keyboard.press("Control+z")
    state(page, SETTLED)
    assert len(strokes_of(page)) == 500


def test_a_second_finger_draws_nothing(browser: Browser, service: Service) -> None:
    """One finger goes on with its stroke while another rests on the pad."""
    context = browser.new_context(viewport={"width": 390, "height": 800}, has_touch=True, is_mobile=True)
    page = context.new_page()
    complaints = watch(page)
    page.goto(service.page)
    session = context.new_cdp_session(page)

    def fingers(kind: str, *places: tuple[float, float]) -> None:
        points = [
            dict(zip("xy", on_screen(page, *place), strict=True), id=number) for number, place in enumerate(places)
        ]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    fingers("touchStart", (0.5, 0.2))
    fingers("touchMove", (0.5, 0.4))
    fingers("touchStart", (0.5, 0.4), (0.8, 0.9))
    fingers("touchMove", (0.5, 0.6), (0.2, 0.9))
    fingers("touchMove", (0.5, 0.8), (0.3, 0.9))
    fingers("touchEnd")
    digit(page, "1")
    (stroke,) = strokes_of(page)
    assert all(abs(x - 0.5) < 0.01 for x, _ in stroke)
    context.close()
    assert complaints == []


def test_a_palm_gives_way_to_its_pen(browser: Browser, service: Service) -> None:
    """A hand that comes down first leaves no ink once the pen is there, and none while it rests beside it."""
    context = browser.new_context(viewport={"width": 900, "height": 900}, has_touch=True)
    page = context.new_page()
    complaints = watch(page)
    page.goto(service.page)
    session = context.new_cdp_session(page)

    def palm(kind: str, *places: tuple[float, float]) -> None:
        points = [dict(zip("xy", on_screen(page, *place), strict=True), radiusX=15, radiusY=15) for place in places]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    def pen(kind: str, x: float, y: float) -> None:
        left, top = on_screen(page, x, y)
        event = {"type": kind, "x": left, "y": top, "button": "left", "clickCount": 1, "pointerType": "pen"}
        session.send("Input.dispatchMouseEvent", event)

    palm("touchStart", (0.7, 0.8))
    palm("touchMove", (0.75, 0.85))
    pen("mousePressed", 0.5, 0.2)
    for y in (0.35, 0.5, 0.65, 0.8):
        pen("mouseMoved", 0.5, y)
    palm("touchMove", (0.8, 0.9))
    pen("mouseReleased", 0.5, 0.8)
    palm("touchEnd")
    digit(page, "1")
    (stroke,) = strokes_of(page)
    assert all(abs(x - 0.5) < 0.01 for x, _ in stroke)
    palm("touchStart", (0.2, 0.2))  # the hand that holds the pen comes down again at once
    palm("touchMove", (0.3, 0.3))
    palm("touchEnd")
    assert len(strokes_of(page)) == 1
    context.close()
    assert complaints == []


def test_a_touch_as_wide_as_a_palm_draws_nothing(browser: Browser, service: Service) -> None:
    """A fingertip is a good deal narrower."""
    context = browser.new_context(viewport={"width": 900, "height": 900}, has_touch=True)
    page = context.new_page()
    page.goto(service.page)
    session = context.new_cdp_session(page)
    x, y = on_screen(page, 0.5, 0.5)
    for radius, strokes in ((60, 0), (12, 1)):
        points = [{"x": x, "y": y, "radiusX": radius, "radiusY": radius}]
        session.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": points})
        session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
        assert len(strokes_of(page)) == strokes
    context.close()


def test_a_window_resized_in_the_middle_of_a_stroke_goes_on_with_it(page: Page) -> None:
    """What was drawn keeps its place on the pad, and the ink goes on to where the pointer is."""
    page.mouse.move(*on_screen(page, 0.5, 0.2))
    page.mouse.down()
    page.mouse.move(*on_screen(page, 0.5, 0.5), steps=5)
    page.set_viewport_size({"width": 800, "height": 900})
    page.wait_for_timeout(100)
    page.mouse.move(*on_screen(page, 0.4, 0.8))
    page.mouse.up()
    state(page, SETTLED)
    (stroke,) = strokes_of(page)
    assert all(abs(x - 0.5) < 0.01 for x, _ in stroke[:6])
    assert stroke[-1] == pytest.approx([0.4, 0.8], abs=0.01)


@pytest.mark.parametrize("scale", [1, 1.5, 3])
def test_the_canvas_has_the_screens_own_pixels(browser: Browser, service: Service, scale: float) -> None:
    """At any density and zoom ink is sharp, and is where the pointer was."""
    page = browser.new_page(viewport={"width": 700, "height": 900}, device_scale_factor=scale)
    page.goto(service.page)
    draw(page, [[(0.25, 0.25), (0.75, 0.75)]])
    state(page, SETTLED)
    pixels = page.evaluate(
        "() => { const { width, clientWidth } = document.querySelector('#pad'); return width / clientWidth; }"
    )
    assert abs(pixels - scale) < 0.02
    ((first, *_, last),) = strokes_of(page)
    assert abs(first[0] - 0.25) < 0.01
    assert abs(last[0] - 0.75) < 0.01
    page.close()


def test_what_is_copied_can_be_pasted(page: Page) -> None:
    """As text that the server takes; any other text changes nothing."""
    draw(page, SEVEN)
    digit(page, "7")
    copied = strokes_of(page)
    page.keyboard.press("Escape")
    paste(page, "seven")
    state(page, "empty")
    paste(page, json.dumps({"strokes": copied}))
    digit(page, "7")
    assert strokes_of(page) == copied
