"""What comes beside the answer: what the model sees, why, and the last drawings."""

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from mnist_model.drawings import load_drawings
from mnist_model.predictor import Predictor
from tests.page.conftest import watch
from tests.page.pen import FOUR, ONE, SETTLED, SEVEN, digit, draw, state, strokes_of
from tests.service import Service

REASONS = re.compile("It is read as 7 most of all for its ink ")


def open_fold(page: Page, name: str) -> None:
    """Unfold a panel by its summary."""
    page.locator(f"#{name} > summary").click()


def test_what_the_model_sees_is_the_image_that_is_sent(page: Page) -> None:
    """Pixel by pixel, enlarged, once it is unfolded."""
    draw(page, SEVEN)
    state(page, "sure")
    with page.expect_request("**/predictions/mnist") as request:
        page.keyboard.press("Control+z")
        page.keyboard.press("Control+y")
    digit(page, "7")
    expect(page.locator("#image")).to_be_hidden()
    open_fold(page, "sees")
    shown = page.evaluate(
        """() => {
            const { data } = document.querySelector('#image').getContext('2d').getImageData(0, 0, 28, 28);
            return Array.from({ length: 784 }, (_, index) => data[4 * index]);
        }"""
    )
    assert bytes(shown) == request.value.post_data_buffer
    box = page.locator("#image").bounding_box()
    assert box is not None
    assert box["width"] >= 200


def test_a_pixels_value_is_told_by_pointer_and_by_arrow_keys(page: Page) -> None:
    """Row, column and value."""
    draw(page, SEVEN)
    digit(page, "7")
    open_fold(page, "sees")
    image = page.locator("#image")
    box = image.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 1, box["y"] + 1)
    expect(page.locator("#pixel")).to_have_text("row 0, column 0: 0 of 255")
    image.focus()
    page.mouse.move(0, 0)
    for key in ("ArrowLeft", "ArrowUp", "ArrowUp"):
        page.keyboard.press(key)
    expect(page.locator("#pixel")).to_have_text(re.compile(r"row \d+, column \d+: \d+ of 255"))
    scrolled = page.evaluate("window.scrollY")
    page.keyboard.press("ArrowDown")
    assert page.evaluate("window.scrollY") == scrolled


def test_why_colours_the_ink_that_decided_and_says_it(page: Page) -> None:
    """Asked of the server's explanations; new ink is explained anew, and off it is gone."""
    expect(page.locator("#why")).to_be_disabled()
    draw(page, SEVEN)
    state(page, "sure")
    with page.expect_response("**/explanations/mnist") as response:
        page.locator("#why").click()
    assert len(response.value.json()["relevance"]) == 784
    expect(page.locator("#reasons")).to_have_text(REASONS)
    expect(page.locator("#heat")).to_be_visible()
    coloured = page.evaluate(
        """() => {
            const heat = document.querySelector('#heat');
            const { data } = heat.getContext('2d').getImageData(0, 0, heat.width, heat.height);
            let coloured = 0;
            for (let i = 0; i < data.length; i += 4) coloured += data[i + 3] && Math.abs(data[i] - data[i + 2]) > 40;
            return coloured;
        }"""
    )
    assert coloured > 100
    with page.expect_response("**/explanations/mnist"):
        draw(page, [[(0.4, 0.5), (0.65, 0.5)]])
    expect(page.locator("#reasons")).to_have_text(REASONS)
    page.locator("#why").click()
    expect(page.locator("#heat")).to_be_hidden()
    expect(page.locator("#reasons")).to_have_text("Shows which ink decided.")


def test_heat_lies_on_the_ink(page: Page) -> None:
    """The coloured line covers the drawn one, and nothing beside it."""
    draw(page, SEVEN)
    state(page, "sure")
    page.locator("#why").click()
    expect(page.locator("#heat")).to_be_visible()
    shares = page.evaluate(
        """() => {
            const [pad, heat] = ['#pad', '#heat'].map((id) => {
                const canvas = document.querySelector(id);
                return canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
            });
            let [both, one] = [0, 0];
            for (let i = 3; i < pad.length; i += 4) {
                both += pad[i] > 128 && heat[i] > 128;
                one += (pad[i] > 128) !== (heat[i] > 128);
            }
            return one / both;
        }"""
    )
    assert shares < 0.05


