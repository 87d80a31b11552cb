"""Drawings that are put on the pad: samples, and pictures that are chosen, pasted or dropped."""

import base64
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from mnist_model.archive import ROOT
from tests.page.pen import ONE, SETTLED, digit, draw, ink, state

GOLDEN = ROOT / "tests" / "golden"
SEVEN = ROOT / "docs" / "seven.png"

# Fires an event that carries a file, as the browser does when one is pasted or dropped.
CARRY = """([kind, name, type, content]) => {
    const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
    const transfer = new DataTransfer();
    transfer.items.add(new File([bytes], name, { type }));
    const carried = kind === 'paste' ? { clipboardData: transfer } : { dataTransfer: transfer };
    const Kind = kind === 'paste' ? ClipboardEvent : DragEvent;
    const event = new Kind(kind, { ...carried, cancelable: true });
    document.dispatchEvent(event);
    return event.defaultPrevented;
}"""


def carry(page: Page, kind: str, path: Path, media_type: str) -> None:
    """Paste or drop a file."""
    content = base64.b64encode(path.read_bytes()).decode()
    prevented = page.evaluate(CARRY, [kind, path.name, media_type, content])
    assert prevented or kind == "paste"  # else the browser would leave the page for what was dropped


@pytest.mark.parametrize("number", range(10))
def test_each_sample_is_read_as_its_digit(page: Page, number: int) -> None:
    """By its button, several times in other hands; and by its key on the pad."""
    button = page.get_by_role("button", name=f"Sample of {number}")
    for _ in range(3):
        button.click()
        digit(page, str(number))
        state(page, "sure")
    page.locator("#clear").click()
    page.locator("#pad").focus()
    page.keyboard.press(str(number))
    digit(page, str(number))


def test_samples_can_be_chosen_by_keyboard_alone(page: Page) -> None:
    """Tab reaches them, Enter puts one there, Ctrl+Z takes it back."""
    page.locator("#picture").focus()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Sample of 0")).to_be_focused()
    page.keyboard.press("Enter")
    digit(page, "0")
    page.keyboard.press("Control+z")
    state(page, "empty")


def test_keys_work_on_the_pad_after_drawing_by_mouse(page: Page) -> None:
    """It has the focus, and shows that only to who works by keyboard; no text is selected beside it."""
    draw(page, ONE)
    digit(page, "1")
    expect(page.locator("#pad")).to_be_focused()
    assert page.evaluate("!document.querySelector('#pad').matches(':focus-visible') && getSelection().isCollapsed")
    page.keyboard.press("4")
    digit(page, "4")


def test_digits_typed_elsewhere_put_no_sample_there(page: Page) -> None:
    """Only the pad takes them as keys."""
    page.locator("#clear").focus()
    page.keyboard.press("7")
    page.wait_for_timeout(200)
    state(page, "empty")


def test_a_chosen_picture_is_read(page: Page) -> None:
    """Through the file dialogue; undo takes it back, and drawing begins anew."""
    with page.expect_file_chooser() as chooser:
        page.locator("#picture").click()
    chooser.value.set_files(SEVEN)
    digit(page, "7")
    assert ink(page) > 0
    page.keyboard.press("Control+z")
    state(page, "empty")
    assert ink(page) == 0


@pytest.mark.parametrize("kind", ["paste", "drop"])
def test_a_picture_is_pasted_or_dropped(page: Page, kind: str) -> None:
    """It takes the place of what was drawn."""
    page.get_by_role("button", name="Sample of 1").click()
    digit(page, "1")
    carry(page, kind, SEVEN, "image/png")
    digit(page, "7")
    page.keyboard.press("Control+z")
    digit(page, "1")


def test_the_pixels_of_a_picture_are_the_servers(page: Page) -> None:
    """What the page makes of a picture is what the server would make of the file, to within one level."""
    expected = json.loads((GOLDEN / "pictures.json").read_text())["light-on-dark.png"]
    with page.expect_request("**/predictions/mnist") as request:
        carry(page, "drop", GOLDEN / "light-on-dark.png", "image/png")
    sent = np.frombuffer(request.value.post_data_buffer or b"", np.uint8)
    assert np.abs(sent.astype(int) - np.frombuffer(bytes.fromhex(expected), np.uint8)).max() <= 1
    state(page, SETTLED)


def test_of_several_pictures_the_last_counts(page: Page, tmp_path: Path) -> None:
    """A large one that takes its time does not replace a small one that came after it."""
    large = tmp_path / "large.png"
    with Image.open(SEVEN) as picture:
        picture.convert("L").resize((5000, 5000)).save(large)
    content = [base64.b64encode(path.read_bytes()).decode() for path in (large, GOLDEN / "light-on-dark.png")]
    page.evaluate(f"(files) => files.forEach((content) => ({CARRY})(['drop', 'a.png', 'image/png', content]))", content)
    state(page, SETTLED)
    page.wait_for_timeout(2000)
    expected = json.loads((GOLDEN / "pictures.json").read_text())["light-on-dark.png"]
    page.locator("#sees > summary").click()
    shown = page.evaluate(
        """() => {
            const { data } = document.querySelector('#image').getContext('2d').getImageData(0, 0, 28, 28);
            return Array.from({ length: 784 }, (_, index) => data[4 * index]);
        }"""
    )
    assert np.abs(np.array(shown) - np.frombuffer(bytes.fromhex(expected), np.uint8)).max() <= 1


def test_a_picture_that_would_take_gigabytes_is_refused(page: Page, tmp_path: Path) -> None:
    """A file of some kilobytes can claim that; it is not decoded."""
    bomb = tmp_path / "bomb.png"
    Image.new("1", (12_000, 12_000)).save(bomb)
    carry(page, "drop", bomb, "image/png")
    expect(page.locator("#notice")).to_contain_text("12000×12000 pixels")
    state(page, "empty")


@pytest.mark.parametrize(
    ("name", "media_type", "words"),
    [
        ("strokes.json", "application/json", "That file is no picture"),
        ("make.py", "image/png", "no picture that this browser can read"),
        ("blank.png", "image/png", "shows nothing but paper"),
    ],
)
def test_what_is_no_picture_of_a_digit_is_refused_and_loses_nothing(
    page: Page, name: str, media_type: str, words: str
) -> None:
    """The drawing stays, and the refusal can be closed."""
    page.get_by_role("button", name="Sample of 1").click()
    digit(page, "1")
    before = ink(page)
    carry(page, "drop", GOLDEN / name, media_type)
    expect(page.locator("#notice")).to_contain_text(words)
    digit(page, "1")
    assert ink(page) == before
    page.locator("#dismiss").click()
    expect(page.locator("#notice")).to_be_hidden()
