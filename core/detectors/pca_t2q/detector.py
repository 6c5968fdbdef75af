"""PCA over sensors, or over sensors and lags, with one index of both its statistics (Yue and Qin 2001).

With columns x standardised, loadings P and variances l of the k kept components, t = P'x:

    T2 = sum t_i^2 / l_i        unusual within the correlations that training showed
    Q = |x|^2 - |t|^2           outside of them
    score = T2 / limit(T2) + Q / limit(Q) = x' M x,    M = (I - PP') / limit(Q) + P diag(1 / l) P' / limit(T2)

The limits are 99 % quantiles over training windows, so that both weigh alike whatever their distribution. A sensor's
part is its reconstruction-based contribution (Alcala and Qin 2009), by how much the score falls when all its values in
the window are replaced by those that fit the others best: g' (E'ME)^-1 g with g = E'Mx and E picking its columns.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from core.detectors.base import DetectorInfo, Params
from core.detectors.pca_t2q.info import INFO, PcaT2qParams
from core.detectors.series.arrays import load_arrays, save_arrays
from core.detectors.series.contract import Scores, Signal
from core.detectors.series.windowed import WindowedDetector
from core.errors import UserError
from core.progress import Progress

Array = NDArray[np.float64]

MOST_COLUMNS = 2000  # sensors times window: the decomposition takes time with its cube
LIMIT_QUANTILE = 0.99
CONSTANT = 1e-3  # of a sensor's usual spread: what moves less is left unstandardised
LEAST_RESIDUAL = (
    1e-3  # variance per column: correlations are not trusted to be more exact than 3 % of a column's spread
)
BLOCK = 4096  # windows at a time


class PcaT2q(WindowedDetector):
    """Principal components by eigendecomposition of the correlation matrix; deterministic."""

    info: ClassVar[DetectorInfo] = INFO
    params: PcaT2qParams

    def __init__(self, params: Params, seed: int = 0) -> None:
        super().__init__(params, seed)
        self._mean = np.zeros(0)  # (p,), p = window * d, the sensors of a step side by side
        self._spread = np.ones(0)  # (p,)
        self._loadings = np.zeros((0, 0))  # (p, k)
        self._weights = np.zeros(0)  # (k,) diagonal of P'MP less 1 / limit(Q)
        self._residual = 1.0  # 1 / limit(Q)
        self._inverses = np.zeros((0, 0, 0))  # (d, window, window), (E'ME)^-1

    @property
    def window(self) -> int:
        return self.params.window

    def learn(self, windows: Signal, progress: Progress) -> None:
        p = self.window * self._width
        if p > MOST_COLUMNS:
            raise UserError(
                f"{self.info.title} takes at most {MOST_COLUMNS} values a window",
                f"{self._width} sensors in windows of {self.window} steps are {p}",
                f"Choose a window of at most {max(MOST_COLUMNS // self._width, 1)} or fewer sensors",
            )
        flat = windows.reshape(len(windows), p)
        self._mean = flat.mean(axis=0, dtype=np.float64)
        deviation = flat.std(axis=0, dtype=np.float64)
        self._spread = np.where(deviation > CONSTANT, deviation, 1.0)
        products = np.zeros((p, p))
        for start in range(0, len(flat), BLOCK):
            x = self._standardised(flat[start : start + BLOCK])
            products += x.T @ x
            progress.report(start, 2 * len(flat), "Correlations")
        variances, vectors = np.linalg.eigh(products / len(flat))
        variances, vectors = np.maximum(variances[::-1], 0), vectors[:, ::-1]
        shares = np.cumsum(variances) / max(variances.sum(), np.finfo(float).tiny)
        k = min(int(np.searchsorted(shares, self.params.explained)) + 1, p)
        k = max(min(k, int((variances > 1e-9 * variances[0]).sum())), 1)
        # An eigenvector's sign is arbitrary, and no score depends on it.
        self._loadings = vectors[:, :k].copy()
        precision = 1 / np.maximum(variances[:k], LEAST_RESIDUAL)
        t2, q = [], []
        for start in range(0, len(flat), BLOCK):
            x = self._standardised(flat[start : start + BLOCK])
            t = x @ self._loadings
            t2.append((t**2) @ precision)
            q.append(((x - t @ self._loadings.T) ** 2).sum(axis=1))
            progress.report(len(flat) + start, 2 * len(flat), "Limits")
        limit_t2 = max(float(np.quantile(np.concatenate(t2), LIMIT_QUANTILE)), 1.0)
        limit_q = max(float(np.quantile(np.concatenate(q), LIMIT_QUANTILE)), LEAST_RESIDUAL * p)
        self._residual = 1 / limit_q
        self._weights = precision / limit_t2 - self._residual
        self._inverses = self._inverted()

    def judge(self, windows: Signal, known: NDArray[np.bool_]) -> Scores:
        n, length, d = windows.shape
        x = self._standardised(windows.reshape(n, length * d))
        unknown = ~known.all(axis=1)
        if unknown.any():
            self._complete(x, known, np.flatnonzero(unknown))
        gradient = self._times(x)
        # Nothing below a square can be less than none, but for rounding.
        score = np.maximum((x * gradient).sum(axis=1), 0)
        by_sensor = gradient.reshape(n, length, d)
        parts = np.einsum("nts,stu,nus->ns", by_sensor, self._inverses, by_sensor, optimize=True)
        return Scores(score, np.where(known, parts, 0).astype(np.float32))

    def save(self, folder: Path) -> None:
        arrays = {"mean": self._mean, "spread": self._spread, "loadings": self._loadings, "weights": self._weights}
        save_arrays(folder, {**arrays, "residual": np.array([self._residual])})

    @classmethod
    def load(cls, folder: Path, params: Params, seed: int) -> Self:
        detector = cls(params, seed)
        arrays = load_arrays(folder, {"mean": 1, "spread": 1, "loadings": 2, "weights": 1, "residual": 1})
        detector._mean, detector._spread = arrays["mean"], arrays["spread"]
        detector._loadings, detector._weights = arrays["loadings"], arrays["weights"]
        detector._residual = float(arrays["residual"][0])
        detector._width = len(detector._mean) // detector.window
        detector._inverses = detector._inverted()
        return detector

    def provenance(self) -> dict[str, Any]:
        return {"components": self._loadings.shape[1], "columns": self._loadings.shape[0]}

    def _standardised(self, flat: Signal) -> Array:
        return (flat - self._mean) / self._spread

    def _times(self, x: Array) -> Array:
        """xM for rows x (n, p)."""
        return x * self._residual + ((x @ self._loadings) * self._weights) @ self._loadings.T

    def _block(self, columns: NDArray[np.integer]) -> Array:
        """M at some columns."""
        loadings = self._loadings[columns]
        matrix: Array = (loadings * self._weights) @ loadings.T
        matrix[np.diag_indices(len(columns))] += self._residual
        return matrix

    def _inverted(self) -> Array:
        columns = np.arange(self.window * self._width).reshape(self.window, self._width)
        return np.stack([np.linalg.inv(self._block(columns[:, sensor])) for sensor in range(self._width)])

    def _complete(self, x: Array, known: NDArray[np.bool_], rows: NDArray[np.intp]) -> None:
        """Give unknown sensors, in place, the values that fit the known ones best: they add nothing to the score."""
        patterns, which = np.unique(known[rows], axis=0, return_inverse=True)
        for index, pattern in enumerate(patterns):
            inside = rows[which.ravel() == index]
            columns = np.flatnonzero(np.tile(~pattern, self.window))
            x[np.ix_(inside, columns)] = 0
            gradient = self._times(x[inside])[:, columns]
            x[np.ix_(inside, columns)] = -np.linalg.solve(self._block(columns), gradient.T).T
