"""Scores to probabilities, by Platt's sigmoid on predictions that were made before their labels were learned.

Replay changes how many anomalies a network sees, and with it what its outputs mean: without this step, losses that
are weighted by probabilities would compare calibrations instead of detectors.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.continual.types import Array

KEPT = 1000  # predictions with their labels, the newest
WAITING = 4096  # predictions whose labels are under way
EVERY = 20  # updates between two fits
NEWTON = 8  # iterations
RIDGE = 1e-3  # on the deviation of the slope from 1


class Platt:
    """``p = sigmoid(a z + b)``. Begins as the plain sigmoid."""

    def __init__(self) -> None:
        self._slope, self._offset, self._updates = 1.0, 0.0, 0
        self._waiting = (np.empty(0, np.int64), np.empty(0, np.float32))
        self._logit, self._label = np.empty(0, np.float32), np.empty(0, bool)

    def __call__(self, logits: Array) -> Array:
        return np.asarray(1 / (1 + np.exp(-np.clip(self._slope * logits + self._offset, -30, 30))), np.float32)

    def predicted(self, ids: NDArray[np.int64], logits: Array) -> None:
        """Remember what was said of samples before their labels came."""
        known, said = self._waiting
        self._waiting = (np.concatenate([known, ids])[-WAITING:], np.concatenate([said, logits])[-WAITING:])

    def told(self, ids: NDArray[np.int64], label: NDArray[np.bool_]) -> None:
        """The labels of some of them have come."""
        known, places, mine = np.intersect1d(self._waiting[0], ids, return_indices=True)
        if not len(known):
            return
        self._logit = np.concatenate([self._logit, self._waiting[1][places]])[-KEPT:]
        self._label = np.concatenate([self._label, label[mine]])[-KEPT:]
        keep = np.ones(len(self._waiting[0]), bool)
        keep[places] = False
        self._waiting = (self._waiting[0][keep], self._waiting[1][keep])
        self._updates += 1
        if self._updates % EVERY == 0:
            self._fit()

    def arrays(self) -> dict[str, NDArray[Any]]:
        own = np.array([self._slope, self._offset, self._updates])
        ids, logits = self._waiting
        return {"own": own, "ids": ids, "logits": logits, "logit": self._logit, "label": self._label}

    def restore(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        self._slope, self._offset, updates = (float(value) for value in arrays["own"])
        self._updates, self._waiting = int(updates), (arrays["ids"].copy(), arrays["logits"].copy())
        self._logit, self._label = arrays["logit"].copy(), arrays["label"].copy()

    def _fit(self) -> None:
        """Newton's method on Platt's smoothed targets (Advances in Large Margin Classifiers, 1999)."""
        positive = int(self._label.sum())
        negative = len(self._label) - positive
        target = np.where(self._label, (positive + 1) / (positive + 2), 1 / (negative + 2))
        z = self._logit.astype(np.float64)
        a, b = self._slope, self._offset
        for _ in range(NEWTON):
            p = 1 / (1 + np.exp(-np.clip(a * z + b, -30, 30)))
            weight = np.maximum(p * (1 - p), 1e-6)
            gradient = np.array([((p - target) * z).sum() + RIDGE * (a - 1), (p - target).sum()])
            cross = (weight * z).sum()
            hessian = np.array([[(weight * z * z).sum() + RIDGE, cross], [cross, weight.sum() + RIDGE]])
            step = np.linalg.solve(hessian, gradient)
            a, b = a - step[0], b - step[1]
        if a > 0 and np.isfinite([a, b]).all():  # a slope below 0 would turn the ranking round: the last one stays
            self._slope, self._offset = float(a), float(b)
