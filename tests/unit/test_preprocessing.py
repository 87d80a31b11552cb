"""The recipe, in Python; tests/page holds the JavaScript to the same golden cases."""

import io
import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from mnist_model.dataset import load_split
from mnist_model.preprocessing import BOX, CENTRE, PictureError, StrokesError, from_picture, from_strokes
from tests.golden.pixels import PixelCase
from tests.golden.pixels import png as png_of_pixels

GOLDEN = Path(__file__).parent.parent / "golden"
STROKES = json.loads((GOLDEN / "strokes.json").read_text())
PIXELS = json.loads((GOLDEN / "pixels.json").read_text())
PICTURES = json.loads((GOLDEN / "pictures.json").read_text())
SEVEN = [[10.0, 12.5], [40.0, 11.0], [41.5, 13.0], [22.0, 60.0]]


def box(image: NDArray[np.uint8]) -> tuple[int, int]:
    rows, columns = np.flatnonzero(image.any(axis=1)), np.flatnonzero(image.any(axis=0))
    return int(rows[-1] - rows[0] + 1), int(columns[-1] - columns[0] + 1)


def centre_of_mass(image: NDArray[np.uint8]) -> tuple[float, float]:
    index, total = np.arange(28), image.sum(dtype=np.float64)
    return float((image.sum(axis=1) * index).sum() / total), float((image.sum(axis=0) * index).sum() / total)


def difference(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> float:
    """Mean difference of two images, of 255, at the best whole shift of at most a pixel.

    A centre of mass near the middle between two pixels may be rounded either way.
    """
    shifted = (np.roll(other.astype(int), (y, x), (0, 1)) for y in (-1, 0, 1) for x in (-1, 0, 1))
    return min(float(np.abs(one - each).mean()) for each in shifted)


def png(levels: NDArray[np.uint8], kind: str = "PNG") -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(levels).save(buffer, kind)
    return buffer.getvalue()


@pytest.mark.parametrize("case", STROKES, ids=[case["name"] for case in STROKES])
def test_strokes_match_the_golden_cases(case: dict[str, object]) -> None:
    """Byte for byte, as in JavaScript."""
    assert from_strokes(case["strokes"]).tobytes().hex() == case["image"]  # type: ignore[arg-type]


@pytest.mark.parametrize("case", PIXELS, ids=[case["name"] for case in PIXELS])
def test_pixels_match_the_golden_cases(case: PixelCase) -> None:
    """Byte for byte, as in JavaScript."""
    assert from_picture(png_of_pixels(case)).tobytes().hex() == case["image"]


@pytest.mark.parametrize("name", PICTURES)
def test_pictures_match_the_golden_cases(name: str) -> None:
    """A JPEG decoder may differ by a level or two from one platform to the next, so this allows as much."""
    expected = np.frombuffer(bytes.fromhex(PICTURES[name]), np.uint8).reshape(28, 28)
    assert np.abs(from_picture((GOLDEN / name).read_bytes()).astype(int) - expected).max() <= 3


def test_size_place_and_unit_do_not_matter() -> None:
    """The same 7 anywhere is the same image."""
    image = from_strokes([SEVEN])
    moved = from_strokes([[[x * 8 + 1000, y * 8 - 3000] for x, y in SEVEN]])
    assert np.array_equal(image, moved)


def test_ink_fills_20_pixels_around_the_centre_of_mass() -> None:
    """As in MNIST."""
    image = from_strokes([SEVEN])
    assert max(box(image)) in (BOX, BOX + 1)  # 20 px of ink may touch 21 pixels
    assert all(CENTRE - 0.5 <= mean < CENTRE + 0.5 for mean in centre_of_mass(image))


def test_a_line_is_as_wide_however_large_it_was_drawn() -> None:
    """2.4 px: the ink of an upright line is 2.4 times its length and its round ends."""
    image = from_strokes([[[0, 0], [0, 1000]]]) / 255
    assert image.sum() == pytest.approx(2.4 * 17.6 + np.pi * 1.2**2, rel=0.02)


def test_a_tap_is_a_round_dot() -> None:
    """2.4 px across, in the middle."""
    image = from_strokes([[[5, 5]]]) / 255
    assert image.sum() == pytest.approx(np.pi * 1.2**2, rel=0.05)
    assert box(image) in [(3, 3), (4, 4)]  # type: ignore[arg-type]


def test_no_strokes_are_no_ink() -> None:
    """Nothing, and strokes without a point."""
    assert not from_strokes([]).any()
    assert not from_strokes([[], []]).any()


@pytest.mark.parametrize("invert", [False, True])
def test_mnist_digits_survive_as_pictures(sample: Path, invert: bool) -> None:
    """They are in the recipe's frame already: as PNG of either polarity they come back nearly as they were."""
    images = load_split(sample, "test", verify=False).images.numpy()[:200]
    differences = [difference(from_picture(png(255 - image if invert else image)), image) for image in images]
    assert np.mean(differences) < 4  # of 255; the ink's full level is stretched to 255


def test_polarity_does_not_matter() -> None:
    """Dark on light and light on dark are the same digit."""
    dark = np.asarray(Image.open(GOLDEN / "dark-on-light.png"))
    assert np.abs(from_picture(png(dark)).astype(int) - from_picture(png(255 - dark))).max() <= 1


def test_exif_orientation_is_obeyed() -> None:
    """A photograph that was stored sideways."""
    upright, turned = (from_picture((GOLDEN / name).read_bytes()) for name in ("photo.jpg", "turned-by-exif.jpg"))
    assert difference(upright, turned) < 5


def test_damaged_exif_does_not_matter() -> None:
    """A tag of the wrong type beside the orientation: the picture itself is whole."""
    exif = Image.Exif()
    exif[0x0112], exif[0x013B] = 6, "an artist"
    sideways = Image.open(GOLDEN / "dark-on-light.png").transpose(Image.Transpose.ROTATE_90)
    buffer = io.BytesIO()
    sideways.save(buffer, "JPEG", quality=90, exif=exif)
    # The artist's tag becomes that of the white point, which should be two fractions.
    content = buffer.getvalue().replace(b"\x01\x3b", b"\x01\x3e", 1).replace(b"\x3b\x01", b"\x3e\x01", 1)
    assert content != buffer.getvalue()
    upright = from_picture((GOLDEN / "photo.jpg").read_bytes())
    assert difference(from_picture(content), upright) < 5


def test_transparent_pictures_get_paper_their_ink_stands_out_from() -> None:
    """Black ink on nothing and white ink on nothing."""
    black = Image.open(GOLDEN / "transparent.png").convert("LA")
    levels = np.asarray(black).copy()
    levels[..., 0] = 255
    white = io.BytesIO()
    Image.fromarray(levels, "LA").save(white, "PNG")
    images = [from_picture((GOLDEN / "transparent.png").read_bytes()), from_picture(white.getvalue())]
    assert images[0].any()
    assert np.abs(images[0].astype(int) - images[1]).max() <= 1


def test_noise_on_the_paper_is_not_ink() -> None:
    """Grain over the whole picture does not stretch the box around the digit."""
    clean = np.asarray(Image.open(GOLDEN / "dark-on-light.png")).astype(int)
    noisy = np.clip(clean + np.random.default_rng(1).normal(0, 8, clean.shape), 0, 255).astype(np.uint8)
    assert difference(from_picture(png(noisy)), from_picture(png(clean.astype(np.uint8)))) < 5


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "CMYK", "I;16"])
def test_every_mode_of_a_picture_is_read(mode: str) -> None:
    """Bilevel, palette, colour, print colours, 16 bit: the same digit."""
    grey = Image.open(GOLDEN / "dark-on-light.png")
    picture = Image.fromarray(np.asarray(grey).astype(np.uint16) * 257) if mode == "I;16" else grey.convert(mode)
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG" if mode == "CMYK" else "PNG")
    assert difference(from_picture(buffer.getvalue()), from_picture(png(np.asarray(grey)))) < 5


