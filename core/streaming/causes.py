"""Which sensors are to blame, as far as the detectors themselves can tell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MOST = 5


@dataclass(frozen=True)
class Cause:
    """A sensor's share of the blame, 0 to 1, over all detectors involved and by each of them. ``deviation``: its mean
    distance from its usual value, in units of its usual spread; None where it gave no reading."""

    sensor: str
    share: float
    by: dict[str, float]
    deviation: float | None


def ranked(
    sensors: Sequence[str], parts: Mapping[str, NDArray[np.float64]], deviation: NDArray[np.float64]
) -> list[Cause]:
    """The ``MOST`` sensors most to blame, worst first.

    ``parts``: for each detector (d,) how much each sensor contributed at its worst step, >= 0. Each detector's parts
    are made shares of 1, and the detectors' shares are averaged: their own units differ.
    """
    shares = {}
    for name, part in parts.items():
        total = float(part.sum())
        if total > 0:
            shares[name] = part / total
    if not shares:
        return []
    mean = np.mean(list(shares.values()), axis=0)
    order = np.argsort(-mean, kind="stable")[:MOST]
    return [
        Cause(
            sensors[index],
            round(float(mean[index]), 4),
            {name: round(float(share[index]), 4) for name, share in shares.items()},
            round(float(deviation[index]), 3) if np.isfinite(deviation[index]) else None,
        )
        for index in order
        if mean[index] > 0
    ]
