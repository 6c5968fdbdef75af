"""The order of an ARIMA model, by regressions alone (Hannan and Rissanen 1982).

A long autoregression gives estimates of the shocks; every candidate is then one least-squares fit of a reading on p
lags of itself and q lags of the shocks. Its AIC is n log s^2 + 2 (p + q + 1), over the same readings for all orders,
with and without differences: what is compared is always how well the next reading is predicted.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Order = tuple[int, int, int]

LONG = 12  # lags of the autoregression that the shocks are taken from
SMALLEST = 1e-12  # variance below which two fits are equally exact
INSIDE = 0.98  # largest modulus of an inverse root of a starting value


@dataclass(frozen=True)
class Candidate:
    """An order (p, d, q), its AIC, and coefficients to begin the likelihood's maximisation with."""

    order: Order
    aic: float
    ar: Array
    ma: Array
    variance: float


def candidates(stretches: Sequence[Array], most: Order) -> list[Candidate]:
    """All orders up to ``most``, the lowest AIC first, for stretches without holes and with mean 0."""
    p, d, q = most
    found = []
    for differences in range(d + 1):
        lagged, target = _design([np.diff(one, differences) for one in stretches], p, q, skip=d - differences)
        for order_p, order_q in itertools.product(range(p + 1), range(q + 1)):
            columns = [*range(order_p), *range(p, p + order_q)]
            found.append(_candidate(lagged[:, columns], target, (order_p, differences, order_q)))
    return sorted(found, key=lambda one: (one.aic, one.order))


def _design(stretches: Sequence[Array], p: int, q: int, skip: int) -> tuple[Array, Array]:
    """(n, p + q) lags of the readings, then of the shocks, and the (n,) readings that they precede."""
    blocks = [(np.lib.stride_tricks.sliding_window_view(one, LONG + 1)) for one in stretches]
    windows = np.concatenate(blocks)
    coefficients = np.linalg.lstsq(windows[:, :-1], windows[:, -1], rcond=None)[0]
    rows, targets = [], []
    for one in blocks:
        shocks = one[:, -1] - one[:, :-1] @ coefficients
        start = q + skip
        lags = [one[start:, LONG - lag] for lag in range(1, p + 1)]
        lags += [shocks[start - lag : len(shocks) - lag] for lag in range(1, q + 1)]
        rows.append(np.stack(lags, axis=1) if lags else np.zeros((len(one) - start, 0)))
        targets.append(one[start:, -1])
    return np.concatenate(rows), np.concatenate(targets)


def _candidate(lagged: Array, target: Array, order: Order) -> Candidate:
    p, _, q = order
    coefficients = np.asarray(np.linalg.lstsq(lagged, target, rcond=None)[0], float) if p + q else np.zeros(0)
    variance = max(float(np.mean((target - lagged @ coefficients) ** 2)), SMALLEST)
    aic = len(target) * np.log(variance) + 2 * (p + q + 1)
    ar, ma = coefficients[:p], coefficients[p:]
    return Candidate(order, float(aic), _inside(ar), -_inside(-ma), variance)


def _inside(coefficients: Array) -> Array:
    """Of 1 - c1 L - c2 L^2 …, with its inverse roots drawn inside the unit circle: c_i times r^i for some r <= 1."""
    if not len(coefficients):
        return coefficients
    largest = float(np.abs(np.roots([1, *-coefficients])).max())
    shrink = min(INSIDE / largest, 1.0) if largest > 0 else 1.0
    return coefficients * shrink ** np.arange(1, len(coefficients) + 1)
