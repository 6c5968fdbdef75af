"""Several models' runs over the same images, reduced to what makes a fair comparison.

Counted is what every model scored and none of them learned from: the images of the test split (of all splits where
the dataset has no test split) that are «unseen» in every run and that nobody took out of the dataset. Labels are the
dataset's, and a person's own where it has none. A verdict is «bad» where the p-value is at most the
promised rate: the very same as a score above the model's own calibrated threshold, without knowing its units.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from core.compare.contestants import Contest, Contestant
from core.datasets.said import NOTHING, Said
from core.errors import UserError
from core.store.runfolder import Run

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

RATE = 0.05  # of false alarms, where nobody asked for another
COLUMNS = ["item", "category", "split", "label", "defect", "score", "p_value", "role"]


@dataclass(frozen=True, slots=True)
class LeftOut:
    """So many images (or recordings) that are not counted, and why, in words for a person."""

    n: int
    reason: str


@dataclass(frozen=True, eq=False)
class SideBySide(Contest[Run]):
    """m contestants over the same n images. Everything but ``scores`` is in units that compare."""

    items: tuple[str, ...]
    categories: tuple[str, ...]
    labels: tuple[str | None, ...]  # "good", "bad" or None
    defects: tuple[str | None, ...]
    scores: Floats  # (m, n), each row in its detector's units
    p_values: Floats  # (m, n)
    left_out: tuple[LeftOut, ...]
    unlabelled: int  # of the n images
    by_hand: int = 0  # of the n images: those that a person labelled, not the dataset
    said: Said = NOTHING

    def __len__(self) -> int:
        return len(self.items)

    @cached_property
    def known(self) -> Bools:
        """(n,) true where somebody said whether the part is good."""
        return np.array([label is not None for label in self.labels], bool)

    @cached_property
    def anomalous(self) -> Bools:
        """(n,) true where the part is labelled bad."""
        return np.array([label == "bad" for label in self.labels], bool)

    @property
    def n_good(self) -> int:
        return int((self.known & ~self.anomalous).sum())

    @property
    def n_bad(self) -> int:
        return int(self.anomalous.sum())

    @property
    def has_truth(self) -> bool:
        """Whether there are good and bad parts: without both, no figure against the truth exists."""
        return bool(self.n_good and self.n_bad)

    @cached_property
    def floors(self) -> Floats:
        """(m,) the lowest p-value that each model can give: one over its calibration images and one more. Where the
        model is not at hand, the lowest that its run holds."""
        return np.array(
            [
                one.calibration.lowest_rate if one.calibration is not None else float(own.min(initial=1.0))
                for one, own in zip(self.contestants, self.p_values, strict=True)
            ]
        )

    def promised(self, rate: float) -> Floats:
        """(m,) the false-alarm rate that each model is held to: the one asked for, or the lowest it can promise."""
        if not 0 < rate < 1:
            raise UserError(f"A false-alarm rate of {rate} is not between 0 and 1", "", "Give a share such as 0.05")
        lowest = [0.0 if one.calibration is None else one.calibration.lowest_rate for one in self.contestants]
        return np.maximum(rate, lowest)

    def flagged(self, rate: float = RATE) -> Bools:
        """(m, n) verdicts: true where the model calls the part bad at the promised rate."""
        # 1e-12: a p-value is a ratio of whole numbers, the rate may be the same ratio from another division.
        return np.asarray(self.p_values <= self.promised(rate)[:, None] * (1 + 1e-12))


def align(contestants: Sequence[Contestant[Run]], said: Said = NOTHING) -> SideBySide:
    """The images that all of them judged and none learned from, sorted by name, as people who ``said`` something of
    them see them.

    UserError where no image is left, or a run's scores cannot be read.
    """
    frames = [_read(one) for one in contestants]
    left: list[LeftOut] = []
    common = set(frames[0]["item"]).intersection(*(frame["item"] for frame in frames[1:]))
    everything = set[str]().union(*(frame["item"] for frame in frames))
    _note(left, len(everything - common), "not scored by every model")
    for one, frame in zip(contestants, frames, strict=True):
        learned = set(frame["item"][frame["role"] != "unseen"]) & common
        _note(left, len(learned), f"{one.name} was fitted or calibrated on them")
        common -= learned
    first = frames[0].set_index("item")
    tests = set(first.index[first["split"] == "test"])
    if tests:
        _note(left, len(common - tests), "kept for training")
        common &= tests
    _note(left, len(common & said.excluded), "taken out of the dataset by a person")
    common -= said.excluded
    if not common:
        raise UserError(
            "No image was judged by all of these models without one having learned from it",
            contestants[0].run.info.dataset_name,
            "Score the same test images with each of them",
        )
    items = sorted(common)
    rows = first.loc[items]
    placed = [frame.set_index("item").loc[items] for frame in frames]
    given = _words(rows["label"])
    labels = tuple(said.truth(name, label) for name, label in zip(items, given, strict=True))
    return SideBySide(
        contestants=tuple(contestants),
        items=tuple(items),
        categories=tuple(str(name) for name in rows["category"]),
        labels=labels,
        defects=_words(rows["defect"]),
        scores=np.array([frame["score"].to_numpy(float) for frame in placed]),
        p_values=np.array([frame["p_value"].to_numpy(float) for frame in placed]),
        left_out=tuple(left),
        unlabelled=sum(label is None for label in labels),
        by_hand=sum(now is not None and then is None for now, then in zip(labels, given, strict=True)),
        said=said,
    )


def _read(one: Contestant[Run]) -> pd.DataFrame:
    """The run's rows. UserError where they cannot be read, or are not one per image with a finite score."""
    damaged = UserError("The scores of this run are damaged", str(one.run.folder), "Score the dataset again")
    try:
        frame = one.run.scores()
    except (OSError, ValueError):  # pyarrow's errors are both
        raise damaged from None
    if not set(COLUMNS) <= set(frame) or frame["item"].duplicated().any():
        raise damaged
    if not np.isfinite(frame[["score", "p_value"]].to_numpy(float)).all():
        raise damaged
    return frame


def _note(left: list[LeftOut], n: int, reason: str) -> None:
    if n:
        left.append(LeftOut(n, reason))


def _words(values: pd.Series[str]) -> tuple[str | None, ...]:
    return tuple(value if isinstance(value, str) else None for value in values)
