"""Who runs: a process is its number together with when it began, since numbers are used again."""

from __future__ import annotations

import os
from functools import cache

import psutil

# Start times are derived from the boot time, which the clock's corrections may move a little.
TOLERANCE_S = 2.0


@cache
def _started(pid: int) -> float:
    return float(psutil.Process(pid).create_time())


def this_process() -> tuple[int, float]:
    """Number and start time (seconds since the epoch) of the calling process."""
    pid = os.getpid()
    return pid, _started(pid)


def is_alive(pid: int, started: float) -> bool:
    """Whether that very process still runs on this machine; one that ended and was not reaped yet does not."""
    try:
        process = psutil.Process(pid)
        same = abs(float(process.create_time()) - started) < TOLERANCE_S
        return same and bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
