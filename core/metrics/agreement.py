"""How far detectors agree with each other, whatever the truth is."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.metrics.ranks import midranks

Floats = NDArray[np.float64]


def cohen_kappa(verdicts: ArrayLike) -> Floats:
    """(m, m) Cohen's kappa between rows of (m, n) yes-or-no verdicts (Educational and Psychological Measurement 20,
    1960): agreement beyond what the two rates of «yes» give by chance; 1 is full. NaN where both rows say the same of
    every part: chance alone would agree as well."""
    said = np.asarray(verdicts, float)
    n = said.shape[1]
    yes = said.mean(axis=1)
    both = said @ said.T / n
    agreed = 1 - yes[:, None] - yes[None, :] + 2 * both
    chance = yes[:, None] * yes[None, :] + (1 - yes[:, None]) * (1 - yes[None, :])
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(chance < 1, (agreed - chance) / (1 - chance), np.nan))


def spearman(scores: ArrayLike) -> Floats:
    """(m, m) Spearman's rank correlation between rows of (m, n) scores, ties sharing their mean rank; NaN where a row
    has one value only."""
    ranks = midranks(scores)
    centred = ranks - ranks.mean(axis=1, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        unit = centred / np.sqrt((centred**2).sum(axis=1, keepdims=True))
    return np.asarray(unit @ unit.T)
