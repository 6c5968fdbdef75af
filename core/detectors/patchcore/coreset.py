"""Greedy k-centre selection of a memory bank (Roth et al., arXiv:2106.08265, section 3.2), made quick on a CPU.

The textbook loop picks one row, then updates the distance of every row to it: one pass over memory for each pick. Here
a pick is a block: the rows farthest from the bank are drawn, the greedy rule is played among them alone, and one
matrix product updates all distances for the whole block. A block ends early when its best row has come closer to the
bank than ``LAZINESS`` allows beside the rows outside the block, so that a crowd far away cannot use up a block: every
pick is at least that share as far from the bank, but for rounding, as the pick of the textbook loop in its place.

Selection happens in a low-dimensional random projection; the bank keeps the full vectors.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.detectors.patchcore.lengthened import EXTRA, asked, least, ordered, stored
from core.features.patches import product_precision
from core.progress import Progress

BLOCK = 128  # picks between two updates of all distances
POOL = 4  # candidates for each pick of a block
LAZINESS = 0.9  # of the farthest row's distance: the least that a pick must have
TABLE_ROWS = 3000  # rows of an image up to which all their distances are held at once, 36 MB
ROWS = 16_384  # rows of one matrix product: bounds memory, fits the cache
HELD = 256  # held rows of one


def thin_each(rows: Tensor, count: int) -> Tensor:
    """Indices (b, count) of a greedy k-centre selection within each of b images (b, n, d).

    With few rows it is the textbook loop over a table of all distances, in NumPy and for several images in step: the
    steps are many and small, and it takes a fraction of torch's time to begin each. Where such a table would be large,
    an image is thinned by blocks.
    """
    b, n, _ = rows.shape
    if count >= n:
        return torch.arange(n).expand(b, n)
    if n > TABLE_ROWS:
        return torch.stack([greedy_k_centre(image, count) for image in rows])
    together = max((TABLE_ROWS // n) ** 2, 1)  # whose tables are no larger than the largest one
    return torch.cat([_thin(part, count) for part in torch.split(rows, together)])


def _thin(rows: Tensor, count: int) -> Tensor:
    rows = rows - rows.mean(1, keepdim=True)
    precision = product_precision()
    table = ordered(asked(rows, precision) @ stored(rows, precision).mT).numpy()
    every, pick = np.arange(len(table)), rows.square().sum(2).argmin(1).numpy()
    lowest = -np.inf if table.dtype.kind == "f" else np.iinfo(table.dtype).min
    nearest, picks = table[every, pick], np.empty((len(table), count), np.int64)
    for step in range(count):
        picks[:, step] = pick
        np.minimum(nearest, table[every, pick], out=nearest)
        nearest[every, pick] = lowest  # never chosen twice, even among exact duplicates
        pick = nearest.argmax(1)
    return torch.from_numpy(picks)


def greedy_k_centre(
    rows: Tensor, count: int, progress: Progress | None = None, held: Tensor | None = None
) -> Tensor:  # fmt: skip
    """Indices (count,) of rows (n, d) float32 that cover all of them well, in order of selection; beside rows that are
    ``held`` (m, d) already, where there are any.

    Deterministic: the first centre is the row farthest from what is held, or nearest to the mean where nothing is.
    Asking for as many rows as there are gives them all.
    """
    if count >= len(rows):
        return torch.arange(len(rows))
    cover = _Cover(rows)
    if held is None or not len(held):
        chosen = [cover.middlemost()]
    else:
        for part in torch.split(held, HELD):
            cover.approach(part)
        chosen = [cover.nearest.argmax().view(1)]
    cover.take(chosen[0])
    picked = 1
    while picked < count:
        block = cover.farthest(min(BLOCK, count - picked))
        cover.take(block)
        chosen.append(block)
        picked += len(block)
        if progress is not None:
            progress.report(picked, count, "Choosing the memory bank")
    return torch.cat(chosen)


class _Cover:
    """``nearest`` (n,): the squared distance of each row (n, d) to the nearest centre, -1 for centres themselves.

    Where the processor multiplies bfloat16 matrices these distances are exact to some 0.5 %, a fraction of what the
    random projection changes them by. Counted from the rows' middle, what is rounded is about as large as they are.
    """

    def __init__(self, rows: Tensor) -> None:
        self._rows, self._middle = rows, rows.mean(0)
        self._precision = product_precision()
        # By parts: there are many rows, and what passes on the way to these is several times as large.
        self._coarse = torch.empty(len(rows), rows.shape[1] + EXTRA, dtype=self._precision)
        self._norms = torch.empty(len(rows))
        for start in range(0, len(rows), ROWS):
            part = slice(start, start + ROWS)
            counted = rows[part] - self._middle
            self._coarse[part], self._norms[part] = stored(counted, self._precision), counted.square().sum(1)
        self.nearest = torch.full((len(rows),), torch.inf)

    def middlemost(self) -> Tensor:
        """(1,): the row nearest to the mean of all."""
        return self._norms.argmin().view(1)

    def farthest(self, count: int) -> Tensor:
        """The greedy rule among the rows that lie farthest from the centres now: at most ``count`` picks, at least
        one."""
        far, pool = self.nearest.topk(min(count * POOL, len(self._rows)))
        candidates, norms = self._rows[pool] - self._middle, self._norms[pool]
        pairwise = norms[:, None] + norms - 2 * candidates @ candidates.T
        floor = LAZINESS**2 * float(far[-1])  # no row outside the pool is farther than its last
        return pool[torch.from_numpy(_farthest_first(far.numpy(), pairwise.numpy(), count, floor))]

    def take(self, centres: Tensor) -> None:
        """Make the rows of these numbers (m,) centres."""
        self.approach(self._rows[centres])
        self.nearest[centres] = -1

    def approach(self, points: Tensor) -> None:
        """Make points (m, d) centres."""
        # Always as many columns: products of many shapes would each be prepared, and what is prepared is kept.
        filled = torch.arange(-(-len(points) // BLOCK) * BLOCK) % len(points)
        columns = asked(points[filled] - self._middle, self._precision).T
        for start in range(0, len(self._coarse), ROWS):
            part = slice(start, start + ROWS)
            distance = least(self._coarse[part] @ columns).float().clamp_(min=0)
            torch.minimum(self.nearest[part], distance, out=self.nearest[part])


def _farthest_first(
    nearest: NDArray[np.float32], table: NDArray[np.float32], count: int, floor: float
) -> NDArray[np.int64]:
    """At most ``count`` picks of the farthest row each time.

    ``nearest`` (n,), changed in place, holds squared distances to what is chosen already, ``table`` (n, n) those
    between rows. Ends early where a pick after the first would be nearer than ``floor``.
    """
    picks = np.empty(count, np.int64)
    pick = int(nearest.argmax())
    for step in range(count):
        picks[step] = pick
        np.minimum(nearest, table[pick], out=nearest)
        nearest[pick] = -np.inf  # never chosen twice, even among exact duplicates
        pick = int(nearest.argmax())
        if nearest[pick] < floor:
            return picks[: step + 1]
    return picks
