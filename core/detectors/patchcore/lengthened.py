"""Squared distances as one matrix product: rows and queries with their lengths beside them.

A row m becomes (m, |m|^2 in two parts, 1, 1), a query q becomes (-2q, 1, 1, |q|^2 in two parts): their product is
|m - q|^2. Two parts of a length keep twice the digits of one where the precision is low. The lengths are those of what
rounding has left, so that the distance is one between two points that are near to m and q: 0 where they are the same.
"""

from __future__ import annotations

import torch
from torch import Tensor

EXTRA = 4  # columns more


def stored(rows: Tensor, precision: torch.dtype) -> Tensor:
    """Rows (…, m, d) as (…, m, d + 4)."""
    return _lengthened(rows, 1, 0, precision)


def asked(queries: Tensor, precision: torch.dtype) -> Tensor:
    """Queries (…, n, d) as (…, n, d + 4)."""
    return _lengthened(queries, -2, 2, precision)


def ordered(squared: Tensor) -> Tensor:
    """Such products as numbers in the same order that are quick to compare: the bits of a bfloat16, as an integer. What
    rounding makes negative is next to nothing and comes first."""
    return squared.view(torch.int16) if squared.dtype == torch.bfloat16 else squared


def least(squared: Tensor) -> Tensor:
    """The least of each row of such a product."""
    return ordered(squared).amin(1).view(squared.dtype)


def _lengthened(rows: Tensor, factor: int, before: int, precision: torch.dtype) -> Tensor:
    """``factor`` times the rows; then so many ones, the rows' own squared lengths, and ones again."""
    *several, d = rows.shape
    result = torch.ones(*several, d + EXTRA, dtype=precision)
    rounded = result[..., :d]
    torch.mul(rows, factor, out=rounded)
    lengths = rounded.float().square().sum(-1, keepdim=True) / factor**2
    high = lengths.to(precision)
    result[..., d + before : d + before + 2] = torch.cat([high, (lengths - high.float()).to(precision)], -1)
    return result