def test_an_explanation_that_fails_says_so(page: Page) -> None:
    """And the answer stays."""
    draw(page, SEVEN)
    digit(page, "7")
    headers = {"Access-Control-Allow-Origin": "*"}
    body = '{"code": 400, "type": "X", "message": "expected less"}'
    page.route("**/explanations/mnist", lambda route: route.fulfill(status=200, body=body, headers=headers))
    page.locator("#why").click()
    expect(page.locator("#reasons")).to_contain_text("No explanation:")
    digit(page, "7")


def entries(page: Page) -> list[str]:
    """What the history lists."""
    return page.locator("#entries li > span").all_inner_texts()


def test_the_last_drawings_are_listed_with_their_answers(page: Page) -> None:
    """The newest first; more strokes of a drawing do not make another entry; each can be brought back."""
    open_fold(page, "history")
    expect(page.locator("#entries")).to_contain_text("What you draw is listed here")
    for strokes in (SEVEN, FOUR):
        page.locator("#clear").click()
        draw(page, strokes)
        state(page, "sure")
    expect(page.locator("#entries li > span")).to_have_text([re.compile("^4, "), re.compile("^7, ")])
    page.locator("#entries button").nth(1).click()
    digit(page, "7")
    expect(page.locator("#entries li > span")).to_have_text([re.compile("^7, "), re.compile("^4, ")])  # none twice


def test_an_entry_is_corrected_and_saved_as_drawings_that_can_be_evaluated(page: Page, tmp_path: Path) -> None:
    """As in "that was a 5"; `mnist evaluate --drawings` reads those of which something was said."""
    for strokes, name in ((SEVEN, "7"), (FOUR, "4")):
        page.locator("#clear").click()
        draw(page, strokes)
        state(page, "sure")
        digit(page, name)
    open_fold(page, "history")
    page.locator("#entries select").first.select_option("5")
    page.locator("#clear").click()
    draw(page, ONE)
    state(page, "sure")
    with page.expect_download() as download:
        page.locator("#export").click()
    path = tmp_path / download.value.suggested_filename
    download.value.save_as(path)
    saved = [(each["label"], each["read"]) for each in json.loads(path.read_text())]
    assert saved == [(None, "1"), (5, "4"), (None, "7")]
    drawings = load_drawings(path)
    assert drawings.labels.tolist() == [5]
    assert [prediction.digit for prediction in Predictor.load().predict(drawings.images)] == [4]


def test_saved_strokes_are_those_that_the_server_takes(page: Page, service: Service, tmp_path: Path) -> None:
    """The same answer for them, posted as they are."""
    draw(page, SEVEN)
    digit(page, "7")
    open_fold(page, "history")
    with page.expect_download() as download:
        page.locator("#export").click()
    download.value.save_as(tmp_path / "drawings.json")
    (entry,) = json.loads((tmp_path / "drawings.json").read_text())
    response = service.post(json.dumps({"strokes": entry["strokes"]}).encode(), "application/json")
    assert response.json()["digit"] == 7
    assert response.json()["confidence"] == pytest.approx(entry["confidence"], abs=0.02)


def test_a_correction_outlasts_undo_and_redo(page: Page) -> None:
    """The same ink is the same drawing; and Esc in the choice of what it was clears nothing."""
    draw(page, SEVEN)
    state(page, "sure")
    open_fold(page, "history")
    choice = page.locator("#entries select")
    choice.select_option("1")
    choice.press("Escape")
    digit(page, "7")
    page.locator("#pad").focus()
    page.keyboard.press("Control+z")
    state(page, "empty")
    page.keyboard.press("Control+y")
    state(page, "sure")
    expect(choice).to_have_count(1)
    expect(choice).to_have_value("1")


