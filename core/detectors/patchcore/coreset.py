"""Greedy k-centre selection of a memory bank (Roth et al., arXiv:2106.08265, section 3.2), made quick on a CPU.

The textbook loop picks one row, then updates the distance of every row to it: one pass over memory for each pick. Here
a pick is a block: the rows farthest from the bank are drawn, the greedy rule is played among them alone, and one
matrix product updates all distances for the whole block. Selection happens in a low-dimensional random projection;
the bank keeps the full vectors.
"""

from __future__ import annotations

import torch
from torch import Tensor

from core.progress import Progress

BLOCK = 64  # picks between two updates of all distances
POOL = 8  # candidates for each pick of a block
ROWS = 16_384  # rows of one matrix product: bounds memory, fits the cache


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
        picked += take
        if progress is not None:
            progress.report(picked, count, "Choosing the memory bank")
    return torch.cat(chosen)


def _greedy_in_block(rows: Tensor, norms: Tensor, nearest: Tensor, take: int) -> Tensor:
    """The greedy rule among the rows that lie farthest from the bank now."""
    far, pool = nearest.topk(min(take * POOL, len(rows)))
    candidates = rows[pool]
    pairwise = norms[pool, None] + norms[pool] - 2 * candidates @ candidates.T
    far = far.clone()
    picks = torch.empty(take, dtype=torch.long)
    for i in range(take):
        best = int(far.argmax())
        picks[i] = best
        torch.minimum(far, pairwise[best], out=far)
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
