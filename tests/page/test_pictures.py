"""Pictures in a real Chromium: decoded there, brought into MNIST's frame there, held to the recipe in Python."""

import base64
import io
import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Error, Page

from mnist_model.preprocessing import from_picture

GOLDEN = Path(__file__).parent.parent / "golden"
PICTURES = json.loads((GOLDEN / "pictures.json").read_text())
SVG = b"<svg xmlns='http://www.w3.org/2000/svg' width='90' height='90'><path d='M20 20h50L40 80'/></svg>"
READ = """async (content) => {
    const { readPicture } = await import('/load-picture.js');
    const { imageFromPicture } = await import('/picture.js');
    const bytes = Uint8Array.from(atob(content), (character) => character.charCodeAt(0));
    const picture = await readPicture(new Blob([bytes]));
    return { width: picture.width, height: picture.height, image: [...imageFromPicture(picture)] };
}"""


def read(page: Page, content: bytes) -> tuple[tuple[int, int], NDArray[np.int64]]:
    """The (width, height) that a file is decoded to in the page, and its image (28, 28)."""
    answer = page.evaluate(READ, base64.b64encode(content).decode())
    return (answer["width"], answer["height"]), np.array(answer["image"]).reshape(28, 28)


def encode(picture: Image.Image, kind: str) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind)
    return buffer.getvalue()


@pytest.mark.parametrize("name", PICTURES)
def test_the_page_makes_of_a_picture_what_the_server_makes(page: Page, name: str) -> None:
    """PNG to within a level; JPEG to within 3, since decoders may differ (with Chromium 150 all are equal)."""
    expected = np.frombuffer(bytes.fromhex(PICTURES[name]), np.uint8).reshape(28, 28)
    _, image = read(page, (GOLDEN / name).read_bytes())
    assert np.abs(image - expected).max() <= (1 if name.endswith(".png") else 3)


@pytest.mark.parametrize("kind", ["WEBP", "GIF", "BMP"])
def test_other_kinds_of_picture_are_read(page: Page, kind: str) -> None:
    """WebP loses some detail, GIF and BMP none; the image is within 3 levels (with Chromium 150, within 1)."""
    grey = Image.open(GOLDEN / "dark-on-light.png")
    _, image = read(page, encode(grey, kind))
    assert np.abs(image - from_picture(encode(grey, "PNG"))).max() <= 3


def test_a_large_picture_is_scaled_down(page: Page) -> None:
    """To 2,000 px on its longer side; the image stays what the server makes of the whole picture."""
    large = Image.open(GOLDEN / "dark-on-light.png").resize((2700, 3510), Image.Resampling.BICUBIC)
    size, image = read(page, encode(large, "PNG"))
    assert size == (1538, 2000)
    assert np.abs(image - from_picture(encode(large, "PNG"))).mean() < 1


@pytest.mark.parametrize(
    "content", [b"", b"hello", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", SVG], ids=["", "text", "cut", "SVG"]
)
def test_what_is_no_picture_is_refused_in_plain_words(page: Page, content: bytes) -> None:
    """Nothing, text, a picture cut short, and an SVG drawing, which is not made of pixels."""
    with pytest.raises(Error, match="That file is no picture that this browser can read"):
        read(page, content)


def test_a_file_that_is_too_large_is_refused(page: Page) -> None:
    """Before it is decoded."""
    with pytest.raises(Error, match="That file has 21 MB; a picture may have 20 MB"):
        page.evaluate("import('/load-picture.js').then((it) => it.readPicture(new Blob([new Uint8Array(20_000_001)])))")


def test_the_first_picture_of_a_paste_or_a_drop_is_taken(page: Page) -> None:
    """Text and other files beside it are not; no picture is none."""
    chosen = page.evaluate(
        """async () => {
            const { pictureIn } = await import('/load-picture.js');
            const transfer = new DataTransfer();
            const names = [pictureIn(null), pictureIn(transfer)];
            transfer.items.add('some text', 'text/plain');
            transfer.items.add(new File(['text'], 'a.txt', { type: 'text/plain' }));
            names.push(pictureIn(transfer));
            for (const name of ['b.png', 'c.png']) transfer.items.add(new File([''], name, { type: 'image/png' }));
            return [...names, pictureIn(transfer).name];
        }"""
    )
    assert chosen == [None, None, None, "b.png"]
