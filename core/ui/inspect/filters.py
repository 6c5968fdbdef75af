"""Which parts are shown, and in which order. All of it is in the URL."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import pandas as pd
import streamlit as st

from core.ui.verdicts import LOOKS

ALL, FALSE_POSITIVES, FALSE_NEGATIVES, YOURS = "All", "False positives", "False negatives", "Labelled by you"
SHOWN = (ALL, FALSE_POSITIVES, FALSE_NEGATIVES, YOURS)
OUTCOMES = {FALSE_POSITIVES: "false positive", FALSE_NEGATIVES: "false negative"}
ANY_CATEGORY, ANY_CLASS, ANY_VERDICT = "All categories", "All classes", "Any verdict"
UNKNOWN = "no label"
WORST, CALMEST, CLOSEST, NAME = "Most anomalous first", "Least anomalous first", "Closest to a limit first", "By name"
ORDERS = (WORST, CALMEST, CLOSEST, NAME)
PAGE = "page"


@dataclass(frozen=True)
class Filters:
    """What the user wants to see."""

    shown: str = ALL
    category: str = ANY_CATEGORY
    part_class: str = ANY_CLASS
    verdict: str = ANY_VERDICT
    text: str = ""
    order: str = WORST

    @property
    def active(self) -> bool:
        chosen = (self.shown, self.category, self.part_class, self.verdict, self.text)
        return chosen != (ALL, ANY_CATEGORY, ANY_CLASS, ANY_VERDICT, "")


def bar(frame: pd.DataFrame) -> Filters:
    """Draw the controls. A change goes back to the first page."""
    hidden: Literal["collapsed"] = "collapsed"  # each control says by its value what it is
    with st.container(horizontal=True, vertical_alignment="center", key="filters"):
        shown = st.segmented_control(
            "Show", SHOWN, default=ALL, required=True, key="show", bind="query-params", on_change=_first_page,
            help="False positive: a good part that is not accepted. False negative: a bad part that is accepted.",
            label_visibility=hidden,
        )  # fmt: skip
        categories, category = sorted(set(frame["category"])), ANY_CATEGORY
        if len(categories) > 1:
            category = st.selectbox(
                "Category", [ANY_CATEGORY, *categories], key="category", bind="query-params", width=170,
                on_change=_first_page, label_visibility=hidden,
            )  # fmt: skip
        part_class = st.selectbox(
            "Class", [ANY_CLASS, *classes(frame)], key="class", bind="query-params", width=150, on_change=_first_page,
            label_visibility=hidden,
        )  # fmt: skip
        verdict = st.selectbox(
            "Verdict", [ANY_VERDICT, *(look.word for look in LOOKS.values())], key="verdict", bind="query-params",
            width=140, on_change=_first_page, label_visibility=hidden,
        )  # fmt: skip
        order = st.selectbox(
            "Order", ORDERS, key="order", bind="query-params", width=200, on_change=_first_page, label_visibility=hidden
        )
        text = st.text_input(
            "Name", key="find", bind="query-params", type="search", placeholder="Part of a name", width=180,
            on_change=_first_page, label_visibility=hidden,
        )  # fmt: skip
    return Filters(shown or ALL, category, part_class, verdict, (text or "").strip(), order)


def _first_page() -> None:
    st.session_state[PAGE] = 1


def classes(frame: pd.DataFrame) -> list[str]:
    """The classes in a table, good ones first, those without a label last."""
    found = set(part_classes(frame))
    named = sorted(found - {"good", UNKNOWN})
    return [name for name in ("good",) if name in found] + named + [name for name in (UNKNOWN,) if name in found]


def part_classes(frame: pd.DataFrame) -> pd.Series:
    """The defect class of each part; "good", "bad" where the defect has no name, or "no label"."""
    return frame["defect"].fillna(frame["truth"]).fillna(UNKNOWN)


def apply(frame: pd.DataFrame, filters: Filters, limits: tuple[float, float]) -> pd.DataFrame:
    """The rows that pass, in order. ``frame`` is a ``scored.table``; ``limits`` are needed for the closest ones."""
    keep = pd.Series(True, index=frame.index)
    if filters.shown in OUTCOMES:
        keep &= frame["outcome"] == OUTCOMES[filters.shown]
    elif filters.shown == YOURS:
        keep &= frame["yours"].notna()
    if filters.category != ANY_CATEGORY:
        keep &= frame["category"] == filters.category
    if filters.part_class != ANY_CLASS:
        keep &= part_classes(frame) == filters.part_class
    if filters.verdict != ANY_VERDICT:
        keep &= frame["verdict"] == filters.verdict.lower()
    if filters.text:
        keep &= frame["item"].str.contains(filters.text, case=False, regex=False)
    rows = frame[keep]
    if filters.order == NAME:
        return rows.sort_values("item", ignore_index=True)
    if filters.order == CALMEST:
        return rows.sort_values(["score", "item"], ignore_index=True)
    if filters.order == CLOSEST:
        distance = (rows["score"] - limits[0]).abs().combine((rows["score"] - limits[1]).abs(), min)
        return rows.loc[distance.sort_values(kind="stable").index].reset_index(drop=True)
    return rows.reset_index(drop=True)
