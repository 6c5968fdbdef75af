"""Does a drift leave the labels true? A drift that makes normal running look like the fault is no drift but a fault.

The oracle is a classifier trained on drifted data with all labels: where it tells anomalies from normals nearly as well
as one trained on clean data, what made them anomalies is still there.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.metrics.ranking import auroc

LARGEST_DROP = 0.05
FOLDS = 5


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
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.model_selection import StratifiedKFold, cross_val_predict

    forest = RandomForestClassifier(100, min_samples_leaf=2, class_weight="balanced", random_state=seed)
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=seed)
    chances = cross_val_predict(forest, rows, label, cv=folds, method="predict_proba")[:, 1]
    found = auroc(chances, label)
    if found is None:
        raise ValueError("both classes are needed")
    return found
