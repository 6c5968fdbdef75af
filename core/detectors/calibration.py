"""From raw scores to promises: p-values and thresholds from normal images that the detector never learned from.

Split-conformal prediction (Vovk et al., Algorithmic Learning in a Random World, 2005; for detection Bates et al.,
Testing for Outliers with Conformal p-values, 2023): if a new good part is exchangeable with the n held-out good ones,
then the chance that its p-value is at most ``a`` is at most ``a``, whatever the detector is.

Of several categories each is calibrated by its own (``categories``), and scores are then those on their common axis:
``Calibration.place`` takes a detector's score there, and every p-value and threshold is of that axis.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from core.datasets.wording import percent
from core.detectors.base import ImageScore
from core.detectors.categories import CommonAxis
from core.errors import UserError

Scheme = Literal["held-out", "cross-fitted"]


@dataclass(frozen=True)
class Summary:
    """What calibration keeps of one scored normal image."""

    name: str
    category: str
    score: float
    maximum: float  # of its map
    median: float

    @classmethod
    def of(cls, scored: ImageScore, category: str) -> Summary:
        return cls(scored.name, category, scored.score, float(scored.map.max()), float(np.median(scored.map)))


@dataclass(frozen=True)
class ByCategory:
    """Where each category is calibrated by its own: the common axis of scores, that of the maxima of maps (None where
    maps do not tell the categories apart) and the usual value of a pixel of each category's good parts."""

    scores: CommonAxis
    maps: CommonAxis | None
    medians: Mapping[str, float]


