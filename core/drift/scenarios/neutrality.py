"""Does a drift leave the labels true? A drift that makes normal running look like the fault is no drift but a fault.

The oracle is a discriminant trained on drifted data with all labels: where it tells anomalies from normals nearly as
well as one trained on clean data, what made them anomalies is still there.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.metrics.ranking import auroc

LARGEST_DROP = 0.05
FOLDS = 5
RIDGE = 0.1  # of the mean variance


@dataclass(frozen=True)
class Neutrality:
    """Cross-fitted AUROC of the oracle on clean and on drifted data."""

    clean: float
    drifted: float

    @property
    def drop(self) -> float:
        return self.clean - self.drifted

    @property
    def neutral(self) -> bool:
        return self.drop < LARGEST_DROP


def neutrality(
    clean: NDArray[np.floating], drifted: NDArray[np.floating], label: NDArray[np.bool_], seed: int = 0
) -> Neutrality:
    """The same samples (n, D) before and after a drift, with labels (n,). ValueError for fewer than five of a class."""
    if min(label.sum(), (~label).sum()) < FOLDS:
        raise ValueError(f"at least {FOLDS} normals and {FOLDS} anomalies are needed")
    return Neutrality(_oracle(clean, label, seed), _oracle(drifted, label, seed))


def _oracle(rows: NDArray[np.floating], label: NDArray[np.bool_], seed: int) -> float:
    """Cross-fitted linear discriminant on standardised columns and their squares."""
    scaled = np.asarray(rows, np.float64)
    scaled = (scaled - scaled.mean(axis=0)) / np.maximum(scaled.std(axis=0), 1e-9)
    columns = np.concatenate([scaled, np.square(scaled)], axis=1)
    fold = np.empty(len(label), np.int64)
    generator = np.random.default_rng(seed)
    for one in (False, True):
        places = generator.permutation(np.flatnonzero(label == one))
        fold[places] = np.arange(len(places)) % FOLDS
    scores = np.empty(len(label))
    for k in range(FOLDS):
        train, test = fold != k, fold == k
        scores[test] = columns[test] @ _discriminant(columns[train], label[train])
    # Folds are compared with themselves alone: a discriminant's zero differs from fold to fold.
    found = [auroc(scores[fold == k], label[fold == k]) for k in range(FOLDS)]
    return float(np.mean([value for value in found if value is not None]))


def _discriminant(rows: NDArray[np.float64], label: NDArray[np.bool_]) -> NDArray[np.float64]:
    means = [rows[label == one].mean(axis=0) for one in (False, True)]
    within = np.concatenate([rows[~label] - means[0], rows[label] - means[1]])
    covariance = within.T @ within / len(within)
    ridge = RIDGE * np.trace(covariance) / len(covariance) * np.eye(len(covariance))
    return np.linalg.solve(covariance + ridge, means[1] - means[0])
