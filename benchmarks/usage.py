"""What a server's processes use: CPU time and memory, by what each process is."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil

WORKER = "model_service_worker.py"  # the program that TorchServe starts for each of its workers
KINDS = ("java", "worker", "other")


@dataclass(frozen=True)
class One:
    """One process at one moment."""

    kind: str
    cpu_seconds: float  # user and system
    rss_bytes: int


Snapshot = dict[tuple[int, float], One]  # by process id and time of creation, which together never come twice


def snapshot(top: psutil.Process) -> Snapshot:
    """Every process of a server: the top one and all below it."""
    found: Snapshot = {}
    for process in (top, *top.children(recursive=True)):
        try:
            with process.oneshot():
                times = process.cpu_times()
                key = (process.pid, process.create_time())
                found[key] = One(kind(process), times.user + times.system, process.memory_info().rss)
        except (psutil.NoSuchProcess, psutil.ZombieProcess):  # it ended meanwhile
            continue
    return found


def kind(process: psutil.Process) -> str:
    """Return what a process is: TorchServe's "java" or "worker"; everything else is "other"."""
    if process.name() == "java":
        return "java"
    return "worker" if any(Path(part).name == WORKER for part in process.cmdline()) else "other"


def cpu_seconds(before: Snapshot, after: Snapshot) -> dict[str, float]:
    """CPU time spent between two snapshots, by kind; what a process used that ended between them is not seen."""
    spent = dict.fromkeys(KINDS, 0.0)
    for key, process in after.items():
        spent[process.kind] += process.cpu_seconds - (before[key].cpu_seconds if key in before else 0.0)
    return spent


def rss_mb(processes: Snapshot, combine: Callable[[list[int]], int] = sum) -> dict[str, float]:
    """Resident memory in MB (10⁶ bytes) by kind, of all its processes together, or what `combine` makes of them."""
    by_kind: dict[str, list[int]] = {each: [0] for each in KINDS}
    for process in processes.values():
        by_kind[process.kind].append(process.rss_bytes)
    return {each: combine(values) / 1e6 for each, values in by_kind.items()}
