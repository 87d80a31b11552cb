"""What a server's processes use: those below the top one too, by what each is."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from benchmarks.usage import One, cpu_seconds, rss_mb, snapshot

SPIN = "import sys, time\nwhile time.process_time() < 0.2: pass\nprint('spun', flush=True); sys.stdin.read()"


@contextmanager
def parent_and_worker(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that waits for another, which is called what TorchServe's workers are and spins for 0.2 s."""
    worker = folder / "model_service_worker.py"
    worker.write_text(SPIN)
    code = f"import subprocess, sys; subprocess.run([sys.executable, {str(worker)!r}])"
    command = [sys.executable, "-c", code]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield process
        process.communicate()  # closes stdin, which ends both


def test_processes_below_count_by_kind(tmp_path: Path) -> None:
    """The worker's CPU time and memory are the worker's, and those of what started it are not."""
    with parent_and_worker(tmp_path) as process:
        before = snapshot(psutil.Process(process.pid))
        assert process.stdout is not None
        assert process.stdout.readline() == "spun\n"
        after = snapshot(psutil.Process(process.pid))
    spent = cpu_seconds(before, after)
    assert 0.1 < spent["worker"] < 0.5
    assert spent["java"] == 0
    assert {each.kind for each in after.values()} == {"worker", "other"}
    memory = rss_mb(after)
    assert 3 < memory["worker"] < 100
    assert 3 < memory["other"] < 100


def test_a_process_that_starts_meanwhile_counts_whole() -> None:
    """One that was there before counts from then on; another with the same id later is another."""
    before = {(1, 10.0): One("java", 5.0, 100), (2, 10.0): One("worker", 7.0, 100)}
    after = {(1, 10.0): One("java", 6.5, 100), (2, 20.0): One("worker", 0.25, 100), (3, 20.0): One("other", 2.0, 50)}
    assert cpu_seconds(before, after) == {"java": 1.5, "worker": 0.25, "other": 2.0}


def test_memory_is_summed_or_of_the_largest() -> None:
    """Of all workers together, or of the one that has most."""
    workers = {(1, 1.0): One("worker", 0, 300_000_000), (2, 1.0): One("worker", 0, 200_000_000)}
    assert rss_mb(workers) == {"java": 0, "worker": 500, "other": 0}
    assert rss_mb(workers, max)["worker"] == 300
