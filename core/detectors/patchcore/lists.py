"""Inverted lists of a memory bank: a query is compared with the rows of the lists that lie nearest to it.

k-means divides the bank into as many lists as a list has rows; a query asks the ``ASKED`` whose centres are nearest
(Jégou, Douze and Schmid, Product Quantization for Nearest Neighbor Search, TPAMI 2011, section IV, without the
quantiser). What it finds is the distance to some row of the bank, as a product in bfloat16 gives it where the processor
has those: exact to some 0.2 % where it is not small beside the rows' own lengths.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.detectors.patchcore.coreset import ROWS
from core.detectors.patchcore.lengthened import asked, ordered, stored
from core.features.patches import product_precision

FEWEST = 4096  # rows of a bank; of 2,048 rows, all are searched as quickly
ASKED = 8
ROUNDS = 4  # of k-means,
LEARNED_FROM = 4096  # on so many rows: a model is loaded more often than it judges many images
TOGETHER = 8  # lists whose queries are gathered at once: few operations, and not all of the memory at a time
LINES, QUERIES = 32, 128  # the multiples in which a product's sides come: few shapes, each prepared once


class Lists:
    """Rows (m, d) float32, divided."""

    def __init__(self, rows: Tensor) -> None:
        self._middle = rows.mean(0)
        rows = rows - self._middle
        members = _divided(rows, round(len(rows) ** 0.5))
        groups = [rows[part] for part in members]
        self._precision = product_precision()
        self._centres = stored(torch.stack([group.mean(0) for group in groups]), self._precision).T.contiguous()
        filled = [group[torch.arange(-(-len(group) // LINES) * LINES) % len(group)] for group in groups]
        self._columns = [stored(group, self._precision).T.contiguous() for group in filled]

    @torch.inference_mode()
    def nearest(self, queries: Tensor) -> Tensor:
        """Squared distance (n,) of queries (n, d) to the nearest row in any of the lists that they ask."""
        if not len(queries):
            return torch.empty(0)
        lines = asked(queries - self._middle, self._precision)
        several = min(ASKED, len(self._columns))
        asking = _lowest(lines @ self._centres, several).ravel()
        order = np.argsort(asking, kind="stable")
        counts = np.bincount(asking, minlength=len(self._columns))
        # The queries of each list, one list after the other; what fills up a product's lines is the first query.
        lengths = -(-counts // QUERIES) * QUERIES
        ends = np.cumsum(lengths)
        places = np.arange(len(order)) + np.repeat(ends - lengths - (np.cumsum(counts) - counts), counts)
        sorted_queries = torch.zeros(int(ends[-1]), dtype=torch.long)
        sorted_queries[torch.from_numpy(places)] = torch.from_numpy(order // several)
        found = []
        for first in range(0, len(lengths), TOGETHER):
            own = slice(first, first + TOGETHER)
            gathered = lines.index_select(0, sorted_queries[ends[first] - lengths[first] : ends[own][-1]])
            pairs = zip(torch.split(gathered, lengths[own].tolist()), self._columns[own], strict=True)
            found += [ordered(part @ columns).amin(1) for part, columns in pairs if len(part)]
        nearest = torch.empty(len(order), dtype=found[0].dtype)
        nearest[torch.from_numpy(order)] = torch.cat(found)[torch.from_numpy(places)]
        return nearest.view(-1, several).amin(1).view(self._precision).float().clamp_(min=0)


def _lowest(squared: Tensor, several: int) -> NDArray[np.int16]:
    """The numbers (n, several) of the columns with the lowest values of each row, in no order. Value and number make
    one integer, so that a plain partition finds them."""
    keys = squared.bfloat16().view(torch.int16).numpy().astype(np.int32) * 65_536
    keys += np.arange(squared.shape[1], dtype=np.int32)
    keys.partition(several - 1, axis=1)
    return np.asarray(keys[:, :several] & 0xFFFF, np.int16)


def _divided(rows: Tensor, count: int) -> list[Tensor]:
    """Row numbers of the clusters that k-means finds, empty ones left out."""
    sample = rows[torch.randperm(len(rows), generator=torch.Generator().manual_seed(0))[:LEARNED_FROM]]
    centres = sample[:count]
    for _ in range(ROUNDS):
        owner = _nearest(sample, centres)
        sums = torch.zeros_like(centres).index_add_(0, owner, sample)
        held = torch.bincount(owner, minlength=count).unsqueeze(1)
        centres = torch.where(held > 0, sums / held.clamp(min=1), centres)
    owner = torch.cat([_nearest(part, centres) for part in torch.split(rows, ROWS)])
    return [part for number in range(count) if len(part := (owner == number).nonzero().flatten())]


def _nearest(rows: Tensor, centres: Tensor) -> Tensor:
    """The number (n,) of the centre nearest to each row."""
    return torch.addmm(centres.square().sum(1), rows, centres.T, alpha=-2).argmin(1)
