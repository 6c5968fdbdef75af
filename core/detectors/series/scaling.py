"""Raw readings to comparable ones: each signal less its usual value, in units of its usual spread, by regime.

Learned from normal training data only. Median and interquartile range, so that a few bad readings change little.
Conditions (operating settings) are not scaled but sorted into regimes where they form clear groups; every regime then
has values of its own (C-MAPSS FD002 and FD004: six). Where they form none, they are left aside.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from core.datasets.series import SeriesSet
from core.detectors.series.contract import Signal
from core.errors import UserError
from core.features.weightsfile import as_other_files

IQR_OF_NORMAL = 1.349  # interquartile range of a standard normal distribution
LEAST_OF_SD = 0.25  # a sensor that mostly stands still is not given the tiny spread of its still part
CONSTANT_SHARE = 0.01  # the spread assumed for a sensor that never moved: this share of its level
MOST_REGIMES = 10
CLEAR_GROUPS = 0.8  # mean silhouette from which conditions are regimes (1: perfectly apart)
FEWEST_IN_REGIME = 30  # steps; a sparser regime borrows the overall scale
SAMPLE = 1000  # rows that the search for regimes looks at


@dataclass(frozen=True, eq=False)
class Scaler:
    """``centre`` and ``scale`` are (r, d) per regime and signal; ``settings`` is (r, c), the regimes' conditions in
    units of ``spread`` (c,). ``constant`` (d,) marks signals that never moved in training."""

    signals: tuple[int, ...]
    conditions: tuple[int, ...]
    centre: NDArray[np.float64]
    scale: NDArray[np.float64]
    settings: NDArray[np.float64]
    spread: NDArray[np.float64]
    constant: NDArray[np.bool_]

    @property
    def n_regimes(self) -> int:
        return len(self.centre)

    @classmethod
    def fit(cls, normals: SeriesSet, seed: int = 0) -> Scaler:
        """Learn from the units of ``normals``. UserError where a signal has no reading at all, or there is none."""
        signals, conditions = tuple(normals.signals), tuple(normals.conditions)
        if not signals:
            raise UserError("There is no sensor to watch", normals.name, "Choose at least one column as a sensor")
        if not normals.n_steps:
            raise UserError(
                "There are too few normal steps in a row to learn from", normals.name, "Give longer normal stretches"
            )
        rows = np.concatenate([unit.values for unit in normals.units]).astype(np.float64)
        values = rows[:, signals]
        empty = np.flatnonzero(~np.isfinite(values).any(axis=0))
        if len(empty):
            names = ", ".join(normals.sensors[signals[index]].name for index in empty[:5])
            raise UserError(
                f"No normal reading of {names} is there to learn from", normals.name, "Leave the sensor out"
            )
        settings, spread, regime = _regimes(rows[:, conditions], seed)
        centre, scale, constant = _robust(values)
        centres, scales = np.tile(centre, (len(settings), 1)), np.tile(scale, (len(settings), 1))
        still = np.tile(constant, (len(settings), 1))
        for index in range(len(settings)) if len(settings) > 1 else ():
            inside = values[regime == index]
            known = np.isfinite(inside).sum(axis=0) >= FEWEST_IN_REGIME
            if known.any():
                one = _robust(inside[:, known])
                centres[index, known], scales[index, known], still[index, known] = one
        return cls(signals, conditions, centres, scales, settings, spread, np.asarray(still.all(axis=0)))

    def apply(self, values: NDArray[np.float32]) -> Signal:
        """(n, D) readings to (n, d) scaled signals; what was not finite is NaN."""
        found = values[:, self.signals].astype(np.float64)
        regime = self.regimes(values)
        with np.errstate(over="ignore"):
            scaled = ((found - self.centre[regime]) / self.scale[regime]).astype(np.float32)
        scaled[~np.isfinite(scaled)] = np.nan
        return scaled

    def undo(self, scaled: Signal, values: NDArray[np.float32]) -> Signal:
        """(n, d) scaled signals back to readings, in the regimes of the rows of ``values`` (n, D)."""
        regime = self.regimes(values)
        return (scaled * self.scale[regime] + self.centre[regime]).astype(np.float32)

    def regimes(self, values: NDArray[np.float32]) -> NDArray[np.int64]:
        """(n,) the regime of each row: the nearest one; unknown conditions count as zero distance."""
        if self.n_regimes == 1:
            return np.zeros(len(values), np.int64)
        return _nearest(values[:, self.conditions].astype(np.float64) / self.spread, self.settings)

    def save(self, path: Path) -> None:
        """Two files: ``path`` as safetensors, and the columns beside it as JSON."""
        arrays = {
            "centre": self.centre,
            "scale": self.scale,
            "settings": self.settings,
            "spread": self.spread,
            "constant": self.constant.astype(np.uint8),
        }
        save_file({name: np.ascontiguousarray(array) for name, array in arrays.items()}, path)
        as_other_files(path)
        columns = {"signals": self.signals, "conditions": self.conditions}
        path.with_suffix(".json").write_text(json.dumps(columns), encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> Scaler:
        """What ``save`` wrote. UserError for anything else: a scaler may come from a stranger's file."""
        try:
            arrays = load_file(path)
            columns = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
            centre, scale, settings, spread = (
                arrays[name].astype(np.float64) for name in ("centre", "scale", "settings", "spread")
            )
            signals, conditions = tuple(columns["signals"]), tuple(columns["conditions"])
            found = cls(signals, conditions, centre, scale, settings, spread, arrays["constant"].astype(bool))
        except (OSError, SafetensorError, ValueError, TypeError, KeyError, RecursionError) as error:
            raise _damaged(path) from error
        return found.checked(path)

    def checked(self, path: Path) -> Scaler:
        """Itself. UserError unless the arrays fit each other and what is divided by is above zero."""
        r, d, c = len(self.centre), len(self.signals), len(self.conditions)
        columns = [*self.signals, *self.conditions]
        sound = (
            r > 0
            and d > 0
            and self.centre.shape == self.scale.shape == (r, d)
            and self.settings.shape == (r, c)
            and self.spread.shape == (c,)
            and self.constant.shape == (d,)
            and all(type(column) is int and column >= 0 for column in columns)
            and len(set(columns)) == len(columns)
            and bool(np.isfinite(self.centre).all())
            and bool((self.scale > 0).all() and (self.spread > 0).all())
        )
        if not sound:
            raise _damaged(path)
        return self


