"""How a process that computes should treat its memory."""

from __future__ import annotations

import ctypes
import sys

_TRIM_THRESHOLD, _TOP_PAD, _MMAP_MAX = -1, -2, -4  # malloc.h


def keep_large_blocks() -> None:
    """Let glibc keep large freed blocks for the next use.

    By default it gives each activation of a network back to the system and takes it again, zeroed page by page: a
    good part of a convolution's time. Does nothing where the C library is another.
    """
    if sys.platform != "linux":
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return
    for parameter, value in ((_MMAP_MAX, 0), (_TRIM_THRESHOLD, 1 << 30), (_TOP_PAD, 64 << 20)):
        mallopt(parameter, value)
