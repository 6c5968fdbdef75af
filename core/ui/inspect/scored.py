"""A run as the page shows it: the scores, what is known about each part, the verdicts of the limits set now."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from core.datasets.said import Said
from core.datasets.types import ImageSet
from core.detectors.calibration import Calibration
from core.store.modelfolder import load_calibration
from core.store.models import ModelRow
from core.store.runfolder import Run
from core.store.runs import RunRow
from core.ui import rooms
from core.ui.verdicts import Limits

MAP_RATE = 0.05  # share of good parts with a pixel above the limit of the map, as in the evaluation


@dataclass(frozen=True)
class Scored:
    """One model's run over one dataset."""

    dataset_id: str
    data: ImageSet
    model: ModelRow
    run: Run
    metrics: dict[str, Any] | None
    calibration: Calibration
    scores: pd.DataFrame  # as in the run

    @property
    def run_id(self) -> str:
        return self.run.folder.name

    def colours(self, category: str) -> tuple[float, float]:
        """The usual pixel of a good part and the limit of maps: what a heatmap's colours hang on."""
        return self.calibration.colours(MAP_RATE, category)


def load(dataset_id: str, model: ModelRow, row: RunRow) -> Scored:
    """What a run needs to be shown. Everything that is read from disk is kept by run or model, which never change."""
    run, scores = _run(row.id, rooms.workspace().runs / row.id)
    calibration = calibration_of(model.id)
    return Scored(dataset_id, rooms.datasets().get(dataset_id), model, run, row.metrics, calibration, scores)


def calibration_of(model_id: str) -> Calibration:
    return _calibration(model_id, rooms.models().folder(model_id))


@st.cache_resource(max_entries=16, show_spinner=False)
def _run(run_id: str, _folder: Path) -> tuple[Run, pd.DataFrame]:
    run = Run(_folder)
    return run, run.scores()


@st.cache_resource(max_entries=256, show_spinner=False)
def _calibration(model_id: str, _folder: Path) -> Calibration:
    return load_calibration(_folder)


def table(scored: Scored, limits: Limits, said: Said) -> pd.DataFrame:
    """The run's scores, most anomalous first, with these columns added:

    ``yours`` the user's label or None; ``truth`` "good", "bad" or None: the dataset's label, else the user's, None for
    what somebody took out of the dataset;
    ``verdict``; ``outcome`` "false positive" (good, not accepted), "false negative" (bad, accepted), "correct" or None
    where the truth is not known or the model has learned from the image.
    """
    frame = scored.scores.sort_values(["score", "item"], ascending=[False, True], ignore_index=True)
    yours = _or_none(frame["item"].map(dict(said.labels)))
    label = _or_none(frame["label"])
    found = [said.truth(name, given) for name, given in zip(frame["item"], label, strict=True)]
    truth = pd.Series(found, frame.index, dtype=object)
    verdict = limits.verdicts(frame["score"])
    alarm, unseen = verdict != "accept", (frame["role"] == "unseen").to_numpy()
    good, bad = (truth == "good").to_numpy() & unseen, (truth == "bad").to_numpy() & unseen
    outcome = np.full(len(frame), None, object)
    outcome[good | bad] = "correct"
    outcome[good & alarm] = "false positive"
    outcome[bad & ~alarm] = "false negative"
    defect = _or_none(frame["defect"])
    return frame.assign(
        label=label, defect=defect, yours=yours, truth=truth, verdict=verdict, outcome=pd.Series(outcome, dtype=object)
    )


def _or_none(column: pd.Series) -> pd.Series:
    """Texts with None, not NaN, where there is nothing: NaN counts as true."""
    texts = column.astype(object)
    return texts.where(texts.notna(), None)


def counted(frame: pd.DataFrame) -> pd.DataFrame:
    """The rows that figures may be drawn from: those that the model has not learned from."""
    return frame[frame["role"] == "unseen"]
