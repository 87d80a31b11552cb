"""A client of one connection, for what is no load: a first answer, large bodies, comparing answers."""

import contextlib
import http.client
from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

from .bodies import CONTENT_TYPES, digits, encode
from .load import LoadError


def require_answer(contender: str, url: str, forms: Sequence[str]) -> None:
    """Ask for one digit in each form, and wait until it is answered with status 200.

    Before a load, because wrk takes a redirection for an answer; and between two, because what wrk leaves unanswered at
    its end still waits in the server's queue, would be measured with the next load, and can fill the queue.

    Raises:
        LoadError: one is not answered so.
    """
    with connection(url) as client:
        for form in forms:
            try:
                post(client, url, encode(digits()[0], form), form)
            except (LoadError, OSError, http.client.HTTPException) as error:
                raise LoadError(f"{contender}, one digit as {form}: {error}") from error


@contextlib.contextmanager
def connection(url: str) -> Iterator[http.client.HTTPConnection]:
    """One connection that stays open."""
    client = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
    try:
        yield client
    finally:
        client.close()


def post(client: http.client.HTTPConnection, url: str, body: bytes, form: str) -> bytes:
    """Send one body; returns the answer's.

    Raises:
        LoadError: the status is not 200.
    """
    client.request("POST", urlsplit(url).path, body, {"Content-Type": CONTENT_TYPES[form]})
    response = client.getresponse()
    content = response.read()
    if response.status != 200:
        raise LoadError(f"expected status 200, got {response.status}: {content[:200].decode(errors='replace')}")
    return content
