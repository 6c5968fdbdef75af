"""The Compare page over recordings: the moments of disagreement, what is said without a study, the way to Sensors."""

from __future__ import annotations

import pytest

from core.jobs.tasks import train
from core.progress import Progress
from core.store.datasets import DatasetStore
from core.store.workspace import Workspace
from core.ui.compare import runactions, runrows
from tests.ui import recordings, stock
from tests.ui.conftest import Open


@pytest.fixture
def pumps(workspace: Workspace) -> str:
    """Two detectors over the same pumps."""
    row = DatasetStore(workspace).add(recordings.machines(), "pumps")
    for detector in ("pca-t2q", "kmeans"):
        train.run(Progress(), {"dataset_id": row.id, "detector": detector, "name": detector}, workspace)
    return row.id


def test_recordings_are_compared_and_the_link_says_how(open_page: Open, pumps: str) -> None:
    app = open_page("compare", dataset=pumps[:12])
    assert not app.exception and not app.error
    said = stock.texts(app)
    assert "event by event" in said and "Counted are 2 recordings" in said
    assert app.button(key="ask-study").label == "Compare by resampling"
    figures = app.table[0].value
    assert "VUS\\-PR" in figures.index and "Guessing" in figures.columns
    looks = [button for button in app.button if (button.key or "").startswith("look-")]
    assert looks
    looks[0].click().run()
    assert not app.exception and not app.error
    assert app.title[0].value == "When did it start, and which sensor caused it?"

    lines = {line.model.detector: line for line in runrows.lines()}
    wish = train.TrainSpec(**runactions._from_the_start(lines["kmeans"]))
    assert wish.scope == "one" and wish.frontend is not None  # not «auto»: what it was

    link = {"promised-series": "1 in 100 steps", "score": "now: as it was known at once", "view": "Agreement"}
    app = open_page("compare", dataset=pumps[:12], **link)
    assert not app.exception and not app.error
    assert "promises 1\u00a0% false alarms" in stock.texts(app)