@dataclass(frozen=True)
class Calibration:
    """Scores of n normal images, none scored by a model that had learned from it.

    ``scores`` (n,) and ``map_maxima`` (n,) are ascending, in the detector's units; ``map_median`` is the usual value
    of a pixel of a good part. Heatmap colours hang on the last two, so that they are the same for every image (of a
    category, where each has its own).
    ``scheme`` is ``held-out`` (the promise is exact) or ``cross-fitted`` (five models, each judging the images it
    had not seen: for few images, the promise is approximate). With ``categories`` the ``scores`` are those on the
    common axis; the promise holds about, but of each category.
    """

    scores: NDArray[np.float64]
    map_maxima: NDArray[np.float64]
    map_median: float
    scheme: Scheme
    categories: ByCategory | None = None

    def __post_init__(self) -> None:
        for values in (self.scores, self.map_maxima):
            if values.ndim != 1 or not len(values) or not np.isfinite(values).all() or (np.diff(values) < 0).any():
                raise ValueError("calibration scores are finite, ascending and at least one")
        if not math.isfinite(self.map_median):
            raise ValueError("the median of a calibration's maps is finite")

    @classmethod
    def of(cls, found: Sequence[Summary], scheme: Scheme) -> Calibration:
        """From held-out good images; by category where two of them have enough."""
        names = [one.category for one in found]
        raw, maxima = np.array([one.score for one in found]), np.array([one.maximum for one in found])
        axis = CommonAxis.fit(raw, names)
        categories = None
        if axis is not None:
            medians = {
                name: float(np.median([one.median for one in found if one.category == name]))
                for name in axis.categories
                if axis.knows(name)
            }
            categories = ByCategory(axis, CommonAxis.fit(maxima, names), medians)
        return cls(
            scores=np.sort(raw) if axis is None else axis.scores,
            map_maxima=np.sort(maxima),
            map_median=float(np.median([one.median for one in found])),
            scheme=scheme,
            categories=categories,
        )

    @property
    def n(self) -> int:
        return len(self.scores)

    @property
    def exact(self) -> bool:
        """Whether a promised rate is a bound, and not about the rate that will be seen."""
        return self.scheme == "held-out" and self.categories is None

    def place(self, scores: ArrayLike, category: str | None) -> NDArray[np.float64]:
        """A detector's scores of parts of a category as they are calibrated: on the common axis where there is one.
        Its p-values and thresholds are of these."""
        values = np.asarray(scores, float)
        return values if self.categories is None else self.categories.scores.place(values, category)

    @property
    def known(self) -> tuple[str, ...]:
        """The categories that are calibrated by their own good parts; none where all are calibrated together."""
        if self.categories is None:
            return ()
        return tuple(name for name in self.categories.scores.categories if self.categories.scores.knows(name))

    @property
    def lowest_rate(self) -> float:
        """The smallest false-alarm rate that n images can promise, 1 / (n + 1)."""
        return 1 / (self.n + 1)

    def p_value(self, scores: ArrayLike) -> NDArray[np.float64]:
        """(1 + #{calibration scores >= s}) / (n + 1): small for anomalous images."""
        above = self.n - np.searchsorted(self.scores, np.asarray(scores, float), side="left")
        return np.asarray((1 + above) / (self.n + 1))

    def far_beyond(self, scores: ArrayLike) -> NDArray[np.bool_]:
        """Which scores lie further above the largest calibration score than that lies above their median: further than
        good parts of the same kind are apart, so a large defect or another kind of part."""
        furthest = self.scores[-1]
        return np.asarray(np.asarray(scores, float) > 2 * furthest - np.median(self.scores))

    def reachable(self, rate: float) -> float:
        """``rate``, or the lowest that can be promised where that is higher."""
        return max(rate, self.lowest_rate)

    def threshold(self, rate: float) -> float:
        """The limit above which (strictly) a good part falls with probability at most ``rate``."""
        return self._limit(self.scores, rate)

    def map_threshold(self, rate: float, category: str | None = None) -> float:
        """The limit, in the detector's units, that no pixel of a good part exceeds, but for a share ``rate`` of good
        parts: of its category where that is calibrated by its own."""
        maps = self.categories.maps if self.categories is not None else None
        if maps is None or not maps.knows(category):
            return self._limit(self.map_maxima, rate)
        return maps.back(self._limit(maps.scores, rate), category)

    def colours(self, rate: float, category: str | None = None) -> tuple[float, float]:
        """Usual pixel and limit that a heatmap's colours hang on, the limit at ``rate`` or the lowest there is."""
        return self.usual_pixel(category), self.map_threshold(self.reachable(rate), category)

    def usual_pixel(self, category: str | None = None) -> float:
        """The usual value of a pixel of a good part: of its category where that is calibrated by its own."""
        if self.categories is None or category is None:
            return self.map_median
        return self.categories.medians.get(category, self.map_median)

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
                f"{self.n} held-out good images cannot promise a false-alarm rate of {percent(rate, 2)}",
                "",
                f"The lowest they can promise is {percent(self.lowest_rate, 2)}; train with more good images for a "
                "lower one",
            )
        return float(values[rank - 1])

    def to_json(self) -> dict[str, Any]:
        said: dict[str, Any] = {
            "scores": self.scores.tolist(),
            "map_maxima": self.map_maxima.tolist(),
            "map_median": self.map_median,
            "scheme": self.scheme,
        }
        if self.categories is not None:
            maps = self.categories.maps
            said["categories"] = {
                "scores": self.categories.scores.to_json(),
                "maps": None if maps is None else maps.to_json(),
                "medians": dict(self.categories.medians),
            }
        return said

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Calibration:
        if data.get("scheme") not in ("held-out", "cross-fitted"):
            raise ValueError("calibration scheme is unknown")
        return cls(
            np.asarray(data["scores"], float),
            np.asarray(data["map_maxima"], float),
            float(data["map_median"]),
            data["scheme"],
            _by_category(data["categories"]) if "categories" in data else None,
        )


def _by_category(data: Mapping[str, Any]) -> ByCategory:
    maps = data["maps"]
    medians = {str(name): float(value) for name, value in data["medians"].items()}
    return ByCategory(
        CommonAxis.from_json(data["scores"]), None if maps is None else CommonAxis.from_json(maps), medians
    )
