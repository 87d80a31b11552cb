"""Finds the programs that the tests run, and installs what is missing: Chromium, curl for the README, wrk for load.

    python -m tests.programs

Chromium: an installed one first, then Playwright's own build, then Debian's package (as root); the others likewise from
Debian. Says what to install where none of that works; without wrk, the three tests that need it are left out.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def find_chromium() -> Path | None:
    """Return the path of a browser, from CHROMIUM_PATH, the PATH or Playwright's cache."""
    named = os.environ.get("CHROMIUM_PATH")
    if named:
        return Path(named)
    for name in CHROMIUM_NAMES:
        if path := shutil.which(name):
            return Path(path)
    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return Path(path) if Path(path).exists() else None


def install_package(name: str) -> None:
    """Install a Debian package where that is possible; failures are shown."""
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        return
    print(f"==> {name}: from Debian's package", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update"], ["install", "--yes", "--no-install-recommends", name]):
        subprocess.run(["apt-get", "-qq", *command], env=environment, timeout=900, check=False)


def install_chromium() -> None:
    """Try Playwright's download, then Debian's package."""
    print("==> Chromium: not there, so from Playwright", flush=True)
    subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], timeout=600, check=False)
    if find_chromium() is None:
        install_package("chromium")


def main() -> int:
    """Print the versions of what the tests will run; exit status 1 where something is missing for good."""
    if find_chromium() is None:
        install_chromium()
    for name in ("curl", "wrk"):
        if shutil.which(name) is None:
            install_package(name)
    programs = {"chromium": find_chromium(), "curl": shutil.which("curl")}
    for name, path in programs.items():
        if path is None:
            print(
                f"the tests need {name}, and none was found or could be installed; install your system's package "
                f"(Debian: apt-get install {name}){', or name one with CHROMIUM_PATH' if name == 'chromium' else ''}",
                file=sys.stderr,
            )
            return 1
        result = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=60, check=True)
        print(f"==> {result.stdout.splitlines()[0].strip()} ({path})")
    print(f"==> wrk: {shutil.which('wrk') or 'none'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
