"""What a comparison tells at once, for images and for recordings, kept by the runs that it is about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import streamlit as st

from core.compare import disagreements, figures, pairs, sentences
from core.compare.contestants import image_contestants, series_contestants
from core.compare.disagreements import Agreement, Disagreement
from core.compare.figures import Row
from core.compare.pairs import Pair
from core.compare.sidebyside import SideBySide, align
from core.datasets.said import Said
from core.detectors.series.calibration import Mode
from core.store.comparisons import RESAMPLES, SERIES_RESAMPLES
from core.ui import rooms, words
from core.ui.compare.chosen import Chosen

if TYPE_CHECKING:
    from core.compare.seriesbyside import SeriesSideBySide
    from core.compare.seriescurves import LimitCurve
    from core.compare.seriesfigures import Moment
    from core.store.comparison import StoredComparison

Key = tuple[Any, ...]


@dataclass(frozen=True, eq=False)
class Evidence:
    """What does not depend on which detector is pinned. ``baselines`` stand beside the rows: what guessing gets."""

    side: Any  # SideBySide or SeriesSideBySide
    rows: list[Row]
    baselines: list[Row]
    pairs: list[Pair]
    protocol: str
    counted: str
    titles: Mapping[str, str]
    lower_is_better: frozenset[str]
    main: str  # the figure that detectors are first judged by
    resamples: int  # of the study


@dataclass(frozen=True, eq=False)
class Told:
    """The chosen runs and what is known of them."""

    now: Chosen
    evidence: Evidence

    @property
    def pinned(self) -> str:
        """The name of the pinned one."""
        return self.now.names[self.now.pinned]

    @property
    def by_id(self) -> dict[str, str]:
        """Names by model id."""
        return {model.id: name for model, name in zip(self.now.models, self.now.names, strict=True)}

    @property
    def key(self) -> Key:
        """What every chart depends on, except the pinned one: a run never changes under its id."""
        return self.now.key

    @property
    def against_pinned(self) -> list[Pair]:
        """Every other one against the pinned one, in the order of the chips."""
        return pairs.against(self.evidence.pairs, self.now.pinned)

    @property
    def images(self) -> SideBySide:
        """Of a comparison over images."""
        side: SideBySide = self.evidence.side
        return side

    @property
    def recordings(self) -> SeriesSideBySide:
        """Of a comparison over recordings."""
        side: SeriesSideBySide = self.evidence.side
        return side

    @property
    def has_truth(self) -> bool:
        """Whether there is good and bad to be right about."""
        return bool(self.evidence.side.has_truth)

    @property
    def over_images(self) -> bool:
        return self.now.dataset.modality == "image"


def of(now: Chosen) -> Told:
    """UserError where the runs have nothing in common that none of them learned from."""
    return Told(now, _of_images(now.key, now) if now.dataset.modality == "image" else _of_recordings(now.key, now))


def agreement(told: Told) -> Agreement:
    return _agreement(told.key, told)


def disagreeing(told: Told, between: tuple[int, ...] | None = None) -> list[Disagreement]:
    """All images on which they disagree, the starkest first; ``between``: only these detectors."""
    return _disagreeing(told.key, between, told)


def moments(told: Told) -> list[Moment]:
    """All stretches of recordings on which they disagree, the starkest first."""
    return _moments(told.key, told)


def curves(told: Told, study: StoredComparison) -> list[LimitCurve]:
    """What every limit would have made of the recordings, in the order of the chips; empty without labels."""
    return _curves(study.id, told.now.mode, tuple(model.id for model in told.now.models), study)


def kinds(told: Told) -> tuple[str, ...]:
    """What the dataset calls each of the events."""
    return _kinds(tuple(run.id for run in told.now.runs), told)


@st.cache_resource(max_entries=8, show_spinner=False)
def _images(runs: tuple[str, ...], names: tuple[str, ...], said: str, _said: Said) -> SideBySide:
    found = image_contestants(rooms.workspace(), runs)
    return align([replace(one, name=name) for one, name in zip(found, names, strict=True)], _said)


@st.cache_resource(max_entries=8, show_spinner=False)
def _recordings(runs: tuple[str, ...], names: tuple[str, ...]) -> SeriesSideBySide:
    from core.compare.seriesbyside import align_series

    found = series_contestants(rooms.workspace(), runs)
    return align_series([replace(one, name=name) for one, name in zip(found, names, strict=True)])


@st.cache_resource(max_entries=16, show_spinner=False)
def _of_images(key: Key, _now: Chosen) -> Evidence:
    side, rate = _images(tuple(run.id for run in _now.runs), _now.names, _now.said.id, _now.said), _now.rate
    return Evidence(
        side,
        figures.image_rows(side, rate),
        [figures.random_row(side, rate)],
        pairs.image_pairs(side, rate),
        sentences.protocol(side, rate),
        words.count(side.n_good + side.n_bad, "image"),
        figures.TITLES,
        figures.LOWER_IS_BETTER,
        "image_auroc",
        RESAMPLES,
    )


@st.cache_resource(max_entries=16, show_spinner=False)
def _of_recordings(key: Key, _now: Chosen) -> Evidence:
    from core.compare import seriesfigures

    side, rate, mode = _recordings(tuple(run.id for run in _now.runs), _now.names), _now.rate, _now.mode
    return Evidence(
        side,
        seriesfigures.series_rows(side, mode, rate),
        seriesfigures.baseline_rows(side, rate),
        seriesfigures.series_pairs(side, mode, rate),
        sentences.series_protocol(side, rate),
        f"{words.count(len(side.units), 'recording')} with {words.count(len(side.events), 'anomaly', 'anomalies')}",
        seriesfigures.TITLES,
        seriesfigures.LOWER_IS_BETTER,
        "vus_pr",
        SERIES_RESAMPLES,
    )


@st.cache_resource(max_entries=16, show_spinner=False)
def _agreement(key: Key, _told: Told) -> Agreement:
    if _told.over_images:
        return disagreements.agreement(_told.images, _told.now.rate)
    from core.compare.seriesfigures import series_agreement

    return series_agreement(_told.recordings, _told.now.mode, _told.now.rate)


@st.cache_resource(max_entries=32, show_spinner=False)
def _disagreeing(key: Key, between: tuple[int, ...] | None, _told: Told) -> list[Disagreement]:
    return disagreements.disagreements(_told.images, _told.now.rate, between=between, top=None)


@st.cache_resource(max_entries=16, show_spinner=False)
def _moments(key: Key, _told: Told) -> list[Moment]:
    from core.compare.seriesfigures import moments as found

    return found(_told.recordings, _told.now.mode, _told.now.rate, top=None)


@st.cache_resource(max_entries=16, show_spinner=False)
def _curves(study_id: str, mode: Mode, ids: tuple[str, ...], _study: StoredComparison) -> list[LimitCurve]:
    from core.compare.seriescurves import limit_curves

    return limit_curves(_study.limits(), mode, ids)


@st.cache_resource(max_entries=16, show_spinner=False)
def _kinds(runs: tuple[str, ...], _told: Told) -> tuple[str, ...]:
    from core.compare.seriesgroups import event_kinds

    return event_kinds(_told.recordings, rooms.datasets().series(_told.now.dataset.id))
