"""Nearest rows of a memory bank: one matrix product a chunk of queries, with the norms already known.

Trees are useless at these dimensions; inverted lists find the patches worth a search of the whole bank (``survey``).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import torch
from torch import Tensor

from core.detectors.patchcore.lengthened import asked, stored
from core.detectors.patchcore.lists import FEWEST, Lists
from core.features.patches import has_fast_bfloat16

QUERIES = 256  # rows searched at once in float32: their distances to the bank fit the cache
COARSE_QUERIES = 1024  # and in bfloat16, where fewer and larger products are quicker
COARSE_ROWS = 16_384  # bank rows of one of them: bounds memory, 32 MiB of distances
CERTAIN = 32  # patches of an image, the farthest, whose distances a survey gives exactly at least
GROUP = 16  # rows of a group, whose least distance is found before the row that has it


class MemoryBank:
    """Rows (m, d) float32 to compare with; ``owners`` (m,) is the training image that each came from.

    With ``cosine`` the rows and queries have length 1 and the distance is 1 - cos; else it is Euclidean.
    """

    def __init__(self, rows: Tensor, owners: Tensor, cosine: bool) -> None:
        self.rows, self.owners, self.cosine = rows, owners, cosine
        self._shortlist = _Shortlist(rows) if has_fast_bfloat16() else None

    @cached_property
    def _columns(self) -> Tensor:
        return self.rows.T.contiguous()

    @cached_property
    def _norms(self) -> Tensor:
        return self.rows.square().sum(1)

    @cached_property
    def lists(self) -> Lists | None:
        """None where the bank is small. To be asked for once before threads ask for it."""
        return Lists(self.rows) if len(self.rows) >= FEWEST else None

    @torch.inference_mode()
    def survey(self, queries: Tensor, certain: int = CERTAIN) -> Tensor:
        """Distance (b, n) of the patches (b, n, d) of b images to their nearest rows: of so many that lie farthest,
        which decide whether an image is good, as ``distance`` gives it; of the others by the bank's lists, rounded, and
        a little too large where the nearest row is in none of those that were asked."""
        if self.lists is None:
            return self.distance(queries.flatten(0, 1), 1).view(queries.shape[:2])
        squared = self.lists.nearest(queries.flatten(0, 1)).view(queries.shape[:2])
        found = squared / 2 if self.cosine else squared.sqrt()
        farthest = found.topk(min(certain, queries.shape[1]), 1).indices
        image = torch.arange(len(queries)).unsqueeze(1)
        found[image, farthest] = self.distance(queries[image, farthest].flatten(0, 1), 1).view(farthest.shape)
        return found

    @torch.inference_mode()
    def distance(self, queries: Tensor, neighbours: int, without: int | None = None) -> Tensor:
        """Mean distance (n,) of queries (n, d) to their nearest rows, those of image ``without`` left out: to as
        many as there are, infinite where there are none."""
        left_out = None if without is None else self.owners == without
        if neighbours == 1 and self._shortlist is not None:
            squared = self._shortlist.nearest(queries, left_out)
            return squared / 2 if self.cosine else squared.sqrt()
        norms = self._norms if left_out is None else self._norms.masked_fill(left_out, torch.inf)
        there = len(self.rows) if left_out is None else int((~left_out).sum())
        found = []
        for part in torch.split(queries, QUERIES):
            squared = torch.addmm(norms, part, self._columns, alpha=-2)  # |m|^2 - 2 q.m
            if neighbours == 1:
                nearest = squared.amin(1, keepdim=True)
            else:
                nearest = squared.topk(min(neighbours, max(there, 1)), 1, largest=False).values
            squared = (nearest + part.square().sum(1, keepdim=True)).clamp_(min=0)
            found.append((squared / 2 if self.cosine else squared.sqrt()).mean(1))
        return torch.cat(found)


class _Shortlist:
    """The nearest row by bfloat16 products, and its distance in float32.

    The squared distance is one product (``lengthened.py``). Operands are rounded to 0.4 %, sums are accumulated in
    float32 and rounded once: the row found is the nearest, or one as near to within that. The distance returned is that
    of a row, exact. Both sides are counted from the bank's middle: what is rounded is then about as large as the
    distances, however far from 0 the rows lie.

    The product is a matrix (rows, queries): the least of a column is then taken in passes that run along memory, where
    along a row they would have to gather.
    """

    def __init__(self, rows: Tensor) -> None:
        self._rows, self._middle = rows, rows.mean(0)
        blocks = -(-len(rows) // COARSE_ROWS)
        self._size = -(-len(rows) // (blocks * GROUP)) * GROUP  # rows of a block
        self._filled = torch.arange(blocks * self._size) % len(rows)  # the last block is filled up with rows again
        self._coarse = [
            stored(rows[part] - self._middle, torch.bfloat16) for part in torch.split(self._filled, self._size)
        ]

    def nearest(self, queries: Tensor, left_out: Tensor | None = None) -> Tensor:
        """Squared distance (n,) of queries (n, d) to the nearest row, of those that are not ``left_out`` (m,)."""
        hidden = None
        if left_out is not None:
            hidden = [left_out[part].nonzero().flatten() for part in torch.split(self._filled, self._size)]
        return torch.cat([self._nearest(part, left_out, hidden) for part in torch.split(queries, COARSE_QUERIES)])

    def _nearest(self, queries: Tensor, left_out: Tensor | None, hidden: Sequence[Tensor] | None) -> Tensor:
        """``hidden`` are the places in each block of the rows that are ``left_out``."""
        columns = asked(queries - self._middle, torch.bfloat16).T
        every = torch.arange(len(queries))
        nearest = torch.full((len(queries),), torch.inf)
        for number, rows in enumerate(self._coarse):
            # The bits of a non-negative bfloat16, read as an integer, are in its order, and integers are compared
            # faster. What rounding makes negative is next to nothing and comes out lowest, as it should.
            squared = (rows @ columns).view(torch.int16)
            if hidden is not None:
                squared.index_fill_(0, hidden[number], torch.iinfo(torch.int16).max)
            squared = squared.view(GROUP, -1, len(queries))
            group = _lowest(squared.amin(0))
            member = _lowest(squared[:, group, every])
            found = self._filled[number * self._size + member * (self._size // GROUP) + group]
            exact = self._rows.index_select(0, found).sub_(queries).square_().sum(1)
            if left_out is not None:  # where a whole block is, one of its rows is found all the same
                exact.masked_fill_(left_out[found], torch.inf)
            torch.minimum(nearest, exact, out=nearest)
        return nearest


def _lowest(values: Tensor) -> Tensor:
    """Indices (n,) of the lowest of each column of int16 values (k, n), k up to 65,536: the first of equal ones.

    Value and index make one integer, so that a plain minimum finds both; torch's own argmin is many times slower.
    """
    index = torch.arange(len(values), dtype=torch.int32).unsqueeze(1)
    return (values.int() * 65_536 + index).amin(0).bitwise_and_(0xFFFF).long()
