"""Linear Gaussian state-space models, one per sensor, side by side.

    y = Z a + offset + e,   e ~ N(0, H)          a' = T a + w,   w ~ N(0, Q)

Every sensor's model has a state of its own size; all are padded with zeros to the largest, which changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

AXES = {"z": 2, "t": 3, "q": 3, "h": 1, "offset": 1, "a0": 2, "p0": 3}


@dataclass(frozen=True, eq=False)
class Systems:
    """``z`` (s, m), ``t`` and ``q`` (s, m, m), ``h`` and ``offset`` (s,); the state's mean ``a0`` (s, m) and
    covariance ``p0`` (s, m, m) before the first reading."""

    z: Array
    t: Array
    q: Array
    h: Array
    offset: Array
    a0: Array
    p0: Array

    def __len__(self) -> int:
        return len(self.z)

    @classmethod
    def of(cls, model: Any, params: Array, offset: float = 0.0) -> Self:
        """The one system of a univariate, time-invariant ``statsmodels`` state-space model at ``params``."""
        model.update(params)
        ssm = model.ssm
        first = ssm.filter()
        selection = ssm["selection"]
        return cls(
            z=ssm["design"][:1],
            t=ssm["transition"][None],
            q=(selection @ ssm["state_cov"] @ selection.T)[None],
            h=ssm["obs_cov"][0],
            offset=np.array([offset]),
            a0=np.asarray(first.initial_state)[None],
            p0=np.asarray(first.initial_state_cov)[None],
        )

    @classmethod
    def noise(cls, mean: float, variance: float) -> Self:
        """The system of independent readings: without memory."""
        one, none = np.ones((1, 1)), np.zeros((1, 1))
        return cls(one, none[None], none[None], np.array([variance]), np.array([mean]), none, none[None])

    @classmethod
    def joined(cls, systems: Sequence[Systems]) -> Self:
        """Several side by side, padded to the largest state."""
        m = max(one.z.shape[1] for one in systems)
        return cls(**{name: np.concatenate([_padded(getattr(one, name), m) for one in systems]) for name in AXES})

    def arrays(self) -> dict[str, Array]:
        """By the names in ``AXES``."""
        return {name: getattr(self, name) for name in AXES}

    def scaled(self, by: Array) -> Systems:
        """With all variances of system i times ``by[i]``: gains stay as they are, v^2 / F is divided by it."""
        matrices = by[:, None, None]
        return replace(self, q=self.q * matrices, h=self.h * by, p0=self.p0 * matrices)

    def repeated(self, times: int) -> Systems:
        """The same systems over and over, to run on as many recordings at once."""
        return Systems(**{name: np.concatenate([array] * times) for name, array in self.arrays().items()})


def _padded(array: Array, m: int) -> Array:
    """(s, k) or (s, k, k) to m states; (s,) as it is."""
    return np.pad(array, [(0, 0), *((0, m - size) for size in array.shape[1:])])
