"""Squared distances as one matrix product: rows and queries with their lengths beside them.

A row m becomes (m, |m|^2 in two parts, 1, 1), a query q becomes (-2q, 1, 1, |q|^2 in two parts): their product is
|m - q|^2. Two parts of a length keep twice the digits of one where the precision is low.
"""

from __future__ import annotations

import torch
from torch import Tensor

EXTRA = 4  # columns more


def stored(rows: Tensor, norms: Tensor, precision: torch.dtype) -> Tensor:
    """Rows (m, d) whose squared lengths are ``norms`` (m, 1), as (m, d + 4)."""
    high, low = _halves(norms, precision)
    one = torch.ones_like(high)
    return torch.cat([rows.to(precision), high, low, one, one], 1)


def asked(queries: Tensor, norms: Tensor, precision: torch.dtype) -> Tensor:
    """Queries (n, d) whose squared lengths are ``norms`` (n, 1), as (n, d + 4)."""
    high, low = _halves(norms, precision)
    one = torch.ones_like(high)
    return torch.cat([(-2 * queries).to(precision), one, one, high, low], 1)


def _halves(values: Tensor, precision: torch.dtype) -> tuple[Tensor, Tensor]:
    high = values.to(precision)
    return high, (values - high.float()).to(precision)
