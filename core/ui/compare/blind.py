"""Where each detector is blind: recall by kind and by size of the defect, by kind and by length of the event."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from core.charts import versus
from core.compare import groups
from core.compare.groups import GroupRecall
from core.datasets.wording import percent
from core.store.comparison import StoredComparison
from core.ui import blocks
from core.ui.compare import study as studies
from core.ui.compare import told as telling
from core.ui.compare.told import Told

MACHINES = 12  # shown
ALARMS = "false alarms"


def show(told: Told, study: StoredComparison | None) -> None:
    """By class; by category where there are several; by size where there are masks."""
    _categories(told)
    own = groups.recall_by_class(told.images, told.now.rate)
    if not own:
        st.caption("Recall needs anomalous parts among those that are counted.")
        return
    blocks.headed(
        "By class of defect",
        "Share of each class's parts that each detector calls bad at its own limit, with 95\u00a0% intervals (Wilson).",
        "A class on which all markers lie low is hard for everybody: more data or another view of the part may help. "
        "Where they lie apart, one detector sees what others do not.",
        "A class of few parts has wide intervals; intervals that overlap settle nothing.",
    )
    blocks.plot(_figure(told.key, "class", own, told), key="by-class", alt=_alt(told, own))
    if study is None:
        st.caption("Recall by the size of the defect comes with the comparison defect by defect above.")
        return
    sizes = groups.recall_by_size(told.images, _shares(told, study), told.now.rate)
    if not sizes:
        st.caption("Recall by the size of the defect needs masks.")
        return
    blocks.headed(
        "By size of defect",
        "The same, by how much of the picture the mask covers.",
        "From small to large. Small defects are usually the hardest; a detector that loses only the large ones takes "
        "them for the surface.",
        "The size is the mask's, all of its regions together.",
    )
    blocks.plot(_figure(told.key, study.id, sizes, told), key="by-size", alt=_alt(told, sizes))


def _categories(told: Told) -> None:
    """Good parts that are called bad, by kind of product: one limit should mean the same of each."""
    found = groups.by_category(told.images, told.now.rate)
    own = [one.false_alarms for one in found if one.false_alarms is not None]
    if own:
        blocks.headed(
            "False alarms by category",
            "Share of each kind's good parts that each detector calls bad at its own limit, with 95\u00a0% intervals "
            "(Wilson).",
            "The promised share is the same for all. A kind on which a detector lies far above it has a limit that is "
            "too tight for it; far below, defects are missed there.",
            "Models that were trained before limits were set by category hold all kinds to one; train them again.",
        )
        blocks.plot(_figure(told.key, ALARMS, own, told), key="by-category", alt=_alt(told, own))
    bad = [one.recall for one in found if one.recall is not None]
    if bad:
        blocks.headed(
            "Recall by category", "Share of each kind's defective parts that each detector calls bad at its own limit.",
            "Read it beside the false alarms above: a detector can buy one with the other.",
            "Kinds differ in how hard their defects are; a kind of few parts has wide intervals.",
        )  # fmt: skip
        blocks.plot(_figure(told.key, "recall by category", bad, told), key="recall-by-category", alt=_alt(told, bad))


def show_events(told: Told) -> None:
    """The same for events in recordings: by kind where the dataset names kinds, by length, by machine where there are
    several."""
    from core.compare import seriesgroups

    side, mode, rate = told.recordings, told.now.mode, told.now.rate
    if not side.events:
        st.caption("Recall needs labelled anomalies among the recordings that are counted.")
        return
    shows = "Share of the events{} in which each detector alarms at its own limit, with 95\u00a0% intervals (Wilson)."
    limits = (
        "An event counts as found by one alarmed step in it, so a detector that alarms often finds many by chance: see "
        "its false alarms. Groups of few events have wide intervals; intervals that overlap settle nothing."
    )

    def drawn(kind: str, own: Sequence[GroupRecall], says: str) -> None:
        blocks.headed(f"By {kind}", shows.format(f" of a {kind.split()[0]}"), says, limits)
        blocks.plot(_figure(told.key, kind, own, told), key=f"by-{kind.split()[0]}", alt=_alt(told, own))

    kinds = seriesgroups.recall_by_kind(side, telling.kinds(told), mode, rate)
    if kinds:
        drawn(
            "kind of event", kinds,
            "A kind on which all markers lie low is hard for everybody: another sensor may help. Where they lie apart, "
            "one detector sees what others do not.",
        )  # fmt: skip
    else:
        st.caption("The dataset does not say of which kind its anomalies are.")
    drawn(
        "length of event", seriesgroups.recall_by_length(side, mode, rate),
        "From short to long. A short event gives a detector few chances; one that loses only the long ones takes a "
        "slow change for what is usual.",
    )  # fmt: skip
    machines = seriesgroups.recall_by_machine(side, mode, rate)
    hardest = sorted(machines, key=lambda one: sum(one.recall))[:MACHINES]
    if hardest:
        drawn(
            "machine", hardest,
            "A machine on which all markers lie low may run otherwise than it did in training: look at its recordings.",
        )  # fmt: skip
    if len(hardest) < len(machines):
        st.caption(f"The {MACHINES} of {len(machines)} machines on which the detectors together find least.")


def _shares(told: Told, study: StoredComparison) -> np.ndarray:
    """(n,) the share of each image that its mask covers."""
    found = dict(zip(*(studies.items(study)[column] for column in ("item", "mask_share")), strict=True))
    return np.array([found.get(item, np.nan) for item in told.images.items])


def _alt(told: Told, own: Sequence[GroupRecall]) -> str:
    return "; ".join(
        f"{group.name}: "
        + ", ".join(f"{name} {percent(r, 0)}" for name, r in zip(told.now.names, group.recall, strict=True))
        for group in own
    )


@st.cache_resource(max_entries=32, show_spinner=False)
def _figure(key: object, kind: str, _own: Sequence[GroupRecall], _told: Told) -> go.Figure:
    noun, share = "parts" if _told.over_images else "events", kind if kind == ALARMS else "recall"
    return versus.grouped([(one.name, one.n, one.recall, one.ci95) for one in _own], _told.now.names, noun, share)
