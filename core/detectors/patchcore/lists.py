"""Inverted lists of a memory bank: a query is compared with the rows of the lists that lie nearest to it.

k-means divides the bank into as many lists as a list has rows; a query asks the ``ASKED`` whose centres are nearest
(Jégou, Douze and Schmid, Product Quantization for Nearest Neighbor Search, TPAMI 2011, section IV, without the
quantiser). What it finds is the distance to some row of the bank, as a product in bfloat16 gives it where the processor
has those: exact to some 0.2 %.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.detectors.patchcore.coreset import ROWS
from core.detectors.patchcore.lengthened import asked, least, stored
from core.features.patches import has_fast_bfloat16

FEWEST = 4096  # rows of a bank; of 2,048 rows, all are searched as quickly
ASKED = 8
ROUNDS = 4  # of k-means,
LEARNED_FROM = 4096  # on so many rows: a model is loaded more often than it judges many images
LINES, QUERIES = 32, 64  # the multiples in which a product's sides come: few shapes, each prepared once


class Lists:
    """Rows (m, d) float32, divided."""

    def __init__(self, rows: Tensor) -> None:
        self._middle = rows.mean(0)
        rows = rows - self._middle
        members = _divided(rows, round(len(rows) ** 0.5))
        groups = [rows[part] for part in members]
        self._precision = torch.bfloat16 if has_fast_bfloat16() else torch.float32
        self._centres = stored(torch.stack([group.mean(0) for group in groups]), self._precision)
        filled = [group[torch.arange(-(-len(group) // LINES) * LINES) % len(group)] for group in groups]
        self._coarse = [stored(group, self._precision) for group in filled]

    @torch.inference_mode()
    def nearest(self, queries: Tensor) -> Tensor:
        """Squared distance (n,) of queries (n, d) to the nearest row in any of the lists that they ask."""
        lines = asked(queries - self._middle, self._precision)
        keys: NDArray[np.int32] = _ordered(lines @ self._centres.T) * 65_536
        keys += np.arange(len(self._coarse), dtype=np.int32)
        several = min(ASKED, len(self._coarse))
        keys.partition(several - 1, axis=1)
        chosen = (keys[:, :several] & 0xFFFF).astype(np.int16).ravel()
        nearest = torch.empty(len(chosen))
        for number, places in enumerate(_places(chosen, len(self._coarse))):
            if len(places):
                padded = np.resize(places // several, -(-len(places) // QUERIES) * QUERIES)
                squared = lines.index_select(0, torch.from_numpy(padded)) @ self._coarse[number].T
                nearest[torch.from_numpy(places)] = least(squared)[: len(places)].float()
        return nearest.view(-1, several).amin(1).clamp_(min=0)


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


def _places(numbers: NDArray[np.int16], count: int) -> list[NDArray[np.int64]]:
    """The places at which each of so many numbers stands."""
    order = np.argsort(numbers, kind="stable")
    stops = np.cumsum(np.bincount(numbers, minlength=count)).tolist()
    return [order[start:stop] for start, stop in pairwise([0, *stops])]


def _ordered(squared: Tensor) -> NDArray[np.int32]:
    """Integers in the order of the values as bfloat16. What rounding makes negative is next to nothing and first."""
    return np.asarray(squared.bfloat16().view(torch.int16).numpy().astype(np.int32))
