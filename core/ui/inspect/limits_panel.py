"""Where to put the two limits: scores, the promise of each limit, and what they lead to."""

from __future__ import annotations

import math

import pandas as pd
import streamlit as st

from core.charts.counts import confusion_matrix
from core.charts.scores import score_histogram
from core.datasets.wording import percent
from core.metrics.verdicts import verdict_table
from core.ui import blocks, bycategory, words
from core.ui.inspect import costs, limits
from core.ui.inspect.scored import Scored, counted
from core.ui.verdicts import LOOKS, REJECT_RATE, REVIEW_RATE, Limits, bound

SLIDER, FIELD = "limits-slider", "limit-"
SLIDER_PAD = 5  # pixels left and right of a slider's track
INK = {False: "#17222B", True: "#E8EEF2"}  # the text of the light and dark theme
STEPS = 1000  # that a handle can take over the whole axis


def show(scored: Scored, frame: pd.DataFrame, now: Limits) -> None:
    """``frame`` is the whole ``scored.table`` at the limits ``now``."""
    blocks.headed(
        "Scores of good and bad parts",
        "How many parts have which score: good, bad (hatched) and, in grey, without a label.",
        "Parts up to the first limit are accepted, parts over the second are rejected, a person looks at those "
        "between. Move both with the slider below, or type them; the tables follow.",
        "Bars lie over each other. Limits that are chosen by looking at test images make their figures too good.",
    )
    known = counted(frame)
    drawn = known if len(known) else frame
    figure = score_histogram(drawn["score"], drawn["truth"].tolist(), accept=now.review, reject=now.reject)
    # The slider below has no room for an axis beside it: the numbers go inside, so that handles stand under limits.
    figure.update_layout(
        margin={"l": SLIDER_PAD, "r": SLIDER_PAD},
        yaxis={"automargin": False, "ticklabelposition": "inside top", "title": {"text": None}},
    )
    blocks.plot(figure, key="histogram", alt=_histogram_words(drawn, now))
    low, high = figure.layout.xaxis.range
    step = 10.0 ** math.floor(math.log10((high - low) / STEPS))
    _slider(scored, now, low, high, step)
    left_out(len(frame), len(known))
    _promises(scored, now, step)
    bycategory.table(scored.calibration, {"review": now.review, "reject": now.reject}, key="limits-by-category")
    left, right = st.columns([4, 5], gap="large")
    with left:
        _matrix(known)
    with right:
        costs.show(scored, known, now)


def left_out(n_all: int, n_known: int) -> None:
    """What the figures do not count, and why."""
    if not n_known:
        st.caption("The model was fitted or calibrated on every one of these images: do not judge it by their scores.")
    elif n_known < n_all:
        st.caption(f"{words.count(n_all - n_known, 'image')} that the model was fitted or calibrated on are left out.")


def _histogram_words(frame: pd.DataFrame, now: Limits) -> str:
    good, bad = (int((frame["truth"] == truth).sum()) for truth in ("good", "bad"))
    return (
        f"Histogram of the scores of {good} good and {bad} bad parts, with the limits "
        f"{words.score(now.review)} and {words.score(now.reject)}"
    )


def _slider(scored: Scored, now: Limits, low: float, high: float, step: float) -> None:
    # The stored limits are the truth: the slider shows them, and a handle that was not touched keeps every digit.
    st.session_state[SLIDER] = (max(now.review, low), min(max(now.reject, low), high))
    st.slider(
        "Limits: review and reject", low, high, step=step, format=f"%.{_decimals(step)}f",
        key=SLIDER, on_change=_moved, args=(scored, now, step), label_visibility="collapsed",
    )  # fmt: skip


def _moved(scored: Scored, before: Limits, step: float) -> None:
    review, reject = st.session_state[SLIDER]
    # The browser rounds both handles to the step, also the one that stayed where it was.
    kept = [
        old if abs(old - new) <= 0.51 * step else new for old, new in ((before.review, review), (before.reject, reject))
    ]
    limits.put(scored, Limits(min(kept), max(kept)))


def _typed(scored: Scored, before: Limits, verdict: str) -> None:
    """The limit that was typed counts: the other one gives way where it would lie on the wrong side."""
    value = st.session_state[FIELD + verdict]
    review, reject = (value, max(value, before.reject)) if verdict == "review" else (min(value, before.review), value)
    limits.put(scored, Limits(review, reject))


def _decimals(step: float) -> int:
    """Digits after the point of numbers that go by such steps."""
    return max(0, -math.floor(math.log10(step)))


def _promises(scored: Scored, now: Limits, step: float) -> None:
    """Each limit as a number that can be typed, and what is promised above it."""
    with st.container(horizontal=True, vertical_alignment="center", key="promises"):
        for verdict, limit in (("review", now.review), ("reject", now.reject)):
            look, rate = LOOKS[verdict], scored.calibration.promised_rate(limit)  # type: ignore[index]
            st.markdown(f"{look.badge} above", width="content")
            st.session_state[FIELD + verdict] = limit
            st.number_input(
                f"{verdict.capitalize()} above", key=FIELD + verdict, step=step, format=f"%.{_decimals(step / 10)}f",
                on_change=_typed, args=(scored, now, verdict), label_visibility="collapsed", width=150,
            )  # fmt: skip
            st.markdown(f"{bound(scored.calibration, limit)} {percent(rate)} of good parts", width="content")
        st.space("stretch")
        st.button(
            "Reset", icon=":material/restart_alt:", key="limits-reset", disabled=not limits.moved(scored),
            on_click=limits.put, args=(scored, None), help="Back to the limits that the calibration gives",
        )  # fmt: skip
    st.caption(_origin(scored))


def _origin(scored: Scored) -> str:
    calibration = scored.calibration
    how = "held out from training" if calibration.scheme == "held-out" else "scored by models that had not seen them"
    text = f"Promised by {words.count(calibration.n, 'good image')} {how}; no test image takes part. "
    if calibration.known:
        text += "Scores of all categories are on one axis, where each has the same share of good parts above a limit. "
    if limits.moved(scored):
        return f"{text}The limits were moved: {limits.source(scored)}."
    lowest = calibration.lowest_rate
    unreachable = [rate for rate in (REVIEW_RATE, REJECT_RATE) if rate < lowest]
    if unreachable:
        asked = " and ".join(percent(rate) for rate in unreachable)
        return f"{text}{asked} would be usual, but {percent(lowest)} is the lowest that so few can promise."
    return (
        f"{text}The limits are the lowest with {bound(calibration)} {percent(REVIEW_RATE)} of good parts above "
        f"the review limit and {bound(calibration)} {percent(REJECT_RATE)} above the reject limit."
    )


def _matrix(known: pd.DataFrame) -> None:
    blocks.headed(
        "Verdicts and labels",
        "How many good and bad parts get each verdict at these limits.",
        "The share is of all parts with that label. Framed in vermillion is what went wrong.",
        "Labels are the dataset's, or yours where it has none. Shares depend on how hard these parts are.",
    )
    figure = confusion_matrix(verdict_table(known["verdict"], known["truth"].tolist()), ink=INK[blocks.dark()])
    blocks.plot(figure, key="confusion", alt=_matrix_words(known))


def _matrix_words(known: pd.DataFrame) -> str:
    parts = []
    for truth in ("good", "bad"):
        own = known["verdict"][known["truth"] == truth]
        parts.append(
            f"of {len(own)} {truth} parts " + ", ".join(f"{(own == verdict).sum()} {verdict}" for verdict in LOOKS)
        )
    return f"Verdicts against labels: {'; '.join(parts)}"