def test_a_blank_picture_has_no_ink() -> None:
    """Paper alone, with the faint grain that every photograph has."""
    grain = np.random.default_rng(1).integers(200, 210, (300, 300)).astype(np.uint8)
    assert not from_picture(png(grain)).any()


def test_long_thin_pictures_keep_their_proportion() -> None:
    """A line a thousand times as long as wide is one pixel wide, not none."""
    levels = np.full((2100, 30), 255, np.uint8)
    levels[50:2050, 14:16] = 0
    image = from_picture(png(levels))
    assert box(image)[0] in (BOX, BOX + 1)
    assert box(image)[1] == 1


@pytest.mark.parametrize("content", [b"", b"hello", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", b"\xff\xd8\xff\xe0\0\x10JFIF"])
def test_what_is_no_picture_is_refused(content: bytes) -> None:
    """The message says what was expected and what the bytes were."""
    with pytest.raises(PictureError, match="expected a whole PNG or JPEG picture, got") as error:
        from_picture(content)
    assert "object at" not in str(error.value)


@pytest.mark.parametrize("name", ["dark-on-light.png", "photo.jpg"])
def test_a_picture_cut_anywhere_is_refused_or_read(name: str) -> None:
    """No cut makes anything but a PictureError; half a file is always refused."""
    content = (GOLDEN / name).read_bytes()
    with pytest.raises(PictureError):
        from_picture(content[: len(content) // 2])
    for length in range(0, len(content), 23):
        try:
            from_picture(content[:length])
        except PictureError:
            continue


def test_a_small_file_that_claims_to_be_huge_is_refused() -> None:
    """Before its pixels are unpacked."""
    with pytest.raises(PictureError, match="at most 20,000,000 pixels, got 5000×5000"):
        from_picture(png(np.zeros((5000, 5000), np.uint8)))


def test_a_photograph_of_many_megapixels_is_read() -> None:
    """JPEG is decoded at a fraction of its size."""
    grey = Image.open(GOLDEN / "dark-on-light.png")
    large = png(np.asarray(grey.resize((6000, 7800))), "JPEG")
    assert difference(from_picture(large), from_picture(png(np.asarray(grey.resize((1000, 1300)))))) < 1


def test_a_scribble_that_would_take_seconds_is_refused() -> None:
    """By the area that its segments cover; 100 lines across are drawn, in a moment."""
    zigzag = [[float(i % 2), float(i % 2)] for i in range(10_000)]
    assert from_strokes([zigzag[:100]]).any()
    with pytest.raises(StrokesError, match="at most about 127 lines across it, got"):
        from_strokes([zigzag])