def test_a_drawing_that_is_brought_back_has_the_focus(page: Page) -> None:
    """On the pad, to go on by keyboard."""
    draw(page, SEVEN)
    state(page, "sure")
    open_fold(page, "history")
    page.locator("#entries button").press("Enter")
    expect(page.locator("#pad")).to_be_focused()
    page.keyboard.press("Control+z")
    digit(page, "7")


def test_a_kept_digit_fits_the_wide_pad(browser: Browser, service: Service) -> None:
    """What was drawn on one pad is brought back whole to the other."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.goto(service.page)
    draw(page, SEVEN)
    state(page, "sure")
    open_fold(page, "history")
    page.get_by_label("Keep them on this device").check()
    page.goto(f"{service.page}/?number")
    open_fold(page, "history")
    page.locator("#entries button").click()
    digit(page, "7")
    assert all(0 < x < 1 and 0 < y < 1 / 3 for stroke in strokes_of(page) for x, y in stroke)
    context.close()


def test_heat_follows_the_size_and_the_colours_of_the_page(page: Page) -> None:
    """Without another question to the server."""
    draw(page, SEVEN)
    state(page, "sure")
    page.locator("#why").click()
    expect(page.locator("#heat")).to_be_visible()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    colour = """() => {
        const heat = document.querySelector('#heat');
        const { data } = heat.getContext('2d').getImageData(0, 0, heat.width, heat.height);
        const [sum, count] = [[0, 0, 0], { inked: 0 }];
        for (let i = 0; i < data.length; i += 4) {
            if (data[i + 3] < 255) continue;
            count.inked += 1;
            for (const j of [0, 1, 2]) sum[j] += data[i + j];
        }
        return [heat.width, ...sum.map((value) => Math.round(value / count.inked))];
    }"""
    light = page.evaluate(colour)
    page.emulate_media(color_scheme="dark")
    page.set_viewport_size({"width": 1000, "height": 900})
    page.wait_for_timeout(300)
    dark = page.evaluate(colour)
    assert dark[0] < light[0]
    assert dark[1:] != light[1:]
    assert [url for url in asked if "explanations" in url] == []


def test_nothing_is_stored_until_it_is_kept(browser: Browser, service: Service) -> None:
    """No cookie, no storage; kept, the drawings are there on the next visit; forgotten, they are gone."""
    context = browser.new_context()
    page = context.new_page()
    complaints = watch(page)
    page.goto(service.page)
    draw(page, SEVEN)
    digit(page, "7")
    assert context.cookies() == []
    assert page.evaluate("Object.keys(localStorage)") == []
    open_fold(page, "history")
    page.get_by_label("Keep them on this device").check()
    page.reload()
    open_fold(page, "history")
    expect(page.get_by_label("Keep them on this device")).to_be_checked()
    assert entries(page)[0].startswith("7")
    page.once("dialog", lambda dialog: dialog.dismiss())
    page.locator("#forget").click()
    assert len(entries(page)) == 1
    page.once("dialog", lambda dialog: dialog.accept())
    page.locator("#forget").click()
    expect(page.locator("#keep")).to_be_focused()
    assert entries(page) == []
    page.reload()
    open_fold(page, "history")
    assert entries(page) == []
    context.close()
    assert complaints == []


def test_a_page_that_may_store_nothing_still_works(browser: Browser, service: Service) -> None:
    """As with storage forbidden in the browser's settings."""
    page = browser.new_page()
    complaints = watch(page)
    page.add_init_script(
        """Object.defineProperty(window, 'localStorage', {
            get() { throw new DOMException('denied', 'SecurityError'); },
        });"""
    )
    page.goto(service.page)
    draw(page, SEVEN)
    state(page, SETTLED)
    digit(page, "7")
    page.close()
    assert complaints == []
