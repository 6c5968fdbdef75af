"""Greedy k-centre selection of a memory bank (Roth et al., arXiv:2106.08265, section 3.2), made quick on a CPU.

The textbook loop picks one row, then updates the distance of every row to it: one pass over memory for each pick. Here
a pick is a block: the rows farthest from the bank are drawn, the greedy rule is played among them alone, and one
matrix product updates all distances for the whole block. A block ends early when its best row has come closer to the
bank than ``LAZINESS`` allows beside the rows outside the block, so that a crowd far away cannot use up a block: every
pick is at least that share as far from the bank as the pick of the textbook loop in its place.

Selection happens in a low-dimensional random projection; the bank keeps the full vectors.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.progress import Progress

BLOCK = 64  # picks between two updates of all distances
POOL = 8  # candidates for each pick of a block
LAZINESS = 0.9  # of the farthest row's distance: the least that a pick must have
TABLE_ROWS = 3000  # rows of an image up to which all their distances are held at once, 36 MB
ROWS = 16_384  # rows of one matrix product: bounds memory, fits the cache
HELD = 256  # held rows of one


def thin_each(rows: Tensor, count: int) -> Tensor:
    """Indices (b, count) of a greedy k-centre selection within each of b images (b, n, d).

    With few rows it is the textbook loop over a table of all distances, in NumPy: the steps are many and small, and it
    takes a fraction of torch's time to begin each. Where such a table would be large, an image is thinned by blocks.
    """
    b, n, _ = rows.shape
    if count >= n:
        return torch.arange(n).expand(b, n)
    thin = _thin if n <= TABLE_ROWS else greedy_k_centre
    return torch.stack([thin(image, count) for image in rows])


def _thin(rows: Tensor, count: int) -> Tensor:
    norms = rows.square().sum(1, keepdim=True)
    ones = torch.ones_like(norms)
    # All squared distances as one product, (-2r, |r|^2, 1) by (r, 1, |r|^2): no further passes over the table.
    table = (torch.cat([-2 * rows, norms, ones], 1) @ torch.cat([rows, ones, norms], 1).T).numpy()
    start = int((norms.flatten() - 2 * rows @ rows.mean(0)).argmin())
    return torch.from_numpy(_farthest_first(np.full(len(rows), np.inf, np.float32), table, count, 0.0, start))


def _farthest_first(
    nearest: NDArray[np.float32], table: NDArray[np.float32], count: int, floor: float, start: int | None = None
) -> NDArray[np.int64]:
    """At most ``count`` picks of the farthest row each time, the first of them ``start`` where that is given.

    ``nearest`` (n,), changed in place, holds squared distances to what is chosen already, ``table`` (n, n) those
    between rows. Ends early where a pick after the first would be nearer than ``floor``.
    """
    picks = np.empty(count, np.int64)
    pick = int(nearest.argmax()) if start is None else start
    for step in range(count):
        picks[step] = pick
        np.minimum(nearest, table[pick], out=nearest)
        nearest[pick] = -np.inf  # never chosen twice, even among exact duplicates
        pick = int(nearest.argmax())
        if nearest[pick] < floor:
            return picks[: step + 1]
    return picks


def greedy_k_centre(
    rows: Tensor, count: int, progress: Progress | None = None, held: Tensor | None = None
) -> Tensor:  # fmt: skip
    """Indices (count,) of rows (n, d) float32 that cover all of them well, in order of selection; beside rows that are
    ``held`` (m, d) already, where there are any.

    Deterministic: the first centre is the row farthest from what is held, or nearest to the mean where nothing is.
    Asking for as many rows as there are gives them all.
    """
    n = len(rows)
    if count >= n:
        return torch.arange(n)
    norms = rows.square().sum(1)
    nearest = torch.full((n,), torch.inf)
    if held is None or not len(held):
        chosen = [(norms - 2 * rows @ rows.mean(0)).argmin().view(1)]
    else:
        for part in torch.split(held, HELD):
            _approach(nearest, rows, norms, part)
        chosen = [nearest.argmax().view(1)]
    _take(nearest, rows, norms, chosen[0])
    picked = 1
    while picked < count:
        take = min(BLOCK, count - picked)
        block = _greedy_in_block(rows, norms, nearest, take)
        _take(nearest, rows, norms, block)
        chosen.append(block)
        picked += len(block)
        if progress is not None:
            progress.report(picked, count, "Choosing the memory bank")
    return torch.cat(chosen)


def _greedy_in_block(rows: Tensor, norms: Tensor, nearest: Tensor, take: int) -> Tensor:
    """The greedy rule among the rows that lie farthest from the bank now: at most ``take`` picks, at least one."""
    far, pool = nearest.topk(min(take * POOL, len(rows)))
    candidates = rows[pool]
    pairwise = norms[pool, None] + norms[pool] - 2 * candidates @ candidates.T
    floor = LAZINESS**2 * float(far[-1])  # no row outside the pool is farther than its last
    return pool[torch.from_numpy(_farthest_first(far.numpy(), pairwise.numpy(), take, floor))]


def _take(nearest: Tensor, rows: Tensor, norms: Tensor, centres: Tensor) -> None:
    """Make rows centres: ``nearest`` (n,) sinks in place, below all others for those that are chosen."""
    _approach(nearest, rows, norms, rows[centres])
    nearest[centres] = -1


def _approach(nearest: Tensor, rows: Tensor, norms: Tensor, points: Tensor) -> None:
    """Lower ``nearest`` (n,) in place to the squared distance of each row to the nearest of new points (m, d)."""
    columns, lengths = points.T.contiguous(), points.square().sum(1)
    for start in range(0, len(rows), ROWS):
        part = slice(start, start + ROWS)
        distance = torch.addmm(lengths, rows[part], columns, alpha=-2).amin(1).add_(norms[part]).clamp_(min=0)
        torch.minimum(nearest[part], distance, out=nearest[part])
