"""Shapley values with the sensors as players: what each adds to the score, on average over all orders of joining.

A coalition's worth is the score of the window in which its sensors read as they did and all others as in a normal
window (Lundberg & Lee, NeurIPS 2017). The windows' steps stay together: with d sensors there are d players, not t times
d. Sampled over orders of joining, each order also taken backwards (Castro et al., Computers & Operations Research 36,
2009; Mitchell et al., JMLR 23, 2022), so every estimate adds up exactly and has a standard error.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from core.detectors.series.contract import Signal
from core.explain.ranking import Ranking
from core.explain.reference import Reference
from core.explain.stretch import Stretch, filled

PAIRS = 48  # orders of joining, each taken forwards and backwards
BACKGROUND = 256  # normal windows to draw from
CELLS = 1 << 23  # values in the windows scored at once: 32 MiB


def shapley(stretch: Stretch, reference: Reference, *, seed: int = 0, pairs: int = PAIRS) -> Ranking:
    """Mean Shapley values over the probed windows of the stretch, each against normal windows drawn at random."""
    started = time.perf_counter()
    windows = filled(stretch.windows)
    normal = reference.windows(windows.shape[1], BACKGROUND)[0]
    blame, error = sampled(stretch.member.detector.score_windows, windows, normal, np.random.default_rng(seed), pairs)
    unit = "mean rise of the score when the sensor joins"
    return Ranking("Shapley", blame, unit, time.perf_counter() - started, error=error)


def sampled(
    score: Callable[[Signal], NDArray[np.float64]],
    windows: Signal,
    background: Signal,
    rng: np.random.Generator,
    pairs: int,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Values and their standard errors (d,), from ``pairs`` >= 2 antithetic pairs of orders.

    ``score`` maps windows (b, t, d) to (b,). Each pair explains one of ``windows`` (k, t, d), in turn, against one of
    ``background`` (m, t, d).
    """
    k, t, d = windows.shape
    explained = np.arange(pairs) % k
    against = rng.integers(len(background), size=pairs)
    orders = np.argsort(rng.random((pairs, d)), axis=1)
    rises = np.empty((pairs, d))
    size = max(CELLS // (2 * (d + 1) * t * d), 1)
    for start in range(0, pairs, size):
        some = slice(start, start + size)
        both = np.concatenate([orders[some], orders[some][:, ::-1]])
        rank = np.argsort(both, axis=1)  # (2p, d) when each sensor joins
        joined = np.arange(d + 1)[None, :, None] > rank[:, None, :]  # (2p, d + 1, d)
        own = np.tile(windows[explained[some]], (2, 1, 1))[:, None]
        other = np.tile(background[against[some]], (2, 1, 1))[:, None]
        mixed = np.where(joined[:, :, None, :], own, other)
        worth = np.asarray(score(mixed.reshape(-1, t, d)), np.float64).reshape(len(both), d + 1)
        rise = np.take_along_axis(np.diff(worth, axis=1), rank, axis=1)
        rises[some] = rise.reshape(2, -1, d).mean(axis=0)
    return rises.mean(axis=0), rises.std(axis=0, ddof=1) / np.sqrt(pairs)
