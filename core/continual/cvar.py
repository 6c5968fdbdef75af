"""Conditional value at risk: the mean of the worst 1 - alpha of the losses (Rockafellar & Uryasev, J. Risk 2, 2000).

Two estimators that agree: `cvar` sorts, for reports; `tail_loss` minimises the variational form, for training. Training
sees the *whole* pool of critical memories at once: a minibatch of 32 with a tenth of them critical holds 0.16 samples
of a 5 % tail, and its gradient is noise (Curi et al., NeurIPS 2020, arXiv:1910.12511).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from core.errors import UserError

if TYPE_CHECKING:  # metrics are recomputed on pages, which do without torch
    from torch import Tensor

LEAST_TAIL = 5  # losses that the tail of a training pool must hold


def cvar(losses: ArrayLike, alpha: float) -> float:
    """Exact CVaR of the empirical distribution of losses (n,); the last loss of the tail counts with its fraction.

    ``alpha`` 0 is the mean, towards 1 the maximum. NaN where there are no losses. Raises UserError outside [0, 1).
    """
    if not 0 <= alpha < 1:
        raise UserError(f"The level of a CVaR lies from 0 to below 1, not at {alpha:g}", "alpha", "Take 0.95, say")
    ordered = np.sort(np.asarray(losses, np.float64).ravel())[::-1]
    if not len(ordered):
        return float("nan")
    count = len(ordered) * (1 - alpha)
    whole = int(count)
    if whole >= len(ordered):
        return float(ordered.mean())
    return float((ordered[:whole].sum() + (count - whole) * ordered[whole]) / count)


def variational(losses: ArrayLike, alpha: float, threshold: float) -> float:
    """``tau + E[(L - tau)+] / (1 - alpha)``: at least the CVaR, and equal to it where tau is the alpha-quantile."""
    found = np.asarray(losses, np.float64)
    return float(threshold + np.maximum(found - threshold, 0).mean() / (1 - alpha))


def effective_level(alpha: float, n: int) -> float:
    """The highest level up to ``alpha`` whose tail still holds ``LEAST_TAIL`` of n losses; 0 (the mean) below that."""
    return max(min(alpha, 1 - LEAST_TAIL / n), 0.0) if n else 0.0


def annealed_level(alpha: float, share: float) -> float:
    """The level after a ``share`` (0 to 1) of training: 0.5, 0.8, then ``alpha``. A tail that is narrow from the start
    sees a few examples of an untrained network and nothing else."""
    return min(alpha, 0.5 if share < 1 / 3 else 0.8 if share < 2 / 3 else alpha)


def tail_loss(losses: Tensor, alpha: float) -> Tensor:
    """CVaR of losses (n,) as a differentiable scalar: the variational form at its minimiser, the alpha-quantile.

    The quantile is held fixed: at the minimum the derivative with respect to it vanishes (envelope theorem), and what
    is left is ``E[1{L > tau} dL] / (1 - alpha)``, plus the fraction of the loss that is the quantile itself.
    """
    n = len(losses)
    count = n * (1 - alpha)
    whole = min(int(count), n)
    ordered = losses.sort(descending=True).values
    total = ordered[:whole].sum()
    if whole < n:
        total = total + (count - whole) * ordered[whole]
    return total / count
