"""Detectors that judge a step by how far it is from a one-step prediction: what ARIMA and Kalman share."""

from __future__ import annotations

import json
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from core.detectors.base import Params
from core.detectors.series.arrays import load_arrays, save_arrays
from core.detectors.series.contract import Pushed, Scores, SeriesDetector, SeriesStream, Signal
from core.detectors.series.likelihood import pieces
from core.detectors.series.recursion import NO_GATE, Recursion
from core.detectors.series.statespace import AXES, Array, Systems
from core.errors import UserError
from core.progress import Progress

CONTEXT = 20  # steps after which a filter that starts from nothing predicts about as well as it ever will
SHORTEST = 40  # steps: fewer would be spent on that start
MOST_FITTED = 2000  # steps per sensor: more hardly change an estimate and cost time
BLOCK = 1000  # steps between two looks at whether the user wants to stop
MOST_CHECKED = 50_000  # steps over which the predictions' variance is checked
FEWEST_READINGS = 20  # in a piece that a sensor is fitted on
MOST_SYSTEMS = 10_000  # filters side by side when many windows are scored: bounds the memory
STILL = 1e-6  # variance, in usual spreads, of a sensor that does not move
LEAST_VARIANCE = 1e-4  # of a prediction: 1 % of the usual spread, lest a sensor be trusted to be exact
STANDING_STILL = "still"
ABOUT = "models.json"


@dataclass(frozen=True)
class Fitted:
    """One sensor's model, what it is called, and whether its likelihood was maximised."""

    system: Systems
    name: str
    converged: bool


class InnovationDetector(SeriesDetector):
    """Score: the mean over the sensors with a reading of NIS = v^2 / F, about 1 on normal steps. A sensor's part is its
    share of the mean; the parts add up to the score. Steps are settled at once.

    The models are fitted sensor by sensor on at most ``MOST_FITTED`` steps. Over all normal steps each one's variances
    are then scaled so that its mean NIS is 1: its gain stays, its claim to precision is put to the test.
    """

    def __init__(self, params: Params, seed: int = 0) -> None:
        super().__init__(params, seed)
        self._systems: Systems  # once fitted
        self._about: list[dict[str, Any]] = []

    @abstractmethod
    def fit_sensor(self, stretches: Sequence[Array], progress: Progress) -> Fitted:
        """Fit one sensor that moves on stretches (n,) with NaN where there was no reading."""

    @property
    def gate(self) -> float:
        """NIS beyond which a reading does not move the state."""
        return NO_GATE

    @property
    def patience(self) -> int:
        """Gated readings in a row after which a sensor starts afresh."""
        return 1

    @property
    def context(self) -> int:
        return CONTEXT

    @property
    def shortest(self) -> int:
        return SHORTEST

    def fit(self, normals: Sequence[Signal], progress: Progress) -> None:
        normals = [one for one in normals if len(one) >= self.shortest]
        if not normals:
            raise UserError(
                "There is nothing to learn from", self.info.title, f"Give stretches of at least {self.shortest} steps"
            )
        chosen = pieces(normals, self.shortest, MOST_FITTED)
        d = normals[0].shape[1]
        found = []
        for sensor in range(d):
            progress.report(sensor, d + 1, f"Fitting sensor {sensor + 1} of {d}")
            found.append(self._fit_one([one[:, sensor].astype(np.float64) for one in chosen], progress))
        progress.report(d, d + 1, "Checking the predictions")
        systems = Systems.joined([one.system for one in found])
        still = np.array([one.name == STANDING_STILL for one in found])
        scale = variance_scale(systems, still, normals, progress)
        self._systems = systems.scaled(scale)
        self._about = [
            {"model": one.name, "converged": one.converged, "variance_scale": round(float(by), 6)}
            for one, by in zip(found, scale, strict=True)
        ]
        progress.report(d + 1, d + 1, "Fitted")

    def stream(self) -> SeriesStream:
        return _InnovationStream(Recursion(self._systems, self.gate, self.patience))

    def score_windows(self, windows: NDArray[np.float32]) -> NDArray[np.float64]:
        size = max(MOST_SYSTEMS // windows.shape[2], 1)
        blocks = [self._last_scores(windows[start : start + size]) for start in range(0, len(windows), size)]
        return np.concatenate([np.zeros(0), *blocks])

    def save(self, folder: Path) -> None:
        save_arrays(folder, self._systems.arrays())
        (folder / ABOUT).write_text(json.dumps(self._about), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path, params: Params, seed: int) -> Self:
        detector = cls(params, seed)
        arrays = load_arrays(folder, AXES)
        s, m = arrays["z"].shape
        if any(array.shape != (s, m, m)[: array.ndim] for array in arrays.values()):
            raise UserError("The model's state does not fit itself", str(folder), "Train it again or upload it again")
        detector._systems = Systems(**arrays)
        detector._about = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
        return detector

    def provenance(self) -> dict[str, Any]:
        return {"sensors": self._about}

    def _last_scores(self, windows: NDArray[np.float32]) -> Array:
        """Every window's sensors as sensors of one wide machine."""
        b, t, d = windows.shape
        recursion = Recursion(self._systems.repeated(b), self.gate, self.patience)
        nis, known = recursion.push(windows.transpose(1, 0, 2).reshape(t, b * d))
        return _scores(nis[-1].reshape(b, d), known[-1].reshape(b, d)).score

    def _fit_one(self, stretches: Sequence[Array], progress: Progress) -> Fitted:
        read = [one for one in stretches if np.isfinite(one).sum() >= FEWEST_READINGS]
        known = np.concatenate([one[np.isfinite(one)] for one in read] or [np.zeros(0)])
        if not len(known) or known.var() < STILL:
            # A sensor that does not move has no dynamics, and its unit already is the spread it is granted.
            return Fitted(Systems.noise(float(known.mean()) if len(known) else 0.0, 1.0), STANDING_STILL, True)
        return self.fit_sensor(read, progress)


class _InnovationStream(SeriesStream):
    def __init__(self, recursion: Recursion) -> None:
        self._recursion = recursion
        self._width = recursion.width

    def push(self, values: Signal) -> Pushed:
        scores = _scores(*self._recursion.push(values))
        return Pushed(scores, scores)

    def close(self) -> Scores:
        return Scores.joined([], self._width)


def _scores(nis: Array, known: NDArray[np.bool_]) -> Scores:
    parts = nis / np.maximum(known.sum(axis=1), 1)[:, None]
    return Scores(parts.sum(axis=1), parts.astype(np.float32))


def variance_scale(systems: Systems, still: NDArray[np.bool_], normals: Sequence[Signal], progress: Progress) -> Array:
    """(s,) what the variances of ``systems`` are to be multiplied by: the mean NIS over normal stretches (n, s), the
    first steps of each left out. Not so small that a variance would fall below the least; a sensor that stands
    ``still`` (s,) keeps the variance of 1 that it was granted, or gets more."""
    total, count, room = np.zeros(len(systems)), np.zeros(len(systems)), MOST_CHECKED
    least = np.where(still, LEAST_VARIANCE, np.inf)
    for one in normals:
        recursion = Recursion(systems)
        for start in range(0, min(len(one), room), BLOCK):
            progress.checkpoint()
            nis, known = recursion.push(one[start : min(start + BLOCK, room)])
            begin = CONTEXT if start == 0 else 0
            total += nis[begin:].sum(axis=0)
            count += known[begin:].sum(axis=0)
            least = np.minimum(least, recursion.variance)
        room -= min(len(one), room)
    mean = np.where(count > 0, total / np.maximum(count, 1), 1.0)
    return np.maximum(mean, LEAST_VARIANCE / least)
