"""What drives a simulated machine: stationary autoregressive disturbances and first-order lags."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

Signal = NDArray[np.float64]  # (n,)


def ar1(rng: np.random.Generator, n: int, tau: float) -> Signal:
    """(n,) of a stationary AR(1) process with mean 0, sd 1 and autocorrelation exp(-k / ``tau``) at lag k steps."""
    phi = np.exp(-1 / tau)
    noise = rng.standard_normal(n) * np.sqrt(1 - phi**2)
    noise[:1] /= np.sqrt(1 - phi**2)  # the first value is drawn from the stationary distribution
    found: Signal = lfilter([1.0], [1.0, -phi], noise)
    return found


def lag(signal: Signal, tau: float) -> Signal:
    """(n,) first-order lag of a signal with time constant ``tau`` steps, settled at the signal's first value."""
    keep = np.exp(-1 / tau)
    found, _ = lfilter([1 - keep], [1.0, -keep], signal, zi=[keep * signal[0]])
    lagged: Signal = found
    return lagged
