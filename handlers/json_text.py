"""JSON as text: answers in few bytes, and values as a message may show them."""

import json


def compact(content: object) -> bytes:
    """Without spaces."""
    return json.dumps(content, separators=(",", ":")).encode()  # ASCII: what is quoted need not be valid Unicode


def name(value: object) -> str:
    """A JSON value as a message may show it: short, in JSON's words."""
    if isinstance(value, list):
        return f"an array of {len(value)}"
    if isinstance(value, dict):
        return "an object"
    return shown(value)


def shown(value: object) -> str:
    """The beginning of a JSON value's text."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 40 else f"{text[:40]}…"
