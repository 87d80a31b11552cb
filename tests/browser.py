"""Finds the Chromium that the page is tested in, and installs one where there is none.

    python -m tests.browser

An installed one first, then Playwright's own build, then Debian's package (as root). Prints its path.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def find_chromium() -> Path | None:
    """Return the path of a browser, from CHROMIUM_PATH, the PATH or Playwright's cache."""
    named = os.environ.get("CHROMIUM_PATH")
    if named:
        return Path(named)
    for name in NAMES:
        if path := shutil.which(name):
            return Path(path)
    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return Path(path) if Path(path).exists() else None


def install_chromium() -> None:
    """Try Playwright's download, then apt; failures are shown, and `find_chromium` tells whether one worked."""
    print("==> Chromium: not there, so from Playwright", flush=True)
    subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], timeout=600, check=False)
    if find_chromium() is None and shutil.which("apt-get") and os.geteuid() == 0:
        print("==> Chromium: from Debian's package", flush=True)
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for command in (["update"], ["install", "--yes", "--no-install-recommends", "chromium"]):
            subprocess.run(["apt-get", "--quiet", "--quiet", *command], env=environment, timeout=900, check=False)


def main() -> int:
    """Print the path of a browser that starts."""
    if find_chromium() is None:
        install_chromium()
    path = find_chromium()
    if path is None:
        print(
            "the page's tests need Chromium, and none was found or could be installed; install your system's package "
            "(Debian: apt-get install chromium), or name one with CHROMIUM_PATH",
            file=sys.stderr,
        )
        return 1
    version = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=60, check=True).stdout
    print(f"==> {version.strip()} ({path})")
    return 0


if __name__ == "__main__":
    sys.exit(main())
