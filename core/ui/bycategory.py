"""What limits mean for each category of a model that is calibrated by category."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from core.compare.heldout import held_out
from core.datasets.wording import percent
from core.detectors.calibration import Calibration
from core.ui import blocks, words

TITLE = "Limits by category"


def table(calibration: Calibration, limits: Mapping[str, float], key: str) -> None:
    """A row per category, with a pair of columns for each of the ``limits`` (name, place on the common axis). Nothing
    where all are calibrated together."""
    found = {name: held_out(calibration, limit) for name, limit in limits.items()}
    first = next(iter(found.values()))
    if not first:
        return
    blocks.headed(
        TITLE,
        "For each kind of product: how many good parts calibrate it, where each limit lies in the detector's own "
        "distances, and how many of these good parts lie above it.",
        "Kinds differ in how far their good parts lie from what was learned. Scores are brought to one axis, so that "
        "one limit means the same share of false alarms in each kind; the shares in a column should agree within "
        "their intervals.",
        "Few good parts leave wide intervals (Wilson, 95\u00a0%). A kind with too few, or one that the model never "
        "saw, is judged by the rank among all of them together.",
    )
    rows = []
    for place, one in enumerate(first):
        row = {
            "Category": one.category,
            "Good parts": one.n,
            "Calibrated by": "its own good parts" if one.own else "all together: too few of its own",
        }
        for name, own in found.items():
            row[f"{name.capitalize()} limit, detector's score"] = own[place].limit
            low, high = own[place].ci95
            row[f"Good parts above {name}"] = f"{percent(own[place].rate, 1)} ({percent(low, 1)} to {percent(high, 1)})"
        rows.append(row)
    number = st.column_config.NumberColumn(format="%.3g")
    st.dataframe(
        rows, hide_index=True, height="content", key=key,
        alt=f"{TITLE}: {words.count(len(first), 'category', 'categories')}",
        column_config={f"{name.capitalize()} limit, detector's score": number for name in limits},
    )  # fmt: skip


def judged_as(calibration: Calibration, category: str) -> str:
    """By what a part of a category is judged, in words; empty where all are calibrated together."""
    if not calibration.known or calibration.categories is None:
        return ""
    if category in calibration.known:
        n = calibration.categories.scores.categories[category].n
        return f"calibrated by {words.count(n, 'good part')} of its own"
    return "not one that the model has limits of its own for: judged by all of its kinds together"
