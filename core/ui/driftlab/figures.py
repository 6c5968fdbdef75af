"""What a drift did, in numbers: false alarms, and the labelled events that are found later or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import streamlit as st

from core.datasets.wording import percent
from core.ui import words

if TYPE_CHECKING:
    from core.drift.blocks import Floats
    from core.drift.lab import Judged


def parts(before: Judged, after: Judged, onset: int) -> tuple[Floats, Floats, Floats]:
    """Surprise of normal steps: before the onset, after it as recorded, after it with the drift."""
    normal = before.unit.normal()
    steps = np.arange(len(normal))
    early = normal & (steps >= before.context - 1) & (steps < onset)
    late = normal & (steps >= onset)
    return before.surprise[early], before.surprise[late], after.surprise[late]


def sentence(before: Judged, after: Judged, onset: int, limit: float, rate: float) -> str:
    """What the drift does to the promise."""
    _, clean, drifted = parts(before, after, onset)
    if not len(drifted):
        return "There is no normal step after the onset: false alarms cannot be told."
    was, now = (float((one > limit).mean()) for one in (clean, drifted))
    kept = "keeps" if now <= 2 * rate else "breaks"
    return (
        f"The limit promises {percent(rate)} false alarms. With the drift **{percent(now, 2)}** of the normal steps "
        f"alarm, without it {percent(was, 2)}: the detector **{kept}** its promise."
    )


def metrics(before: Judged, after: Judged, onset: int, limit: float, rate: float) -> None:
    """Four figures in a row."""
    early, clean, drifted = parts(before, after, onset)
    with st.container(horizontal=True, gap="medium"):
        st.metric("Limit", f"{limit:.2f}", help=f"Surprise that {percent(rate)} of normal steps surpass")
        for label, values, base in (
            ("False alarms before", early, None),
            ("After, as recorded", clean, None),
            ("After, with the drift", drifted, clean),
        ):
            if len(values):
                share = float((values > limit).mean())
                change = None if base is None else f"{100 * (share - float((base > limit).mean())):+.2f} points"
                st.metric(label, percent(share, 2), change, delta_color="inverse")
        alarms = np.flatnonzero(after.surprise[onset:] > limit)
        first = f"{int(alarms[0]):,} steps" if len(alarms) else "none"
        st.metric("First alarm after the onset", first, help="Of the detector itself, right or not")


def events(before: Judged, after: Judged, onset: int, limit: float, labelled: Sequence[str]) -> None:
    """Labelled events after the onset: how late each is found with and without the drift. ``labelled`` are the
    recordings that have any."""
    from core.metrics.series.alarms import delays

    found = [one for one in before.unit.events or () if one.start >= onset]
    if not found:
        there = ", ".join(f"«{words.plain(name)}»" for name in labelled[:3])
        hint = f" Events are labelled in {there}." if there else ""
        st.caption(
            f"No labelled event begins after the onset: what the drift hides cannot be told on this recording.{hint}"
        )
        return
    spans = np.array([(one.start, one.stop) for one in found], np.int64)
    clean, drifted = (delays(one.surprise > limit, spans) for one in (before, after))
    hidden = int((np.isfinite(clean) & ~np.isfinite(drifted)).sum())
    st.markdown(
        f"**{words.count(int(np.isfinite(drifted).sum()), 'labelled event')}** of {len(found)} after the onset found "
        f"with the drift, {int(np.isfinite(clean).sum())} without it; {hidden} hidden by it."
    )
    with st.expander("Detection delay of each event", icon=":material/timer:"):
        st.dataframe(
            pd.DataFrame(
                {
                    "Event": [one.kind or "labelled" for one in found],
                    "From step": [one.start for one in found],
                    "Delay, steps": [_delay(one) for one in clean],
                    "with the drift": [_delay(one) for one in drifted],
                }
            ),
            hide_index=True,
            key="lab-events",
        )


def _delay(steps: float) -> str:
    return f"{steps:.0f}" if np.isfinite(steps) else "not found"
