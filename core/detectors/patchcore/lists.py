"""Inverted lists of a memory bank: a query is compared with the rows of the lists that lie nearest to it.

k-means divides the bank into as many lists as a list has rows; a query asks the ``ASKED`` whose centres are nearest
(Jégou, Douze and Schmid, Product Quantization for Nearest Neighbor Search, TPAMI 2011, section IV, without the
quantiser). What it finds is a distance to some row of the bank, so that it is never too small.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.detectors.patchcore.coreset import ROWS
from core.detectors.patchcore.lengthened import EXTRA, asked, stored
from core.features.patches import has_fast_bfloat16

FEWEST = 4096  # rows of a bank; of 2,048 rows, all are searched as quickly
ASKED = 8
ROUNDS = 4  # of k-means,
LEARNED_FROM = 4096  # on so many rows: a model is loaded more often than it judges many images
WIDTH, LINES, QUERIES = 32, 32, 64  # the multiples in which a product's sides come: few shapes, each prepared once


class Lists:
    """Rows (m, d) float32, divided."""

    def __init__(self, rows: Tensor) -> None:
        self._middle = rows.mean(0)
        rows = rows - self._middle
        members = _divided(rows, round(len(rows) ** 0.5))
        groups = [rows[part] for part in members]
        # Some columns of a product are lengths: the last components, which tell least, make room for them.
        fitting = (rows.shape[1] + EXTRA) // WIDTH * WIDTH - EXTRA
        self._width = fitting if fitting > 2 * WIDTH else rows.shape[1]
        self._precision = torch.bfloat16 if has_fast_bfloat16() else torch.float32
        self._centres = self._lines(torch.stack([group.mean(0) for group in groups]))
        self._coarse = [
            self._lines(group[torch.arange(-(-len(group) // LINES) * LINES) % len(group)]) for group in groups
        ]
        self._columns = [group.T.contiguous() for group in groups]
        self._norms = [group.square().sum(1) for group in groups]

    @torch.inference_mode()
    def nearest(self, queries: Tensor) -> Tensor:
        """Squared distance (n,) of queries (n, d) to the nearest row in any of the lists that they ask."""
        queries = queries - self._middle
        norms = queries.square().sum(1, keepdim=True)
        lines = asked(queries[:, : self._width], norms, self._precision)
        keys: NDArray[np.int32] = _ordered(lines @ self._centres.T) * 65_536
        keys += np.arange(len(self._coarse), dtype=np.int32)
        several = min(ASKED, len(self._coarse))
        keys.partition(several - 1, axis=1)
        chosen = (keys[:, :several] & 0xFFFF).astype(np.int16).ravel()
        key = np.empty(len(chosen), np.int32)
        for number, places in enumerate(_places(chosen, len(self._coarse))):
            if len(places):
                padded = np.resize(places // several, -(-len(places) // QUERIES) * QUERIES)
                squared = lines.index_select(0, torch.from_numpy(padded)) @ self._coarse[number].T
                least = _ordered(_least(squared))[: len(places)]
                key[places] = least * 65_536 + number
        best = (key.reshape(-1, several).min(1) & 0xFFFF).astype(np.int16)
        found = torch.empty(len(queries))
        for number, places in enumerate(_places(best, len(self._coarse))):
            if len(places):
                own = torch.from_numpy(places)
                exact = torch.addmm(self._norms[number], queries.index_select(0, own), self._columns[number], alpha=-2)
                found[own] = exact.amin(1)
        return found.add_(norms.flatten()).clamp_(min=0)

    def _lines(self, rows: Tensor) -> Tensor:
        return stored(rows[:, : self._width], rows.square().sum(1, keepdim=True), self._precision)


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


def _least(squared: Tensor) -> Tensor:
    """The least of each row; bfloat16 by its bits, which integers compare faster."""
    if squared.dtype != torch.bfloat16:
        return squared.amin(1)
    return squared.view(torch.int16).amin(1).view(torch.bfloat16)


def _ordered(squared: Tensor) -> NDArray[np.int32]:
    """Integers in the order of the values as bfloat16. What rounding makes negative is next to nothing and first."""
    return np.asarray(squared.bfloat16().view(torch.int16).numpy().astype(np.int32))
