"""The answer in words over the differences to the pinned detector, with their intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import plotly.graph_objects as go
import streamlit as st

from core.charts import versus
from core.charts.versus import Measured
from core.compare import sentences
from core.store.comparison import StoredComparison
from core.ui import blocks, words
from core.ui.compare import effects
from core.ui.compare import study as studies
from core.ui.compare.told import Told


def show(told: Told, study: StoredComparison | None) -> None:
    """Words first; then the forest plot; then the way to what is not known yet."""
    if not told.has_truth:
        st.markdown("### Nobody said what is good and what is bad")
        st.markdown(
            "So nothing tells who is right. Beside this is where the detectors disagree: what a person says about "
            "those is worth most."
        )
        return
    found = effects.available(told, study)
    for sentence in headline(told, study, found):
        st.markdown(sentence)
    for broken in sentences.broken_promises(told.evidence.rows, told.now.rate):
        st.caption(f":material/warning: {words.plain(broken)}.")
    _forest(told, study, found)
    if study is None:
        studies.ask(told)


def headline(told: Told, study: StoredComparison | None, found: Mapping[str, list[Measured]]) -> list[str]:
    """Who is better than the pinned one, as Markdown: a heading, what tells one rival apart, the others."""
    pinned = words.plain(told.pinned)
    if not found:
        rivals = told.against_pinned
        other = words.plain(told.now.names[rivals[0].first]) if len(rivals) == 1 else "the others"
        return [
            f"### {pinned} and {other}, {'part by part' if told.over_images else 'event by event'}",
            *(line for one in rivals for line in _about(told, study, one.first)),
        ]
    rows = next(iter(found.values()))
    better = sorted((row for row in rows if row.sure and row.value > 0), key=lambda row: -row.value)
    worse = [row for row in rows if row.sure and row.value < 0]
    if better:
        head = f"### {words.plain(better[0].name)} ranks better than {pinned}"
    elif worse:
        head = f"### Nobody ranks better than {pinned}"
    else:
        head = f"### No difference to {pinned} that {told.evidence.counted} could show"
    rival = effects.best(rows)
    groups = {"better too": better, "worse": worse, "not told apart": [row for row in rows if not row.sure]}
    line = "; ".join(
        f"{word}: " + ", ".join(f"**{words.plain(row.name)}**" for row in group if row is not rival)
        for word, group in groups.items()
        if any(row is not rival for row in group)
    )
    others = [f"{line[0].upper()}{line[1:]}."] if line else []
    return [head, *_about(told, study, rival.place), *others]


def _about(told: Told, study: StoredComparison | None, rival: int) -> list[str]:
    """Everything about one rival and the pinned one, a sentence a line."""
    pair = next(one for one in told.against_pinned if one.first == rival)
    found = []
    if pair.auroc is not None and pair.auroc_ci95 is not None:
        found.append(sentences.auroc(pair, told.now.names, told.evidence.counted))
    if study is not None:
        found += _studied(told, study, told.now.models[rival].id)
    found.append(sentences.verdicts(pair, told.now.names))
    return ["  \n".join(f"{words.plain(sentence)}." for sentence in found)]


def _studied(told: Told, study: StoredComparison, model: str) -> list[str]:
    """What the study says of the rival by its first figure: defect by defect, or by resampling."""
    figure = effects.figure(told, effects.SHOWN[told.now.dataset.modality][0])
    return [
        sentences.per_defect(one, told.by_id)
        if one.n
        else sentences.difference(one, figure, told.by_id, told.evidence.counted)
        for one in studies.against(told, study, figure)
        if one.first == model
    ]


def _forest(told: Told, study: StoredComparison | None, found: Mapping[str, list[Measured]]) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        blocks.headed(
            "Differences" if found else "Figures",
            "How far each detector lies from the pinned one on the very same data, with 95\u00a0% intervals: AUROC by "
            "DeLong's closed form, the others by resampling, the same resamples for all.",
            "Right of the dashed line is higher than the pinned detector. A filled marker is a difference that chance "
            "does not explain; an open one may be none. Intervals of two figures may overlap and their difference be "
            "sure all the same.",
            "Significance is corrected (Holm) over all pairs shown here, not over all that one could look at. Of "
            "false alarms lower is better.",
        )
        if len(found) > 1:
            name = st.segmented_control(
                "By", list(found), default=next(iter(found)), required=True, key="by", bind="query-params",
                label_visibility="collapsed",
            ) or next(iter(found))  # fmt: skip
        else:
            name = next(iter(found), "")
    rows = found.get(name) or _values(told)
    if not rows:
        st.caption(
            "Their stored figures are of other steps or another score. The comparison by resampling measures them."
        )
        return
    title = name or told.evidence.titles[told.evidence.main]
    drawn = (told.key, told.now.pinned, study.id if study else "")
    blocks.plot(
        _figure(drawn, title, bool(found), told.now.brief[told.now.pinned], _brief(told, rows)),
        key="forest",
        alt=_alt(rows, title, told.pinned if found else None),
    )


@st.cache_resource(max_entries=64, show_spinner=False)
def _figure(key: object, title: str, difference: bool, pinned: str, _rows: Sequence[Measured]) -> go.Figure:
    return versus.forest(_rows, pinned, title, difference=difference)


def _brief(told: Told, rows: Sequence[Measured]) -> list[Measured]:
    """The rows with names that fit beside a narrow chart."""
    return [replace(row, name=told.now.brief[row.place]) for row in rows]


def _values(told: Told) -> list[Measured]:
    """The main figure of everybody with its own interval, where no differences are known yet."""
    main = told.evidence.main
    return [
        Measured(place, row.name, value, *row.ci95.get(main, (None, None)))
        for place, row in enumerate(told.evidence.rows)
        if (value := row.figures.get(main)) is not None
    ]


def _alt(rows: Sequence[Measured], title: str, pinned: str | None) -> str:
    form = "+.3f" if pinned else ".3f"
    to = f" to {pinned}" if pinned else ""
    return f"{title}: " + "; ".join(f"{row.name} {row.value:{form}}{to}" for row in rows)
