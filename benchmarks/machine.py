"""What machine, and which versions, a measurement was made with."""

import datetime
import os
import platform
import re
import shutil
import subprocess
from importlib import metadata
from pathlib import Path

from serve.java import java_home

LIBRARIES = ("torchserve", "torch", "onnxruntime", "numpy", "psutil")


def describe() -> dict[str, str]:
    """Processor, cores, kernel, versions and the date, each as text."""
    home = java_home()
    described = {
        "date": datetime.datetime.now(datetime.timezone.utc).date().isoformat(),
        "processor": processor(),
        "cores": str(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()),
        "system": f"{platform.system()} {platform.release()}",
        "Python": platform.python_version(),
        "Java": version(f"{home}/bin/java" if home else "java", "-version"),
        "Node": version("node", "--version"),
        "wrk": version("wrk", "--version"),
    }
    for name in LIBRARIES:
        try:
            described[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            described[name] = "none"
    return described


def processor() -> str:
    """The processor's own name for itself."""
    cpuinfo = Path("/proc/cpuinfo")  # on Linux platform.processor() says little or nothing
    lines = cpuinfo.read_text().splitlines() if cpuinfo.is_file() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def version(program: str, option: str) -> str:
    """Return the first thing like a version that a program says of itself; "none" where it is not there."""
    path = shutil.which(program)
    if path is None:
        return "none"
    result = subprocess.run([path, option], capture_output=True, text=True, check=False, timeout=30)
    found = re.search(r"\d+(\.\d+)+", result.stdout + result.stderr)
    return found[0] if found else "of no told version"
