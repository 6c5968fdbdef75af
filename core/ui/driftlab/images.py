"""The lab for a detector of photographs: a drift of camera or light, and what follows from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import streamlit as st

from core.charts import driftlab as charts
from core.datasets.wording import percent
from core.drift.state import ViewName
from core.store.datasets import DatasetRow
from core.store.models import ModelRow
from core.ui import blocks, errors, rooms, words
from core.ui.driftlab import dial, imagetrial, loading, noticed

if TYPE_CHECKING:
    from core.drift.imagelab import JudgedImages, Sample

VIEWS: dict[ViewName, str] = {"input": "Light and focus", "bulk": "Score", "latent": "Code of the backbone (latent)"}
RATES = {"5 in 100": 0.05, "1 in 100": 0.01, "1 in 1,000": 0.001}
MOST_EXAMPLES = 40
STREAM = 100  # photographs that the dial's steps are counted in, about


def show(dataset: DatasetRow, model: ModelRow) -> None:
    """The dial, and all that depends on it. The detector is loaded when it is asked for, and stays."""
    if not loading.asked_for(
        model,
        f"Put another light or another camera before the photographs of «{words.plain(dataset.name)}» and see what "
        "becomes of score, limit and verdicts. The data stay as they are.",
    ):
        return
    asked, rate = _dialled(dataset, model)
    chosen = imagetrial.sample(asked)
    detector, calibration = imagetrial.model(asked.model_id)
    if getattr(detector.params, "tile", 0):
        st.warning(
            "This model judges photographs tile by tile at their own size. Here they are at most 512 pixels a side: "
            "its scores are other ones than on Inspect, and its limit does not promise for them.",
            icon=":material/grid_on:",
        )
    limit = calibration.threshold(calibration.reachable(rate))
    before, after = imagetrial.clean(asked), imagetrial.changed(asked)
    n = len(chosen.good)
    st.markdown(_sentence(before, after, n, limit, calibration.reachable(rate)) + f" {dial.told(asked.drift)}")
    _metrics(before, after, n, limit)
    left, right = st.columns([3, 2], gap="large")
    with left:
        _distribution(before, after, n, limit)
    with right:
        _example(asked, chosen, before, after, limit)
    with errors.shown():
        _noticed(asked)
    st.caption(
        f"Judged are {words.count(n, 'good photograph')} and {len(chosen.bad)} bad ones that the model has never seen, "
        f"at most 512 pixels a side; {len(chosen.reference)} others tell the detectors of drift what is usual. "
        "Your own labels count where the data have none; what you left out of training or are unsure of plays no part."
    )


def _dialled(dataset: DatasetRow, model: ModelRow) -> tuple[imagetrial.Asked, float]:
    with (
        st.container(border=True, key="lab-dial"),
        st.container(horizontal=True, vertical_alignment="bottom", gap="medium"),
    ):
        promised = st.selectbox(
                "Good parts that alarm", list(RATES), key="rate", bind="query-params", width=190,
                help="What the limit promises on parts like those that calibrate the model; the lowest that they can "
                "promise where that is higher.",
            )  # fmt: skip
        kind = dial.kind("image")
        drift, onset = dial.drift(kind, STREAM, "photographs")
        order = st.number_input(
                "Order", 1, 99, 1, key="order", bind="query-params", width=110,
                help="The photographs come in a random order: another number, another order.",
            )  # fmt: skip
    said = rooms.datasets().said(dataset.id)
    return imagetrial.Asked(model.id, dataset.id, drift, onset / STREAM, int(order), said), RATES[promised]


def _sentence(before: JudgedImages, after: JudgedImages, n: int, limit: float, rate: float) -> str:
    was, now = (float((one.score[:n] > limit).mean()) for one in (before, after))
    ends = _ends(int((after.score[:n] > limit).sum()), n)
    broken = ends[0] > rate
    said = (
        f"The limit promises {percent(rate)} false alarms. With the drift **{percent(now, 1)}** of the good parts alarm"
    )
    verdict = "**breaks**" if broken else "does not certainly break"
    missed = ""
    if len(after.score) > n:
        found = before.score[n:] > limit
        lost = int((found & ~(after.score[n:] > limit)).sum())
        missed = f" It hides {lost} of the {words.count(int(found.sum()), 'bad part')} found without it."
    return f"{said}, without it {percent(was, 1)}: the drift {verdict} the promise.{missed}"


def _metrics(before: JudgedImages, after: JudgedImages, n: int, limit: float) -> None:
    from core.metrics.ranking import auroc

    with st.container(horizontal=True, gap="medium"):
        st.metric("Limit", f"{limit:.2f}")
        for label, part, missed in (("False alarms", slice(0, n), False), ("Missed", slice(n, None), True)):
            for when, one, base in (("as they are", before, None), ("with the drift", after, before)):
                values = one.score[part]
                if not len(values):
                    continue
                hits = int(((values <= limit) if missed else (values > limit)).sum())
                low, high = _ends(hits, len(values))
                change, note = None, " Where every part alarms none is missed: that is no gain." if missed else ""
                if base is not None:
                    then = (base.score[part] <= limit) if missed else (base.score[part] > limit)
                    change = f"{100 * (hits / len(values) - float(then.mean())):+.1f} points"
                st.metric(
                    f"{label} {when}", percent(hits / len(values), 1), change,
                    delta_color="off" if missed else "inverse",
                    help=f"{hits} of {len(values)}; 95\u00a0% interval {percent(low, 1)} to {percent(high, 1)}.{note}",
                )  # fmt: skip
        truth = np.arange(len(before.score)) >= n
        was, now = auroc(before.score, truth), auroc(after.score, truth)
        if was is not None and now is not None:
            st.metric("AUROC with the drift", f"{now:.3f}", f"{now - was:+.3f}", help=f"{was:.3f} without it")


def _distribution(before: JudgedImages, after: JudgedImages, n: int, limit: float) -> None:
    blocks.headed(
        "Distribution of the score",
        "Every photograph as it is and with the whole drift, good and bad ones apart; a bar is the median.",
        "What moves right of the limit among the good ones are false alarms, what moves left of it among the bad ones "
        "is missed. Drift that moves both alike can be met by another limit; drift that mixes them cannot.",
        "A bounded sample: the intervals beside the figures say how much it can tell.",
    )
    groups = [
        (f"{word}, {when}", one.score[part], drifted)
        for word, part in (("Good", slice(0, n)), ("Bad", slice(n, None)))
        for when, one, drifted in (("as it is", before, False), ("drifted", after, True))
        if len(one.score[part])
    ]
    alt = "; ".join(f"{name}: median {np.median(values):.2f}" for name, values, _ in groups)
    blocks.plot(charts.populations(groups, limit, "score"), key="lab-distribution", alt=alt)


def _example(
    asked: imagetrial.Asked, chosen: Sample, before: JudgedImages, after: JudgedImages, limit: float
) -> None:  # fmt: skip
    blocks.headed(
        "One part",
        "A photograph without and with the drift, under the heatmap of the detector.",
        "Orange is above what the calibration allows a pixel of a good part. The parts that the drift moved most come "
        "first.",
        "Colours are the model's own: they do not follow the picture.",
    )
    items = (*chosen.good, *chosen.bad)
    frame = pd.DataFrame({"name": [item.name for item in items], "moved": np.abs(after.score - before.score)})
    names = frame.sort_values("moved", ascending=False, kind="stable")["name"].tolist()[:MOST_EXAMPLES]
    several = len({item.category for item in items}) > 1
    labels = {
        item.name: f"{word}, {item.category}" if several else word
        for word, side in (("good", chosen.good), ("bad", chosen.bad))
        for item in side
    }
    name = st.selectbox(
        "Part", names, key="lab-part", format_func=lambda one: f"{labels[one]}: {words.short(one)}",
        label_visibility="collapsed",
    )  # fmt: skip
    for place, column in enumerate(st.columns(2)):
        picture, score = imagetrial.example(asked, name, drifted=bool(place))
        verdict = "above the limit" if score > limit else "below the limit"
        when = "with the drift" if place else "as it is"
        column.image(picture, width="stretch", alt=f"{name} {when}: score {score:.2f}, {verdict}")
        column.caption(f"{when}: **{score:.2f}**, {verdict}")


def _noticed(asked: imagetrial.Asked) -> None:
    noticed.headed(
        "Every detector of drift on light and focus (brightness, contrast, warmth, sharpness, fall-off, blocks), on "
        "the score, and on the compact backbone's code, photograph by photograph, a few bad parts among them.",
        "A photograph is a block, and each comes once.",
    )
    found, stream = imagetrial.noticed(asked)
    noticed.show(found, VIEWS, stream.onset, len(stream.place), "photograph")


def _ends(hits: int, n: int) -> tuple[float, float]:
    from core.metrics.intervals import wilson

    return wilson(hits, n) or (0.0, 1.0)
