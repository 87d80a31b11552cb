"""Numbers of several digits on the wide pad."""

import json
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from mnist_model.archive import ROOT
from tests.page.conftest import watch
from tests.page.pen import FOUR, ONE, SEVEN, Stroke, digit, draw, ink, paste, state, strokes_of
from tests.service import Service

ZERO: list[Stroke] = [
    [(0.5, 0.2), (0.35, 0.3), (0.3, 0.5), (0.36, 0.7), (0.5, 0.8), (0.64, 0.7), (0.7, 0.5), (0.63, 0.3), (0.5, 0.2)]
]


@pytest.fixture
def wide(browser: Browser, service: Service) -> Iterator[Page]:
    """The page for numbers; nothing may have gone wrong in it by the end of the test."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    complaints = watch(page)
    page.goto(f"{service.page}/?number")
    yield page
    page.close()
    assert complaints == []


def beside(*digits: list[Stroke]) -> list[Stroke]:
    """Digits drawn in a unit square each -> side by side, in shares of the wide pad."""
    width = 1 / max(4, len(digits))
    return [[(width * (place + x), y) for x, y in stroke] for place, each in enumerate(digits) for stroke in each]


def test_a_number_is_read_while_it_is_drawn(wide: Page) -> None:
    """Digit by digit; each has a bar, and the whole is sure."""
    state(wide, "empty")
    expect(wide.locator("#message")).to_contain_text("such as 2026")
    digits = [SEVEN, ZERO, FOUR, ONE]
    for count, expected in enumerate(["7", "70", "704", "7041"], 1):
        wide.locator("#clear").click()
        draw(wide, beside(*digits[:count]))
        digit(wide, expected)
    state(wide, "sure")
    expect(wide.locator("#bars .label")).to_have_text(["7", "0", "4", "1"])
    expect(wide.locator("#message")).to_have_text(re.compile(r"% sure$"))


def test_undo_and_clear_work_on_numbers(wide: Page) -> None:
    """A digit's last stroke goes with undo."""
    draw(wide, beside(ONE, SEVEN))
    digit(wide, "17")
    wide.keyboard.press("Control+z")
    digit(wide, "1")
    wide.keyboard.press("Control+y")
    digit(wide, "17")
    wide.keyboard.press("Escape")
    state(wide, "empty")
    assert ink(wide) == 0


def test_samples_make_up_a_number_by_keyboard(wide: Page) -> None:
    """Each joins on the right, until there is no more room, which is said."""
    wide.locator("#pad").focus()
    for key in "2026":
        wide.keyboard.press(key)
    digit(wide, "2026")
    state(wide, "sure")
    for key in "1234567890":
        wide.keyboard.press(key)
    expect(wide.locator("#notice")).to_contain_text("no room for another digit")
    expect(wide.locator("#digit")).to_have_text(re.compile("^2026"))
    assert all(0 <= x <= 1 and 0 <= y <= 0.34 for stroke in strokes_of(wide) for x, y in stroke)


def test_the_server_reads_the_same_number(wide: Page, service: Service) -> None:
    """The strokes as they are copied, with `"number": true`."""
    draw(wide, beside(FOUR, ZERO, SEVEN))
    digit(wide, "407")
    body = json.dumps({"strokes": strokes_of(wide), "number": True}).encode()
    answer = service.post(body, "application/json").json()
    assert answer["number"] == "407"
    assert [each["digit"] for each in answer["digits"]] == [4, 0, 7]
    assert sorted(index for each in answer["digits"] for index in each["strokes"]) == list(range(len(strokes_of(wide))))


def test_numbers_are_read_in_the_browser_too(browser: Browser, service: Service) -> None:
    """`?number&mode=browser`."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    complaints = watch(page)
    page.goto(f"{service.page}/?number&mode=browser")
    draw(page, beside(SEVEN, ONE))
    digit(page, "71")
    page.close()
    assert complaints == []


def test_more_strokes_than_a_number_has_are_told(wide: Page) -> None:
    """In words, and undo heals it."""
    strokes = [[[0.02 + i * 0.02, 0.1], [0.02 + i * 0.02, 0.2]] for i in range(41)]
    paste(wide, json.dumps({"strokes": strokes}))
    state(wide, "error")
    expect(wide.locator("#message")).to_contain_text("That has 41 strokes; a number may have 40.")
    wide.keyboard.press("Control+z")
    state(wide, "empty")


def test_a_number_in_the_history_is_corrected_by_typing(wide: Page) -> None:
    """And saved with the correction."""
    draw(wide, beside(ONE, SEVEN))
    digit(wide, "17")
    wide.locator("#history > summary").click()
    field = wide.get_by_label("What the drawing read as 17 was")
    field.fill("11")
    field.blur()
    with wide.expect_download() as download:
        wide.locator("#export").click()
    (entry,) = json.loads(download.value.path().read_text())
    assert (entry["label"], entry["number"], entry["read"]) == (None, "11", "17")


@pytest.mark.parametrize("width", [320, 768, 1280])
def test_a_long_number_stays_within_its_place(browser: Browser, service: Service, width: int) -> None:
    """Ten digits run into nothing beside them."""
    answer = {"digit": 8, "confidence": 0.99, "is_digit": True, "probabilities": [0.001] * 8 + [0.991, 0.001]}

    def fulfil(route: Route) -> None:
        count = len(route.request.post_data_buffer or b"") // 784
        content = answer if count == 1 else {"predictions": [answer] * count}
        route.fulfill(json=content, headers={"Access-Control-Allow-Origin": "*"})

    page = browser.new_page(viewport={"width": width, "height": 900})
    page.goto(f"{service.page}/?number")
    page.route("**/predictions/mnist", fulfil)
    paste(page, json.dumps({"strokes": [[[0.05 + i * 0.09, 0.1], [0.05 + i * 0.09, 0.2]] for i in range(10)]}))
    digit(page, "8888888888")
    fits = page.evaluate(
        """() => {
            const place = document.querySelector('.answer').getBoundingClientRect();
            const digits = document.createRange();
            digits.selectNodeContents(document.querySelector('#digit'));
            const { left, right } = digits.getBoundingClientRect();
            return left >= place.left - 1 && right <= place.right + 1;
        }"""
    )
    assert fits
    page.close()


def test_a_picture_is_refused_on_the_wide_pad(wide: Page) -> None:
    """Pictures are read as one digit."""
    with wide.expect_file_chooser() as chooser:
        wide.locator("#picture").click()
    chooser.value.set_files(ROOT / "docs" / "seven.png")
    expect(wide.locator("#notice")).to_contain_text("this pad is for numbers")
    state(wide, "empty")


def test_why_is_told_of_each_digit(wide: Page) -> None:
    """All of them in one question."""
    draw(wide, beside(SEVEN, ONE))
    digit(wide, "71")
    wide.locator("#why").click()
    expect(wide.locator("#reasons")).to_have_text(re.compile("It is read as 7.*It is read as 1"))
    expect(wide.locator("#heat")).to_be_visible()
