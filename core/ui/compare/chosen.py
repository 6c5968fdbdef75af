"""Who is compared: two to six runs over the current dataset, in one order everywhere, one of them pinned.

Both are in the URL: ``with`` holds the first digits of the models' ids, ``pin`` those of the pinned one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

import streamlit as st

from core.charts.contestants import LOOKS, Look
from core.store.datasets import DatasetRow
from core.store.models import ModelRow
from core.store.runs import RunRow
from core.ui import rooms, state
from core.ui.labels import detector, labels

WITH, PIN = "with", "pin"  # names in the URL
LEAST, MOST = 2, len(LOOKS)
RATES = {"10 %": 0.1, "5 %": 0.05, "2 %": 0.02, "1 %": 0.01}


@dataclass(frozen=True)
class Chosen:
    """The runs, the models behind them and what they are called here, in one order; ``pinned`` is a place in it."""

    dataset: DatasetRow
    runs: tuple[RunRow, ...]
    models: tuple[ModelRow, ...]
    names: tuple[str, ...]
    pinned: int
    rate: float

    @property
    def looks(self) -> tuple[Look, ...]:
        return LOOKS[: len(self.runs)]

    @property
    def key(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """What everything drawn of them depends on: the runs, which never change under one id, and their names."""
        return tuple(run.id for run in self.runs), self.names

    @property
    def others(self) -> list[int]:
        """The places of all but the pinned one."""
        return [place for place in range(len(self.runs)) if place != self.pinned]


def joined(ids: Iterable[str]) -> str:
    """Model ids as they stand in the URL."""
    return ".".join(one[: state.SHORT] for one in ids)


def available(dataset: DatasetRow) -> list[tuple[RunRow, ModelRow]]:
    """The runs over a dataset with their models, oldest first: a new run changes nobody's colour."""
    models = {row.id: row for row in rooms.models().list()}
    found = [(run, models[run.model_id]) for run in rooms.runs().list(dataset.id) if run.model_id in models]
    return sorted(found, key=lambda pair: (pair[1].created_at, pair[1].id))


def of(dataset: DatasetRow, found: Sequence[tuple[RunRow, ModelRow]]) -> Chosen:
    """The runs that the URL names, else the newest six. At least two must be there."""
    picked = _asked(found)
    if len(picked) < LEAST:
        picked = list(found[-MOST:])
    names = labels({model.id: model.name for _, model in picked})
    pin = st.query_params.get(PIN, "")
    current = state.model()
    places = {model.id: place for place, (_, model) in enumerate(picked)}
    pinned = next((place for one, place in places.items() if len(pin) >= 8 and one.startswith(pin)), None)
    if pinned is None:
        pinned = places.get(current.id, 0) if current is not None else 0
    return Chosen(
        dataset=dataset,
        runs=tuple(run for run, _ in picked),
        models=tuple(model for _, model in picked),
        names=tuple(names[model.id] for _, model in picked),
        pinned=pinned,
        rate=RATES.get(st.session_state.get("promised", ""), 0.05),
    )


def chips(now: Chosen, found: Sequence[tuple[RunRow, ModelRow]]) -> Chosen:
    """A chip for each: its sign, its name, the pin and the way out; beside them who else could take part."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="contestants"):
        for place, (model, look) in enumerate(zip(now.models, now.looks, strict=True)):
            _chip(now, place, model, look)
        _add(now, [model for _, model in found if model not in now.models])
        st.space("stretch")
        st.selectbox(
            "Promised false alarms", list(RATES), index=1, key="promised", bind="query-params", width=170,
            help="Each detector is judged at its own limit for this rate, set on good parts that were held out from "
            "its training. No part counted here has a say in it.",
        )  # fmt: skip
    return now


def sign(look: Look) -> str:
    """The sign in its colour, as HTML."""
    return f'<span style="color:{look.colour};font-weight:700" aria-hidden="true">{look.sign}</span>'


def _chip(now: Chosen, place: int, model: ModelRow, look: Look) -> None:
    with st.container(
        horizontal=True, vertical_alignment="center", gap="xxsmall", border=True, width="content", key=f"chip-{place}"
    ):
        st.html(
            f'<span title="{escape(detector(model.detector))}" style="white-space:nowrap">{sign(look)} '
            f"{escape(now.names[place])}</span>",
            width="content",
        )
        pinned = place == now.pinned
        st.button(
            "", icon=":material/keep:", type="primary" if pinned else "tertiary", key=f"pin-{place}",
            help="The others are compared with this one" if pinned else "Compare the others with this one",
            on_click=_pin, args=(model.id,),
        )  # fmt: skip
        st.button(
            "", icon=":material/close:", type="tertiary", key=f"drop-{place}", disabled=len(now.models) <= LEAST,
            help=f"Leave «{now.names[place]}» out", on_click=_drop, args=(now, place),
        )  # fmt: skip


def _add(now: Chosen, rest: Sequence[ModelRow]) -> None:
    if not rest:
        return
    full = len(now.models) >= MOST
    with st.popover("Add", icon=":material/add:", disabled=full, key="add-contestant"):
        names = labels({model.id: f"{model.name} · {detector(model.detector)}" for model in rest})
        for model in rest:
            st.button(
                names[model.id], key=f"add-{model.id}", type="tertiary", on_click=_write,
                args=([*(one.id for one in now.models), model.id],),
            )  # fmt: skip


def _asked(found: Sequence[tuple[RunRow, ModelRow]]) -> list[tuple[RunRow, ModelRow]]:
    """Those that the URL names, in its order; unknown ones and those beyond the sixth are passed over."""
    parts = [part for part in st.query_params.get(WITH, "").split(".") if len(part) >= 8]
    picked = {pair[1].id: pair for part in parts for pair in found if pair[1].id.startswith(part)}
    return list(picked.values())[:MOST]


def _pin(model_id: str) -> None:
    st.query_params[PIN] = model_id[: state.SHORT]


def _drop(now: Chosen, place: int) -> None:
    _write([model.id for at, model in enumerate(now.models) if at != place])


def _write(ids: Sequence[str]) -> None:
    st.query_params[WITH] = joined(ids)
