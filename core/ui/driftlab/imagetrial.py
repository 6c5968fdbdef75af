"""The work behind the lab for photographs, kept by what was dialled in. The detector is loaded into the server once
somebody has asked for it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from core.datasets.said import Said
from core.progress import Progress
from core.ui import rooms

if TYPE_CHECKING:
    from core.datasets.types import ImageItem
    from core.detectors.base import ImageDetector
    from core.detectors.calibration import Calibration
    from core.drift.imagelab import Course, JudgedImages, Sample
    from core.drift.noticed import Noticed
    from core.drift.scenarios import Drift

MOST_KEPT = 24  # judgements, some 100 KB each


@dataclass(frozen=True)
class Asked:
    """One trial. ``share`` of the stream comes before the drift; ``order`` numbers the orders of the photographs;
    ``said`` is what people said of them by hand."""

    model_id: str
    dataset_id: str
    drift: Drift
    share: float
    order: int
    said: Said


@dataclass
class _Shelf:
    """The judgements made last. Unlike a cached function it lets the work tell how far it is."""

    kept: OrderedDict[tuple[object, ...], JudgedImages] = field(default_factory=OrderedDict)
    lock: Lock = field(default_factory=Lock)

    def get(self, key: tuple[object, ...]) -> JudgedImages | None:
        with self.lock:
            if key in self.kept:
                self.kept.move_to_end(key)
            return self.kept.get(key)

    def put(self, key: tuple[object, ...], value: JudgedImages) -> None:
        with self.lock:
            self.kept[key] = value
            while len(self.kept) > MOST_KEPT:
                self.kept.popitem(last=False)


def model(model_id: str) -> tuple[ImageDetector, Calibration]:
    """The detector, ready to judge, and what it promises."""
    return _model(model_id)


def sample(asked: Asked) -> Sample:
    """The photographs of the trial. UserError where there are too few."""
    return _sample(asked.model_id, asked.dataset_id, asked.said.id, asked.said)


def clean(asked: Asked) -> JudgedImages:
    """The good ones and the bad ones as they are."""
    return _judged(asked, 0)


def changed(asked: Asked) -> JudgedImages:
    """The same with the whole drift."""
    from core.drift.imagelab import STAGES

    return _judged(asked, STAGES)


def noticed(asked: Asked) -> tuple[list[Noticed], Course]:
    """Which detectors of drift spoke. UserError where nobody can tell what is usual."""
    from core.drift.imagelab import course

    chosen = sample(asked)
    stream = course(len(chosen.good), len(chosen.bad), asked.drift, asked.share, asked.order)
    stages = {stage: _judged(asked, stage) for stage in sorted({0, *stream.stage.tolist()})}
    reference = _shelved(asked, chosen.reference, 0, "what is usual")
    return _noticed(repr(asked), reference, stages, stream), stream


def example(asked: Asked, name: str, drifted: bool) -> tuple[NDArray[np.uint8], float]:
    """A photograph under its heatmap, (h, w, 3), without or with the drift, and its score."""
    amount = asked.drift.magnitude if drifted and asked.drift.shape != "none" else 0.0
    return _example(asked.model_id, asked.dataset_id, name, asked.drift.kind if amount else "", amount)


def _judged(asked: Asked, stage: int) -> JudgedImages:
    chosen = sample(asked)
    items = (*chosen.good, *chosen.bad)
    if asked.drift.shape == "none" or not stage:
        return _shelved(asked, items, 0, "the photographs as they are")
    return _shelved(asked, items, stage, "the drifted photographs")


def _shelved(asked: Asked, items: Sequence[ImageItem], stage: int, what: str) -> JudgedImages:
    """A judgement depends on the photographs themselves, however they came to be chosen."""
    from core.drift.imagelab import STAGES, judge

    amount = asked.drift.magnitude * stage / STAGES
    key = (asked.model_id, tuple(item.sha256 for item in items), asked.drift.kind if stage else "", amount)
    found = _shelf().get(key)
    if found is None:
        bar = st.progress(0.0, text=f"Judging {what}")
        with rooms.workspace().temporary() as folder:

            def tell(share: float, stage: str, metrics: dict[str, float]) -> None:
                bar.progress(share, text=f"Judging {what}: {stage.lower()}")

            detector, calibration = model(asked.model_id)
            found = judge(detector, items, asked.drift.kind, amount, folder, Progress(tell))
            placed = [calibration.place(score, item.category) for score, item in zip(found.score, items, strict=True)]
            found = replace(found, score=np.array(placed, np.float64))
        bar.empty()
        _shelf().put(key, found)
    return found


@st.cache_resource(max_entries=1, show_spinner=False)
def _shelf() -> _Shelf:
    return _Shelf()


@st.cache_resource(max_entries=2, show_spinner="Loading the detector")
def _model(model_id: str) -> tuple[ImageDetector, Calibration]:
    from core.store.modelfolder import load_model

    detector, calibration, _ = load_model(rooms.models().folder(model_id))
    return detector, calibration


@st.cache_resource(max_entries=4, show_spinner=False)
def _sample(model_id: str, dataset_id: str, said_id: str, _said: Said) -> Sample:
    from core.drift import imagelab
    from core.store.modelfolder import fitted_on

    data = rooms.datasets().get_unchanged(dataset_id)
    return imagelab.sample(data, fitted_on(rooms.models().folder(model_id)), said=_said)


@st.cache_resource(max_entries=32, show_spinner="Asking the detectors of drift")
def _noticed(
    key: str, _reference: JudgedImages, _stages: dict[int, JudgedImages], _stream: Course
) -> list[Noticed]:  # fmt: skip
    from core.drift.imagelab import who_noticed

    return who_noticed(_reference, _stages, _stream)


@st.cache_resource(max_entries=64, show_spinner=False)
def _example(
    model_id: str, dataset_id: str, name: str, kind: str, amount: float
) -> tuple[NDArray[np.uint8], float]:  # fmt: skip
    from core.charts import overlays
    from core.drift import imagelab

    detector, calibration = model(model_id)
    item = rooms.datasets().get(dataset_id).by_name[name]
    kind = kind or "brightness"  # by nothing: the photograph as it is
    with rooms.workspace().temporary() as folder:
        found = imagelab.example(detector, item, kind, amount, folder)
    median, limit = calibration.colours(0.05, item.category)
    picture = overlays.overlay(imagelab.drifted(item, kind, amount), found.map, median=median, limit=limit)
    return picture, float(calibration.place(found.score, item.category))
