"""What the page says of recordings, worked out once for each content id: values are never read to draw a page anew."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise

import numpy as np
import streamlit as st

from core.charts.series import State, Stretch
from core.charts.signals import decimate
from core.datasets.series import SeriesSet, SeriesUnit
from core.datasets.series_checks import SeriesSummary, summary
from core.ui import rooms

SPARK = 60  # points of a sparkline


@st.cache_data(max_entries=8, show_spinner="Looking through the recordings…")
def of(dataset_id: str) -> SeriesSummary:
    """Counts, sensors, sampling and what stands in the way of training."""
    return summary(rooms.datasets().series(dataset_id))


@st.cache_resource(max_entries=8, show_spinner=False)  # not copied at every look: nobody changes it
def stretches(dataset_id: str) -> Mapping[str, tuple[Stretch, ...]]:
    """Every recording, by name, as the stretches of which it consists: first those to learn from, last those of which
    nobody said anything."""
    found = {unit.name: tuple(_stretches(unit)) for unit in rooms.datasets().series(dataset_id).units}
    order = sorted(found, key=lambda name: min((_RANK[one.state] for one in found[name]), default=len(_RANK)))
    return {name: found[name] for name in order}


@st.cache_data(max_entries=8, show_spinner=False)
def sparklines(dataset_id: str) -> tuple[str, list[list[float]]]:
    """The name of the longest training recording, and few points of each of its sensors, missing ones left out."""
    data = rooms.datasets().series(dataset_id)
    unit = longest(data)
    found = []
    for column in range(len(data.sensors)):
        _, values = decimate(np.arange(len(unit)), unit.values[:, column], SPARK)
        found.append([float(value) for value in values[~np.isnan(values)]])
    return unit.name, found


def longest(data: SeriesSet) -> SeriesUnit:
    """The longest recording, of those for training where there are any."""
    return max(data.units, key=lambda unit: (unit.split == "train", len(unit)))


@st.cache_data(max_entries=16, show_spinner=False)
def span(dataset_id: str) -> tuple[float, float]:
    """The first and the last time of all recordings, in the set's time unit."""
    units = [unit for unit in rooms.datasets().series(dataset_id).units if len(unit)]
    return min(float(unit.time[0]) for unit in units), max(float(unit.time[-1]) for unit in units)


def _stretches(unit: SeriesUnit) -> Iterator[Stretch]:
    """Runs of steps of one state; a recording without labels that is not for training is one of which nobody said."""
    labels, normal = unit.labels(), unit.normal()
    codes = np.full(len(unit), _CODES.index("unlabelled"), np.int8)
    if unit.split == "train":
        codes[normal] = _CODES.index("learn")
    elif labels is not None or unit.healthy is not None:
        codes[normal] = _CODES.index("normal")
    if labels is not None:
        codes[labels] = _CODES.index("anomalous")
    edges = [0, *(np.flatnonzero(np.diff(codes)) + 1).tolist(), len(codes)]
    for start, stop in pairwise(edges):
        if stop > start:
            yield Stretch(unit.name, _CODES[codes[start]], start, stop)


_RANK: dict[State, int] = {"learn": 0, "anomalous": 1, "normal": 1, "unlabelled": 2}
_CODES: tuple[State, ...] = ("learn", "normal", "anomalous", "unlabelled")
