"""A real Chromium, and pages in it that may not complain."""

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.programs import find_chromium
from tests.service import Service

FLAGS = ["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-sync"]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The Chromium that `make test` found or installed."""
    path = find_chromium()
    if path is None:
        pytest.fail("these tests need Chromium; `python -m tests.programs` installs one")
    flags = [*FLAGS, "--no-sandbox"] if os.geteuid() == 0 else FLAGS  # Chromium's sandbox refuses root
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=flags)
        yield chromium
        chromium.close()


def watch(page: Page) -> list[str]:
    """Collect whatever the page complains of: exceptions, and errors in the console."""
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    return complaints


@pytest.fixture
def page(browser: Browser, service: Service) -> Iterator[Page]:
    """The page, loaded and empty; nothing may have gone wrong in it by the end of the test."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    complaints = watch(page)
    page.goto(service.page)
    yield page
    page.close()
    assert complaints == []
