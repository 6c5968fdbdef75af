"""Work on a sequence of things by several threads at once, results in order.

Cores that share a batch of small images wait for each other at every layer of a network; cores with a batch each do
not. torch releases Python's lock while it computes, and so do Pillow and OpenCV.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

import torch

MOST = 4  # threads: each holds a batch and what a network makes of it
_shared: list[int] = []  # torch's threads that each sequence under way shares out

T = TypeVar("T")
Made = TypeVar("Made")


def in_order(work: Callable[[T], Made], things: Iterable[T], threads: int = MOST) -> Iterator[Made]:
    """``work`` of each of the things, in their order, in at most so many ``threads``; one thing more is under way than
    there are threads. torch's own threads, as many as the caller has, are shared out among them."""
    # What a thread sets counts for all that come later, too: for a caller that begins while others are under way, and,
    # unless it is set back once no thread of ours can begin any more, for good.
    together = max([*_shared, torch.get_num_threads()])
    threads = min(threads, together)
    coming: deque[Future[Made]] = deque()
    _shared.append(together)
    try:
        with ThreadPoolExecutor(threads, initializer=lambda: torch.set_num_threads(together // threads)) as pool:
            try:
                for thing in things:
                    coming.append(pool.submit(work, thing))
                    if len(coming) > threads:
                        yield coming.popleft().result()
                while coming:
                    yield coming.popleft().result()
            finally:
                for one in coming:
                    one.cancel()
    finally:
        torch.set_num_threads(together)
        _shared.remove(together)
