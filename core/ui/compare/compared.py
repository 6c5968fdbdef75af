"""What the engine says of the chosen runs, kept by run: a run never changes under its id."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import streamlit as st

from core.compare import disagreements, figures, pairs
from core.compare.contestants import Contestant, image_contestants
from core.compare.sidebyside import SideBySide, align
from core.store.runfolder import Run
from core.ui import rooms, words
from core.ui.compare.chosen import Chosen

Key = tuple[tuple[str, ...], tuple[str, ...]]  # run ids and the names that they go under


@dataclass(frozen=True, eq=False)
class Compared:
    """The chosen runs over the images that all of them may be judged on."""

    now: Chosen
    side: SideBySide

    @property
    def pinned(self) -> str:
        return self.now.names[self.now.pinned]

    @property
    def key(self) -> tuple[Key, float]:
        """What every figure depends on, except the pinned one."""
        return self.now.key, self.now.rate


def of(now: Chosen) -> Compared:
    """UserError where the runs have no image in common that none learned from."""
    return Compared(now, _side(now.key, now))


@st.cache_resource(max_entries=8, show_spinner=False)
def _side(key: Key, _now: Chosen) -> SideBySide:
    contestants: Sequence[Contestant[Run]] = image_contestants(rooms.workspace(), key[0])
    return align([replace(one, name=name) for one, name in zip(contestants, key[1], strict=True)])


def all_pairs(found: Compared) -> list[pairs.Pair]:
    return _pairs(found.key, found.side)


def against_pinned(found: Compared) -> list[pairs.Pair]:
    """Every other one against the pinned one, in the order of the chips."""
    return pairs.against(all_pairs(found), found.now.pinned)


def rows(found: Compared) -> list[figures.Row]:
    return _rows(found.key, found.side)


def guessing(found: Compared) -> figures.Row:
    return _guessing(found.key, found.side)


def disagreeing(found: Compared, between: Sequence[int] | None = None) -> list[disagreements.Disagreement]:
    """All images on which they disagree, the starkest first."""
    return _disagreeing(found.key, None if between is None else tuple(between), found.side)


def protocol(found: Compared) -> str:
    """How many images are counted, what was left out and why, and where the limits come from. As Markdown."""
    side = found.side
    parts = f"{words.count(side.n_good, 'good image')} and {side.n_bad} anomalous"
    if side.unlabelled:
        parts += f"; {side.unlabelled} more have no label and take part in agreement only"
    left = "; ".join(f"{one.n} left out: {words.plain(one.reason)}" for one in side.left_out)
    return (
        f"Counted: {parts}, those of «{words.plain(side.dataset_name)}» that every detector scored and none learned "
        f"from{f' ({left})' if left else ''}. Limits come from good images held out of training; the test set chooses "
        "no threshold. Intervals are 95 %."
    )


@st.cache_resource(max_entries=16, show_spinner=False)
def _pairs(key: Any, _side: SideBySide) -> list[pairs.Pair]:
    return pairs.image_pairs(_side, key[1])


@st.cache_resource(max_entries=16, show_spinner=False)
def _rows(key: Any, _side: SideBySide) -> list[figures.Row]:
    return figures.image_rows(_side, key[1])


@st.cache_resource(max_entries=16, show_spinner=False)
def _guessing(key: Any, _side: SideBySide) -> figures.Row:
    return figures.random_row(_side, key[1])


@st.cache_resource(max_entries=32, show_spinner=False)
def _disagreeing(key: Any, between: tuple[int, ...] | None, _side: SideBySide) -> list[disagreements.Disagreement]:
    return disagreements.disagreements(_side, key[1], between=between, top=None)
