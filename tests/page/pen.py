"""Drawing on the page as people do, and what it then shows."""

import json
import re
from itertools import pairwise
from typing import Any

import numpy as np
from playwright.sync_api import BrowserContext, Page, expect

Stroke = list[tuple[float, float]]

# Strokes in shares of the pad.
SEVEN: list[Stroke] = [[(0.3, 0.25), (0.5, 0.24), (0.7, 0.25), (0.55, 0.5), (0.42, 0.8)]]
ONE: list[Stroke] = [[(0.5, 0.2), (0.5, 0.5), (0.5, 0.8)]]
FOUR: list[Stroke] = [[(0.4, 0.2), (0.3, 0.5), (0.65, 0.5)], [(0.58, 0.25), (0.56, 0.5), (0.55, 0.85)]]
SETTLED = re.compile("sure|unsure|not-a-digit")
API = re.compile("/(predictions|explanations)/")


def on_screen(page: Page, x: float, y: float) -> tuple[float, float]:
    """A place of the pad, in shares of its width and height -> in pixels of the window."""
    box = page.locator("#pad").bounding_box()
    assert box is not None
    return box["x"] + x * box["width"], box["y"] + y * box["height"]


def draw(page: Page, strokes: list[Stroke], steps: int = 8) -> None:
    """Draw with the mouse, lifting it after each stroke."""
    for stroke in strokes:
        for number, (x, y) in enumerate(stroke):
            page.mouse.move(*on_screen(page, x, y), steps=steps if number else 1)
            if number == 0:
                page.mouse.down()
        page.mouse.up()


def touch(context: BrowserContext, page: Page, points: Stroke) -> None:
    """Draw one stroke with a finger, through the browser's own input pipeline."""
    session = context.new_cdp_session(page)

    def send(kind: str, where: Stroke) -> None:
        at = [dict(zip("xy", on_screen(page, *point), strict=True)) for point in where]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": at})

    send("touchStart", points[:1])
    for start, end in pairwise(points):
        for share in np.linspace(0, 1, 9)[1:].tolist():
            send("touchMove", [(start[0] + (end[0] - start[0]) * share, start[1] + (end[1] - start[1]) * share)])
    send("touchEnd", [])


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


def strokes_of(page: Page) -> list[list[list[float]]]:
    """The strokes on the pad in shares of its width, as the page copies them to the clipboard."""
    text = page.evaluate(
        """() => {
            const event = new ClipboardEvent('copy', { clipboardData: new DataTransfer(), cancelable: true });
            document.dispatchEvent(event);
            return event.clipboardData.getData('text/plain');
        }"""
    )
    strokes: list[list[list[float]]] = json.loads(text or '{"strokes": []}')["strokes"]
    return strokes


def paste(page: Page, text: str) -> None:
    """Paste a text, as Ctrl+V does."""
    page.evaluate(
        """(text) => {
            const clipboardData = new DataTransfer();
            clipboardData.setData('text/plain', text);
            document.dispatchEvent(new ClipboardEvent('paste', { clipboardData }));
        }""",
        text,
    )


def answer_with(page: Page, content: Any, status: int = 200) -> None:
    """Let the server's answers to predictions be these; a string is sent as it stands."""
    headers = {"Access-Control-Allow-Origin": "*", "Content-Type": "application/json"}
    body = content if isinstance(content, str) else json.dumps(content)
    page.route(re.compile("/predictions/"), lambda route: route.fulfill(status=status, body=body, headers=headers))
