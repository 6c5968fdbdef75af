"""From raw scores to promises: p-values and thresholds from normal images that the detector never learned from.

Split-conformal prediction (Vovk et al., Algorithmic Learning in a Random World, 2005; for detection Bates et al.,
Testing for Outliers with Conformal p-values, 2023): if a new good part is exchangeable with the n held-out good ones,
then the chance that its p-value is at most ``a`` is at most ``a``, whatever the detector is.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.errors import UserError

Scheme = Literal["held-out", "cross-fitted"]


@dataclass(frozen=True)
class Calibration:
    """Scores of n normal images, none scored by a model that had learned from it.

    ``scores`` (n,) and ``map_maxima`` (n,) are ascending, in the detector's units; ``map_median`` is the usual value
    of a pixel of a good part. Heatmap colours hang on the last two, so that they are the same for every image.
    ``scheme`` is ``held-out`` (the promise is exact) or ``cross-fitted`` (five models, each judging the images it
    had not seen: for few images, the promise is approximate).
    """

    scores: NDArray[np.float64]
    map_maxima: NDArray[np.float64]
    map_median: float
    scheme: Scheme

    def __post_init__(self) -> None:
        for values in (self.scores, self.map_maxima):
            if values.ndim != 1 or not len(values) or not np.isfinite(values).all() or (np.diff(values) < 0).any():
                raise ValueError("calibration scores are finite, ascending and at least one")
        if not math.isfinite(self.map_median):
            raise ValueError("the median of a calibration's maps is finite")

    @property
    def n(self) -> int:
        return len(self.scores)

    @property
    def lowest_rate(self) -> float:
        """The smallest false-alarm rate that n images can promise, 1 / (n + 1)."""
        return 1 / (self.n + 1)

    def p_value(self, scores: ArrayLike) -> NDArray[np.float64]:
        """(1 + #{calibration scores >= s}) / (n + 1): small for anomalous images."""
        above = self.n - np.searchsorted(self.scores, np.asarray(scores, float), side="left")
        return np.asarray((1 + above) / (self.n + 1))

    def reachable(self, rate: float) -> float:
        """``rate``, or the lowest that can be promised where that is higher."""
        return max(rate, self.lowest_rate)

    def threshold(self, rate: float) -> float:
        """The limit above which (strictly) a good part falls with probability at most ``rate``."""
        return self._limit(self.scores, rate)

    def map_threshold(self, rate: float) -> float:
        """The limit that no pixel of a good part exceeds, but for a share ``rate`` of good parts."""
        return self._limit(self.map_maxima, rate)

    def promised_rate(self, threshold: float) -> float:
        """The false-alarm rate that a threshold chosen by hand promises."""
        return float((1 + np.sum(self.scores > threshold)) / (self.n + 1))

    def _limit(self, values: NDArray[np.float64], rate: float) -> float:
        if not 0 < rate < 1:
            raise UserError(f"A false-alarm rate of {rate} is not between 0 and 1", "", "Give a share such as 0.05")
        # 1e-9: (n + 1)(1 - rate) is often a whole number that floating point lands just above.
        rank = math.ceil((self.n + 1) * (1 - rate) - 1e-9)
        if rank > self.n:
            raise UserError(
                f"{self.n} held-out good images cannot promise a false-alarm rate of {rate:.2%}",
                "",
                f"The lowest they can promise is {self.lowest_rate:.2%}; train with more good images for a lower one",
            )
        return float(values[rank - 1])

    def to_json(self) -> dict[str, Any]:
        return {
            "scores": self.scores.tolist(),
            "map_maxima": self.map_maxima.tolist(),
            "map_median": self.map_median,
            "scheme": self.scheme,
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Calibration:
        if data.get("scheme") not in ("held-out", "cross-fitted"):
            raise ValueError("calibration scheme is unknown")
        return cls(
            np.asarray(data["scores"], float),
            np.asarray(data["map_maxima"], float),
            float(data["map_median"]),
            data["scheme"],
        )
