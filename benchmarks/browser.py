"""Measures predicting in the browser, without a server: `make bench-browser`, or `python -m benchmarks.browser`.

It serves the page on a port of its own, and in a real Chromium, each time a new one, loads the runtime and the network
(over loopback, the server's first compression done) and asks about one digit after another.
"""

import os
import statistics

from playwright.sync_api import Browser, sync_playwright

from mnist_model.archive import ROOT
from mnist_model.dataset import load_split
from mnist_model.shipped import SHIPPED_MODEL
from serve.page import PageServer
from serve.ports import Ports, free_ports
from tests.programs import find_chromium

RUNS = 3
REQUESTS = 200  # of one digit each
MEASURE = """async (rows) => {
    const { Browser } = await import('/browser.js');
    const predictor = new Browser({ onProgress() {} });
    const { signal } = new AbortController();
    const started = performance.now();
    await predictor.load();
    const load = performance.now() - started;
    const waits = [];
    for (const row of rows) {
        const image = Uint8Array.from(row);
        const asked = performance.now();
        await predictor.predict([image], signal);
        waits.push(performance.now() - asked);
    }
    return { load, waits };
}"""


def measure(browser: Browser, address: str, rows: list[list[int]]) -> tuple[float, list[float]]:
    """In a browser that has nothing yet: milliseconds until all was loaded, and those of each answer."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(address)
    result = page.evaluate(MEASURE, rows)
    context.close()
    return result["load"], result["waits"]


def main() -> None:
    """Print the table."""
    path = find_chromium()
    if path is None:
        raise SystemExit("benchmarks.browser needs Chromium; `python -m tests.programs` installs one")
    images = load_split(ROOT / "tests" / "data", "test", verify=False).images
    rows = images[:REQUESTS].reshape(-1, 784).tolist()
    ports = Ports(*free_ports(4))
    flags = ["--no-sandbox"] if os.geteuid() == 0 else []  # Chromium's sandbox refuses root
    with PageServer(ports, SHIPPED_MODEL), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=flags)
        measure(browser, ports.url("page"), rows)  # the server compresses once
        runs = [measure(browser, ports.url("page"), rows) for _ in range(RUNS)]
        print(f"Chromium {browser.version}, {os.cpu_count()} cores, {RUNS} runs of n={REQUESTS}; medians of the runs")
        browser.close()
    print(f"load, over loopback    {statistics.median(load for load, _ in runs):6.0f} ms")
    for name, percent in (("median", 50), ("99 %", 99)):
        values = [statistics.quantiles(waits, n=100)[percent - 1] for _, waits in runs]
        print(f"one digit, {name:11} {statistics.median(values):6.1f} ms ({min(values):.1f}-{max(values):.1f})")


if __name__ == "__main__":
    main()
