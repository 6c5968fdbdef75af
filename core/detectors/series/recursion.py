"""The Kalman filter over all sensors at once, one step after the other: what a live monitor runs.

    v = y - Z a - offset        F = Z P Z' + H        NIS = v^2 / F        K = P Z' / F
    a <- T (a + K v)            P <- T ((I - K Z) P (I - K Z)' + K H K') T' + Q        (Joseph's form, stays symmetric)

A missing reading changes nothing but time: a <- T a, P <- T P T' + Q. A sensor whose covariance has converged keeps its
gain until a reading is missing or gated; with all of them converged, a step costs a few small products.

**Gate.** A reading whose NIS is beyond the gate does not move the state, or the filter would soon take the fault for
normal. Its covariance grows as if the reading were missing, so a level that wanders fast soon lets readings in again.
One that wanders slowly would be blind for ever after a true shift: after ``patience`` gated readings in a row the
sensor starts afresh from the reading, which still counts as surprising itself.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.detectors.series.contract import Signal
from core.detectors.series.statespace import Array, Systems
from core.detectors.series.windows import FARTHEST

CONVERGED = 1e-13  # largest change of a covariance, relative to its largest entry
NO_GATE = float("inf")


class Recursion:
    """The state of the filters of all ``systems`` after the readings so far."""

    def __init__(self, systems: Systems, gate: float = NO_GATE, patience: int = 1) -> None:
        self._s, self._gate, self._patience = systems, gate, patience
        self._a, self._p = systems.a0.copy(), systems.p0.copy()
        self._gain, self._f = np.zeros_like(systems.z), np.ones(len(systems))
        self._moving: NDArray[np.intp] = np.arange(len(systems))  # whose covariance has not converged
        self._gated = np.zeros(len(systems), np.int64)  # readings in a row
        self._identity = np.eye(systems.z.shape[1])

    @property
    def width(self) -> int:
        """Sensors."""
        return len(self._s)

    @property
    def variance(self) -> Array:
        """(s,) F of the last predictions."""
        return self._f

    @property
    def prediction(self) -> Array:
        """(s,) the next reading, as expected."""
        expected: Array = (self._s.z * self._a).sum(axis=1) + self._s.offset
        return expected

    def push(self, values: Signal) -> tuple[Array, NDArray[np.bool_]]:
        """(n, s) readings to (n, s) NIS, 0 where there was no reading, and where there was one."""
        known = np.isfinite(values)
        readings = np.where(known, np.clip(values, -FARTHEST, FARTHEST), 0).astype(np.float64)
        nis = np.empty(values.shape)
        for row, (reading, there) in enumerate(zip(readings, known, strict=True)):
            nis[row] = self._step(reading, there)
        return nis, known

    def _step(self, y: Array, known: NDArray[np.bool_]) -> Array:
        s = self._s
        if len(self._moving):
            self._renew_gains(self._moving)
        v = y - self.prediction
        nis: Array = np.where(known, v * v / self._f, 0)
        used = known & (nis <= self._gate)
        if not used.all():
            self._open_gates(used, known, y, v)
        elif self._gated.any():
            self._gated[:] = 0
        gain = self._gain * used[:, None]
        self._a = np.matmul(s.t, (self._a + gain * v[:, None])[:, :, None])[:, :, 0]
        if len(self._moving) or not used.all():
            self._renew_covariances(gain, used)
        return nis

    def _renew_gains(self, index: NDArray[np.intp]) -> None:
        z = self._s.z[index]
        pz = np.matmul(self._p[index], z[:, :, None])[:, :, 0]
        f = (z * pz).sum(axis=1) + self._s.h[index]
        self._f[index] = f
        self._gain[index] = pz / f[:, None]

    def _open_gates(self, used: NDArray[np.bool_], known: NDArray[np.bool_], y: Array, v: Array) -> None:
        """Count gated readings; start sensors afresh that were gated too long. ``used`` and ``v`` change in place."""
        self._gated = np.where(used, 0, self._gated + known)
        afresh = np.flatnonzero(self._gated >= self._patience)
        if len(afresh):
            self._gated[afresh] = 0
            self._a[afresh], self._p[afresh] = self._s.a0[afresh], self._s.p0[afresh]
            self._renew_gains(afresh)
            v[afresh] = (y - self.prediction)[afresh]
            used[afresh] = True
            self._moving = np.union1d(self._moving, afresh)

    def _renew_covariances(self, gain: Array, used: NDArray[np.bool_]) -> None:
        idle = np.flatnonzero(~used)
        index = np.union1d(self._moving, idle) if len(idle) else self._moving
        s, p, k = self._s, self._p[index], gain[index]
        t, z = s.t[index], s.z[index]
        rest = self._identity - k[:, :, None] * z[:, None, :]
        filtered = rest @ p @ rest.transpose(0, 2, 1) + (k * s.h[index, None])[:, :, None] * k[:, None, :]
        after = t @ filtered @ t.transpose(0, 2, 1) + s.q[index]
        after = (after + after.transpose(0, 2, 1)) / 2
        change = np.abs(after - p).max(axis=(1, 2))
        steady = used[index] & (change <= CONVERGED * np.abs(p).max(axis=(1, 2)))
        self._p[index] = after
        self._moving = index[~steady]
