"""Drawings by pen from a file, as the page's own drawings reach the recogniser: through the recipe.

A file is JSON, plain or .gz: `[{"label": 7, "strokes": [[[x, y], ...], ...]}, ...]`, y pointing down, in any unit. The
label -1 stands for what is no digit; an optional "name" then says what it is. Where the label is null nobody has said,
and the entry is left out: so are the page's own drawings saved.
"""

import json
from pathlib import Path
from typing import NamedTuple, NoReturn

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from .errors import MnistError
from .idx import read_bytes
from .preprocessing import StrokesError, from_strokes

NO_DIGIT = -1
MAX_COORDINATE = 1e9  # any unit that a person draws in is far below; far above, float arithmetic loses the shape
REMEDY = "get the file again, or leave it out"


class DrawingsError(MnistError):
    """A file that does not hold drawings, or not whole."""


class Drawings(NamedTuple):
    """Drawings in MNIST's frame.

    Attributes:
        images: (N, 28, 28) uint8, ink bright on 0.
        labels: (N,) int64: 0-9, or -1 for no digit.
        kinds: N names of what was drawn; empty where the file has none.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    kinds: tuple[str, ...]


def load_drawings(path: str | Path) -> Drawings:
    """Read a file of drawings and draw each anew; shows a progress bar on a terminal.

    Raises:
        OSError: there is no such file.
        IdxError: the compressed file is damaged or cut short.
        DrawingsError: the file is damaged, or an entry is no drawing; the message names the entry.
    """
    path = Path(path)
    entries = _load_json(path)
    if all(map(_is_unlabelled, entries)):
        raise DrawingsError(
            f"{path}: expected a drawing with a label, got {len(entries)} whose label is null; add labels"
        )
    images, labels, kinds = [], [], []
    for index, entry in enumerate(tqdm(entries, desc=f"drawing {path.name}", unit="", disable=None, leave=False)):
        if _is_unlabelled(entry):
            continue
        try:
            label, strokes, kind = _parse(entry)
            images.append(from_strokes(strokes))
        except (DrawingsError, StrokesError) as error:
            raise DrawingsError(f"{path}, drawing {index}: {error}; {REMEDY}") from error
        labels.append(label)
        kinds.append(kind)
    return Drawings(np.stack(images), np.array(labels, np.int64), tuple(kinds))


def _load_json(path: Path) -> list[object]:
    try:
        entries = json.loads(read_bytes(path, REMEDY))
    except (ValueError, RecursionError) as error:  # not JSON, not UTF-8, a number of thousands of digits
        raise DrawingsError(
            f"{path}: expected JSON, whole, got a damaged or truncated file ({error}); {REMEDY}"
        ) from error
    if not isinstance(entries, list) or not entries:
        raise DrawingsError(f"{path}: expected a list of at least one drawing, got {_name(entries)}; {REMEDY}")
    return entries


def _parse(entry: object) -> tuple[int, list[list[list[float]]], str]:
    """One entry's label, strokes and name."""
    if not isinstance(entry, dict) or not {"label", "strokes"} <= entry.keys():
        keys = f"the keys {', '.join(map(repr, entry))}" if isinstance(entry, dict) and entry else _name(entry)
        raise DrawingsError(f"expected an object with label and strokes, got {keys}")
    label, strokes, kind = entry["label"], entry["strokes"], entry.get("name", "")
    if type(label) is not int or not NO_DIGIT <= label <= 9:
        raise DrawingsError(f"expected a label from 0 to 9, or {NO_DIGIT} for no digit, got {_name(label)}")
    if not isinstance(kind, str):
        raise DrawingsError(f"expected a name in quotes, got {_name(kind)}")
    expected = f"expected strokes as lists of [x, y] points, numbers within ±{MAX_COORDINATE:.0e}"

    def refuse(found: str) -> NoReturn:
        raise DrawingsError(f"{expected}, got {found}")

    if not isinstance(strokes, list):
        refuse(_name(strokes))
    for number, stroke in enumerate(strokes):
        if not isinstance(stroke, list):
            refuse(f"{_name(stroke)} as stroke {number}")
        for place, point in enumerate(stroke):
            if not _is_point(point):
                refuse(f"{json.dumps(point)[:40]} as point {place} of stroke {number}")
    if not any(strokes):
        refuse("none that has a point")
    return label, strokes, kind


def _is_unlabelled(entry: object) -> bool:
    return isinstance(entry, dict) and "label" in entry and entry["label"] is None


def _is_point(value: object) -> bool:
    return (
        isinstance(value, list)
        and len(value) == 2
        and all(type(number) in (int, float) and abs(number) <= MAX_COORDINATE for number in value)  # NaN is not
    )


def _name(value: object) -> str:
    """A JSON value as a message may show it."""
    if isinstance(value, list | dict):
        return f"{'an array' if isinstance(value, list) else 'an object'} of {len(value)}"
    return json.dumps(value)[:40]
