"""What a dataset offers for training: good images, and the false-alarm rate that can be promised from them."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from core.datasets.checks import RECOMMENDED_GOOD
from core.datasets.wording import percent
from core.detectors.base import DetectorInfo
from core.detectors.calibration import Scheme
from core.detectors.training import planned_calibration
from core.store.datasets import DatasetRow
from core.ui import nav, rooms, words

NOTHING = "There is no good image to learn from. Add some on the Data page, or take excluded ones in again there."
ENOUGH = 20  # different good images below which a threshold is hardly worth its name
SCHEMES: dict[Scheme, str] = {
    "held-out": "set aside: the detector never learns from them, so that the promise is exact",
    "cross-fitted": "all of them in turn: five detectors each judge the part they had not seen (few images)",
}


@dataclass(frozen=True)
class Material:
    """Counts of images. ``different`` leaves out copies, ``calibration`` are those that set the threshold."""

    used: int
    excluded: int
    different: int
    scheme: Scheme
    calibration: int

    @property
    def lowest_rate(self) -> float:
        """The smallest false-alarm rate that the threshold can promise."""
        return 1 / (self.calibration + 1)


def of(row: DatasetRow, entry: DetectorInfo) -> Material:
    """What this detector gets from the dataset as it is now."""
    data, excluded = rooms.datasets().get(row.id), rooms.datasets().excluded(row.id)
    used = data.normals(excluded)
    different = len({item.sha256 for item in used.items})
    scheme, calibration = planned_calibration(entry, different)
    return Material(len(used), len(data.normals()) - len(used), different, scheme, calibration)


def show(row: DatasetRow, found: Material) -> None:
    """Four figures, and a sentence where they are too small."""
    with st.grid(4, min_column_width=150):
        st.metric(
            "Good images to learn from",
            f"{found.used:,}",
            border=True,
            help=f"Not labelled bad, in «{words.plain(row.name)}». {found.used - found.different} of them are copies.",
        )
        st.metric("Excluded by you", f"{found.excluded:,}", border=True, help="Choose which on the Data page.")
        st.metric(
            "Images for calibration",
            f"{found.calibration:,}",
            border=True,
            help=f"They set the threshold. They are {SCHEMES[found.scheme]}.",
        )
        st.metric(
            "Lowest false-alarm rate",
            percent(found.lowest_rate),
            border=True,
            help="With n images for calibration, no threshold can promise less than 1 / (n + 1) of good parts.",
        )
    if 0 < found.different < ENOUGH:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.warning(
                f"{few(found.different)} to learn from: {ENOUGH} or more make a usable threshold, {RECOMMENDED_GOOD} "
                "are recommended.",
                icon=":material/photo_library:",
            )
            st.page_link(nav.page("data"), label="Add images", icon=":material/add:")


def few(different: int) -> str:
    """How many there are, in words: ``There are only 3 different good images``."""
    return "There is only 1 good image" if different == 1 else f"There are only {different} different good images"
