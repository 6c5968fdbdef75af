"""Greedy k-centre selection of a memory bank (Roth et al., arXiv:2106.08265, section 3.2), made quick on a CPU.

The textbook loop picks one row, then updates the distance of every row to it: one pass over memory for each pick. Here
a pick is a block: the rows farthest from the bank are drawn, the greedy rule is played among them alone, and one
matrix product updates all distances for the whole block. A block ends early when its best row has come closer to the
bank than ``LAZINESS`` allows beside the rows outside the block, so that a crowd far away cannot use up a block: every
pick is at least that share as far from the bank as the pick of the textbook loop in its place.

Selection happens in a low-dimensional random projection; the bank keeps the full vectors.
"""

from __future__ import annotations

import torch
from torch import Tensor

from core.progress import Progress

BLOCK = 64  # picks between two updates of all distances
POOL = 8  # candidates for each pick of a block
LAZINESS = 0.9  # of the farthest row's distance: the least that a pick must have
TABLE_ROWS = 3000  # rows of an image up to which all their distances are held at once, 36 MB
ROWS = 16_384  # rows of one matrix product: bounds memory, fits the cache


def thin_each(rows: Tensor, count: int) -> Tensor:
    """Indices (b, count) of a greedy k-centre selection within each of b images (b, n, d).

    With few rows it is the number of steps that costs, so the images take each step of the textbook loop together,
    from a table of all their distances; where such a table would be large, each image is thinned by blocks.
    """
    b, n, _ = rows.shape
    if count >= n:
        return torch.arange(n).expand(b, n)
    if n > TABLE_ROWS:
        return torch.stack([greedy_k_centre(image, count) for image in rows])
    together = max(1, TABLE_ROWS**2 // n**2)
    return torch.cat([_thin_together(part, count) for part in torch.split(rows, together)])


def _thin_together(rows: Tensor, count: int) -> Tensor:
    norms = rows.square().sum(2)
    table = torch.baddbmm(norms.unsqueeze(1) + norms.unsqueeze(2), rows, rows.transpose(1, 2), alpha=-2)
    pick = (norms - 2 * (rows @ rows.mean(1).unsqueeze(2)).squeeze(2)).argmin(1)
    nearest = torch.full_like(norms, torch.inf)
    picks = torch.empty(len(rows), count, dtype=torch.long)
    every = torch.arange(len(rows))
    for step in range(count):
        picks[:, step] = pick
        nearest = torch.minimum(nearest, table[every, pick])
        nearest[every, pick] = -torch.inf  # never chosen twice, even among exact duplicates
        pick = nearest.argmax(1)
    return picks


def greedy_k_centre(rows: Tensor, count: int, progress: Progress | None = None) -> Tensor:
    """Indices (count,) of rows (n, d) float32 that cover all of them well, in order of selection.

    Deterministic: the first centre is the row nearest to the mean. Asking for as many rows as there are gives them all.
    """
    n = len(rows)
    if count >= n:
        return torch.arange(n)
    norms = rows.square().sum(1)
    start = int((norms - 2 * rows @ rows.mean(0)).argmin())
    chosen = [torch.tensor([start])]
    nearest = torch.full((n,), torch.inf)
    _approach(nearest, rows, norms, chosen[0])
    picked = 1
    while picked < count:
        take = min(BLOCK, count - picked)
        block = _greedy_in_block(rows, norms, nearest, take)
        _approach(nearest, rows, norms, block)
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
    picks: list[int] = []
    for _ in range(take):
        distance, best = far.max(0)
        if picks and float(distance) < floor:
            break
        picks.append(int(best))
        far = torch.minimum(far, pairwise[best])
        far[best] = -1  # a chosen row is never chosen twice, even among exact duplicates
    return pool[picks]


def _approach(nearest: Tensor, rows: Tensor, norms: Tensor, centres: Tensor) -> None:
    """Lower ``nearest`` (n,) in place to the squared distance of each row to the nearest of the new centres."""
    points, half = rows[centres].T.contiguous(), norms[centres]
    for start in range(0, len(rows), ROWS):
        part = slice(start, start + ROWS)
        distance = torch.addmm(half, rows[part], points, alpha=-2).amin(1).add_(norms[part]).clamp_(min=0)
        torch.minimum(nearest[part], distance, out=nearest[part])
    nearest[centres] = -1
