"""Nearest rows of a memory bank: one matrix product a chunk of queries, with the norms already known.

Trees are useless at these dimensions and approximate indices cost accuracy; see core/detectors/patchcore/README.md.
"""

from __future__ import annotations

import torch
from torch import Tensor

from core.features.patches import has_fast_bfloat16

QUERIES = 256  # rows searched at once: their distances to the bank fit the cache
GROUP = 16  # bank rows of a group in the shortlist


class MemoryBank:
    """Rows (m, d) float32 to compare with; ``owners`` (m,) is the training image that each came from.

    With ``cosine`` the rows and queries have length 1 and the distance is 1 - cos; else it is Euclidean.
    """

    def __init__(self, rows: Tensor, owners: Tensor, cosine: bool) -> None:
        self.rows, self.owners, self.cosine = rows, owners, cosine
        self._columns = rows.T.contiguous()
        self._norms = rows.square().sum(1)
        self._shortlist = _Shortlist(rows, self._norms) if has_fast_bfloat16() else None

    @torch.inference_mode()
    def distance(self, queries: Tensor, neighbours: int, without: int | None = None) -> Tensor:
        """Mean distance (n,) of queries (n, d) to their nearest rows, those of image ``without`` left out."""
        norms = self._norms
        if without is not None:
            norms = norms.masked_fill(self.owners == without, torch.inf)
        found = []
        for part in torch.split(queries, QUERIES):
            offset = part.square().sum(1, keepdim=True)
            if neighbours == 1 and without is None and self._shortlist is not None:
                nearest = self._shortlist.nearest(part, offset)
            else:
                squared = torch.addmm(norms, part, self._columns, alpha=-2)  # |m|^2 - 2 q.m
                if neighbours == 1:
                    nearest = squared.amin(1, keepdim=True)
                else:
                    nearest = squared.topk(min(neighbours, len(self.rows)), 1, largest=False).values
            squared = (nearest + offset).clamp_(min=0)
            found.append((squared / 2 if self.cosine else squared.sqrt()).mean(1))
        return torch.cat(found)


class _Shortlist:
    """The nearest group of rows by bfloat16 products, then the nearest row of that group in float32.

    The squared distance is one product: q becomes (-2q, 1, 1, |q|^2 in two parts), a row (m, |m|^2 in two parts, 1, 1).
    It is accumulated in float32 and rounded once, to 0.4 % of itself, so that the group found holds the nearest row or
    one as near to within that; the distance returned is that of a row, exact.
    """

    def __init__(self, rows: Tensor, norms: Tensor) -> None:
        groups = -(-len(rows) // GROUP)
        filled = torch.arange(groups * GROUP) % len(rows)  # the last group is filled up with rows again
        rows, norms = rows[filled], norms[filled]
        high, low = _halves(norms.unsqueeze(1))
        one = torch.ones_like(high)
        self._columns = torch.cat([rows.bfloat16(), high, low, one, one], 1).T.contiguous()
        self._groups = rows.view(GROUP, groups, -1).transpose(0, 1).contiguous()
        self._norms = norms.view(GROUP, groups).T.unsqueeze(2).contiguous()

    def nearest(self, queries: Tensor, offset: Tensor) -> Tensor:
        """|m|^2 - 2 q.m (n, 1) of the nearest row m; ``offset`` (n, 1) is |q|^2."""
        high, low = _halves(offset)
        one = torch.ones_like(high)
        squared = torch.cat([(-2 * queries).bfloat16(), one, one, high, low], 1) @ self._columns
        # The bits of a non-negative bfloat16, read as an integer, are in its order, and integers are compared faster.
        # What rounding makes negative is next to nothing and comes out lowest, as it should.
        lowest = squared.view(torch.int16).view(len(queries), GROUP, -1).amin(1)
        best = lowest.argmin(1)
        exact = torch.baddbmm(self._norms[best], self._groups[best], queries.unsqueeze(2), alpha=-2)
        return exact.squeeze(2).amin(1, keepdim=True)


def _halves(values: Tensor) -> tuple[Tensor, Tensor]:
    """Float32 as a sum of two bfloat16: 16 of its 24 bits."""
    high = values.bfloat16()
    return high, (values - high.float()).bfloat16()
