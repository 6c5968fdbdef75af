"""Who is compared: two to six runs over the current dataset, in one order everywhere, one of them pinned.

Both are in the URL: ``with`` holds the first digits of the models' ids, ``pin`` those of the pinned one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

import streamlit as st

from core.charts.contestants import LOOKS, Look
from core.datasets.said import NOTHING, Said
from core.detectors.series.calibration import Mode
from core.store.datasets import DatasetRow
from core.store.models import ModelRow
from core.store.runs import RunRow
from core.ui import rooms, state, words
from core.ui.labels import detector, labels

WITH, PIN = "with", "pin"  # names in the URL
LEAST, MOST = 2, len(LOOKS)
RATES = {  # of false alarms that a limit promises, by kind of data; the first is the usual one
    "image": {"5 % of good parts": 0.05, "10 % of good parts": 0.1, "2 % of good parts": 0.02,
              "1 % of good parts": 0.01},
    "series": {"1 in 1,000 steps": 1e-3, "1 in 100 steps": 1e-2, "1 in 10,000 steps": 1e-4},
}  # fmt: skip
MODES: dict[str, Mode] = {"settled: with hindsight": "settled", "now: as it was known at once": "now"}


@dataclass(frozen=True)
class Chosen:
    """The runs, the models behind them and what they are called here, in one order; ``pinned`` is a place in it."""

    dataset: DatasetRow
    runs: tuple[RunRow, ...]
    models: tuple[ModelRow, ...]
    names: tuple[str, ...]
    pinned: int
    rate: float
    mode: Mode  # of recordings
    said: Said = NOTHING  # by people, of the images

    @property
    def looks(self) -> tuple[Look, ...]:
        return LOOKS[: len(self.runs)]

    @property
    def key(self) -> tuple[tuple[str, ...], tuple[str, ...], float, Mode, str]:
        """What everything drawn of them depends on: the runs, which never change under one id, what they are called,
        the promised rate, the mode, and what people said of the images."""
        return tuple(run.id for run in self.runs), self.names, self.rate, self.mode, self.said.id

    @property
    def brief(self) -> tuple[str, ...]:
        """The names without the words that all of them begin or end with, where something of each is left."""
        return shortened(self.names)

    @property
    def others(self) -> list[int]:
        """The places of all but the pinned one."""
        return [place for place in range(len(self.runs)) if place != self.pinned]


def joined(ids: Iterable[str]) -> str:
    """Model ids as they stand in the URL."""
    return ".".join(one[: state.SHORT] for one in ids)


def shortened(names: Sequence[str]) -> tuple[str, ...]:
    """Names without the words that all begin or end with: «PatchCore», «PaDiM» of «PatchCore on tiles», «PaDiM on
    tiles». As they are where one would be empty."""
    words_of = [name.split() for name in names]
    for end in (0, -1):
        while all(len(own) > 1 for own in words_of) and len({own[end] for own in words_of}) == 1:
            for own in words_of:
                own.pop(end)
    found = tuple(" ".join(own) for own in words_of)
    return found if len(set(found)) == len(set(names)) else tuple(names)


def available(dataset: DatasetRow) -> list[tuple[RunRow, ModelRow]]:
    """The runs over a dataset with their models, oldest first: a new run changes nobody's colour."""
    models = {row.id: row for row in rooms.models().list()}
    found = [(run, models[run.model_id]) for run in rooms.runs().list(dataset.id) if run.model_id in models]
    return sorted(found, key=lambda pair: (pair[1].created_at, pair[1].id))


def show(dataset: DatasetRow, found: Sequence[tuple[RunRow, ModelRow]], rate: float, mode: Mode) -> Chosen:
    """The chips of the runs that the URL names, else of the newest six; at least two must be there. Each chip has its
    sign, its name, the pin and the way out; beside them who else could take part."""
    picked = _asked(found)
    if len(picked) < LEAST:
        picked = list(found[-MOST:])
    names = labels({model.id: model.name for _, model in picked})
    models = [model for _, model in picked]
    pinned = _pinned(models)
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="contestants"):
        for place, model in enumerate(models):
            _chip(models, place, names[model.id], pinned=place == pinned)
        _add(models, [model for _, model in found if model not in models])
    return Chosen(
        dataset, tuple(run for run, _ in picked), tuple(models), tuple(names[one.id] for one in models), pinned, rate,
        mode, _said(dataset) if dataset.modality == "image" else NOTHING,
    )  # fmt: skip


