"""Several detectors, one voice: how surprising a step is to most of them.

Of k detectors the majority is m = k // 2 + 1. The ensemble's surprise is the m-th largest of theirs less log10(k / m):
Rüger's combination of p-values, (k / m) p_(m) (Metrika 25, 1978), which keeps the promised false-alarm rate however the
detectors depend on each other. With one detector it is that detector, with two the less surprised, with three the
median less 0.18.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray


def majority(k: int) -> int:
    """How many of k detectors have to agree."""
    return k // 2 + 1


def combined(surprise: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n, k) surprises, -log10 p, to the (n,) ensemble's; never below 0."""
    k = surprise.shape[1]
    m = majority(k)
    middle = np.partition(surprise, k - m, axis=1)[:, k - m]
    return np.maximum(middle - math.log10(k / m), 0.0)