def _damaged(path: Path) -> UserError:
    return UserError("The model's scaling cannot be read", str(path), "Train it again or upload it again")


def _nearest(placed: NDArray[np.float64], settings: NDArray[np.float64]) -> NDArray[np.int64]:
    """(n,) the row of ``settings`` (r, c) nearest to each of (n, c); what is not known counts as no distance."""
    distance = np.nansum((placed[:, None, :] - settings[None]) ** 2, axis=2)
    return np.asarray(np.argmin(distance, axis=1), np.int64)


def _robust(values: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
    """Centre, scale and whether it never moved, per column of (n, d) with NaN."""
    values = np.where(np.isfinite(values), values, np.nan)
    low, centre, high = np.nanpercentile(values, (25, 50, 75), axis=0)
    deviation = np.nanstd(values, axis=0)
    constant = deviation <= 1e-7 * np.maximum(np.abs(centre), 1e-30)  # float32 readings of one value differ by this
    scale = np.maximum((high - low) / IQR_OF_NORMAL, LEAST_OF_SD * deviation)
    # How much a sensor that never moved may move is unknown: a share of its level or, at zero, as much as the others.
    others = float(np.median(scale[~constant])) if (~constant).any() else 1.0
    assumed = np.where(np.abs(centre) > 0, CONSTANT_SHARE * np.abs(centre), others)
    return centre, np.where(constant, assumed, scale), constant


def _regimes(
    conditions: NDArray[np.float64], seed: int
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]:
    """Settings (r, c), spread (c,) and the regime of each row; one regime where the conditions form no clear groups."""
    n, c = conditions.shape
    spread = np.ones(c)
    single = np.zeros((1, c)), spread, np.zeros(n, np.int64)
    known = conditions[np.isfinite(conditions).all(axis=1)]
    if c == 0 or not len(known):
        return single
    spread = np.ptp(known, axis=0)
    moving = spread > 0
    if not moving.any():
        return single
    spread = np.where(moving, spread, 1.0)
    found = _clusters((known / spread)[_spread_out(len(known), SAMPLE)], seed)
    if found is None:
        return single
    return found, spread, _nearest(conditions / spread, found)


def _clusters(rows: NDArray[np.float64], seed: int) -> NDArray[np.float64] | None:
    """Centres (r, c) of the clearest grouping into 2 to 10, None where no grouping is clear (Rousseeuw 1987)."""
    from sklearn.cluster import KMeans
    from sklearn.metrics import silhouette_score

    best, most = None, CLEAR_GROUPS
    different = len(np.unique(rows, axis=0))
    for k in range(2, min(MOST_REGIMES, different, len(rows) - 1) + 1):
        fit = KMeans(k, n_init=4, random_state=seed).fit(rows)
        clear = float(silhouette_score(rows, fit.labels_, sample_size=min(len(rows), 1000), random_state=seed))
        if clear > most:
            best, most = np.asarray(fit.cluster_centers_, float), clear
    return best


def _spread_out(n: int, most: int) -> Sequence[int] | NDArray[np.int64]:
    return np.linspace(0, n - 1, min(n, most)).astype(np.int64)