def _said(dataset: DatasetRow) -> Said:
    """What people said that bears on a comparison: the rest must not call it out of date."""
    said = rooms.datasets().said(dataset.id)
    return said.bearing_on(rooms.datasets().get(dataset.id)) if said.id else said


def sign(look: Look) -> str:
    """The sign in its colour, as HTML."""
    return f'<span style="color:{look.colour};font-weight:700" aria-hidden="true">{look.sign}</span>'


def _pinned(models: Sequence[ModelRow]) -> int:
    """The place of the one that the URL pins, else of the current model, else the first."""
    asked, current = st.query_params.get(PIN, ""), state.model()
    for place, model in enumerate(models):
        if len(asked) >= 8 and model.id.startswith(asked):
            return place
    return next((place for place, model in enumerate(models) if current is not None and model.id == current.id), 0)


def limit(dataset: DatasetRow) -> tuple[float, Mode]:
    """The controls of what everybody is held to: the promised rate, and for recordings which score is judged."""
    mode: Mode = "settled"
    if dataset.modality == "series":
        mode = MODES[
            st.selectbox("Score", list(MODES), key="score", bind="query-params", width=230,
                         help="With hindsight a step is judged by all windows that hold it, at once by the past.")
        ]  # fmt: skip
    rates = RATES[dataset.modality]
    rate = st.selectbox(
        "Limits promise to flag at most", list(rates), key=f"promised-{dataset.modality}", bind="query-params",
        width=210,
        help="Each detector is judged at its own limit for this rate, set on normal data held out from its "
        "training. Nothing that is counted here has a say in it.",
    )  # fmt: skip
    return rates[rate], mode


def _chip(models: Sequence[ModelRow], place: int, name: str, *, pinned: bool) -> None:
    model = models[place]
    with st.container(
        horizontal=True, vertical_alignment="center", gap="xxsmall", border=True, width="content", key=f"chip-{place}"
    ):
        st.html(
            f'<span title="{escape(detector(model.detector))}" style="white-space:nowrap">{sign(LOOKS[place])} '
            f"{escape(name)}</span>",
            width="content",
        )
        st.button(
            "", icon=":material/keep:", type="primary" if pinned else "tertiary", key=f"pin-{place}",
            help="The others are compared with this one" if pinned else "Compare the others with this one",
            on_click=_pin, args=(model.id,),
        )  # fmt: skip
        st.button(
            "", icon=":material/close:", type="tertiary", key=f"drop-{place}", disabled=len(models) <= LEAST,
            help=f"Leave «{words.plain(name)}» out", on_click=_drop, args=(models, place),
        )  # fmt: skip


def _add(models: Sequence[ModelRow], rest: Sequence[ModelRow]) -> None:
    if not rest:
        return
    with st.popover("Add", icon=":material/add:", disabled=len(models) >= MOST, key="add-contestant"):
        names = labels({model.id: f"{model.name} · {detector(model.detector)}" for model in rest})
        for model in rest:
            st.button(
                words.plain(names[model.id]), key=f"add-{model.id}", type="tertiary", on_click=_write,
                args=([*(one.id for one in models), model.id],),
            )  # fmt: skip


def _asked(found: Sequence[tuple[RunRow, ModelRow]]) -> list[tuple[RunRow, ModelRow]]:
    """Those that the URL names, in its order; unknown ones and those beyond the sixth are passed over."""
    parts = [part for part in st.query_params.get(WITH, "").split(".") if len(part) >= 8]
    picked = {pair[1].id: pair for part in parts for pair in found if pair[1].id.startswith(part)}
    return list(picked.values())[:MOST]


def _pin(model_id: str) -> None:
    st.query_params[PIN] = model_id[: state.SHORT]


def _drop(models: Sequence[ModelRow], place: int) -> None:
    _write([model.id for at, model in enumerate(models) if at != place])


def _write(ids: Sequence[str]) -> None:
    st.query_params[WITH] = joined(ids)
