"""The reader of pen drawings."""

import gzip
import json
from pathlib import Path

import numpy as np
import pytest

from mnist_model.drawings import DrawingsError, load_drawings
from mnist_model.idx import IdxError
from mnist_model.preprocessing import from_strokes

Strokes = list[list[list[float]]]
SEVEN: Strokes = [[[10, 12], [40, 11], [22, 60]]]
PLUS: Strokes = [[[0, 5], [10, 5]], [[5, 0.5], [5, 9.5]]]


def write(path: Path, content: object) -> Path:
    text = json.dumps(content).encode()
    path.write_bytes(gzip.compress(text) if path.suffix == ".gz" else text)
    return path


@pytest.mark.parametrize("name", ["mine.json", "mine.json.gz"])
def test_drawings_go_through_the_recipe(tmp_path: Path, name: str) -> None:
    """Images, labels and names in the file's order; a name may be missing, and further keys are left alone."""
    entries = [{"label": 7, "strokes": SEVEN, "writer": 3}, {"label": -1, "strokes": PLUS, "name": "+"}]
    drawings = load_drawings(write(tmp_path / name, entries))
    assert drawings.images.dtype == np.uint8
    assert np.array_equal(drawings.images, [from_strokes(SEVEN), from_strokes(PLUS)])
    assert drawings.labels.tolist() == [7, -1]
    assert drawings.kinds == ("", "+")


def test_drawings_of_which_nobody_has_said_anything_are_left_out(tmp_path: Path) -> None:
    """As the page saves them, with a label that is null; a file of nothing else is refused."""
    path = tmp_path / "drawings.json"
    unlabelled = {"label": None, "strokes": [[[0, 0], [1, 1]]], "read": "1"}
    path.write_text(json.dumps([unlabelled, {**unlabelled, "label": 7}, unlabelled]))
    assert load_drawings(path).labels.tolist() == [7]
    path.write_text(json.dumps([unlabelled]))
    with pytest.raises(DrawingsError, match="expected a drawing with a label, got 1 whose label is null"):
        load_drawings(path)


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        (7, "expected an object with label and strokes, got 7"),
        ({}, "expected an object with label and strokes, got an object of 0"),
        ({"strokes": SEVEN}, "got the keys 'strokes'"),
        ({"label": 10, "strokes": SEVEN}, "expected a label from 0 to 9, or -1 for no digit, got 10"),
        ({"label": "7", "strokes": SEVEN}, 'got "7"'),
        ({"label": True, "strokes": SEVEN}, "got true"),
        ({"label": 7, "strokes": SEVEN, "name": 3}, "expected a name in quotes, got 3"),
        ({"label": 7, "strokes": {}}, "expected strokes as lists of [x, y] points, numbers within ±1e+09, got an obj"),
        ({"label": 7, "strokes": [7]}, "got 7 as stroke 0"),
        ({"label": 7, "strokes": [[[1, 2], [3]]]}, "got [3] as point 1 of stroke 0"),
        ({"label": 7, "strokes": [[], [[1, "2"]]]}, 'got [1, "2"] as point 0 of stroke 1'),
        ({"label": 7, "strokes": [[[1, float("nan")]]]}, "got [1, NaN] as point 0 of stroke 0"),
        ({"label": 7, "strokes": [[[float("-inf"), 1]]]}, "got [-Infinity, 1] as point 0 of stroke 0"),
        ({"label": 7, "strokes": [[[1e300, 1]]]}, "got [1e+300, 1] as point 0 of stroke 0"),
        ({"label": 7, "strokes": []}, "got none that has a point"),
        ({"label": 7, "strokes": [[]]}, "got none that has a point"),
        ({"label": 7, "strokes": [[[0, 0], [9, 9]] * 2000]}, "expected a drawing of at most about 127 lines across it"),
    ],
)
def test_a_wrong_entry_is_named(tmp_path: Path, entry: object, message: str) -> None:
    """The file, the entry's place, what was expected, what was found, and what to do."""
    path = write(tmp_path / "mine.json", [{"label": 7, "strokes": SEVEN}, entry])
    with pytest.raises(DrawingsError) as error:
        load_drawings(path)
    assert str(error.value).startswith(f"{path}, drawing 1: expected ")
    assert message in str(error.value)
    assert str(error.value).endswith("; get the file again, or leave it out")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "expected JSON, whole, got a damaged or truncated file"),
        (json.dumps([{"label": 7, "strokes": SEVEN}]).encode()[:-5], "got a damaged or truncated file"),
        (b"\xff\xfe[]", "got a damaged or truncated file"),
        (b"[" * 100_000, "got a damaged or truncated file"),
        (b"[" + b"1" * 5000 + b"]", "got a damaged or truncated file"),
        (b"[]", "expected a list of at least one drawing, got an array of 0"),
        (b'{"label": 7}', "expected a list of at least one drawing, got an object of 1"),
        (b"null", "got null"),
    ],
)
def test_a_damaged_file_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    """In one line, whatever the bytes are."""
    path = tmp_path / "mine.json"
    path.write_bytes(content)
    with pytest.raises(DrawingsError) as error:
        load_drawings(path)
    assert str(error.value).startswith(f"{path}: expected ")
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_a_truncated_gzip_file_is_refused(tmp_path: Path) -> None:
    """What to do is about this file, not about MNIST."""
    path = write(tmp_path / "mine.json.gz", [{"label": 7, "strokes": SEVEN}])
    path.write_bytes(path.read_bytes()[:-12])
    with pytest.raises(IdxError, match=r"expected a whole gzip file, got a damaged one .* get the file again"):
        load_drawings(path)
