"""The drift panel: empty, steady, drifted; candidates, the log and the way back."""

from __future__ import annotations

import pytest
import toy_series as toys
from streamlit.testing.v1 import AppTest

from core.jobs.table import JobTable
from core.jobs.tasks import train
from core.live import drift
from core.live.table import LiveTable
from core.progress import Progress
from core.store.champions import ChampionStore
from core.store.datasets import DatasetStore
from core.store.workspace import Workspace
from core.ui import words
from tests.ui.conftest import PATIENCE_S
from tests.ui.drifted import FIGURES, feed, machine, put
from tests.ui.stock import texts


def page() -> None:
    from core.ui.drift import panel

    panel.show()


def opened() -> AppTest:
    app = AppTest.from_function(page, default_timeout=PATIENCE_S).run()
    assert not app.exception
    return app


def trained(workspace: Workspace, name: str, seed: int) -> str:
    row = DatasetStore(workspace).add(toys.dataset(toys.recording(seed, 1200, split="train")))
    spec = {"dataset_id": row.id, "detector": "pca-t2q", "name": name}
    return str(train.run(Progress(), spec, workspace)["model_id"])


@pytest.fixture
def model(workspace: Workspace) -> str:
    return trained(workspace, "Toy pump", 0)


def test_before_a_feed_has_run(workspace: Workspace) -> None:
    app = opened()
    assert "Drift is told from faults here once a feed has run" in texts(app)
    assert not app.button


def test_a_drifted_machine_in_words_and_bars(workspace: Workspace, model: str) -> None:
    put(workspace, model, {"pump": machine()})
    app = opened()
    found = texts(app)
    assert words.plain("1 sensor moved since step 1,200") in found
    assert "Sensors: **drifted**" in found
    assert "No candidate has been tried yet." in found
    assert "Toy pump" in found
    assert [chart.proto.id != "" for chart in app.get("plotly_chart")] == [True, True]


@pytest.mark.parametrize("verdict", ["watching", "steady", "anomaly", "suspected"])
def test_other_verdicts(workspace: Workspace, model: str, verdict: str) -> None:
    empty = {"step": [], "median": [], "alarmed": []}
    none = [None, None, None]
    put(workspace, model, {"pump": machine(verdict=verdict, moved=[], course=empty, shift=none, words="So it is.")})
    app = opened()
    assert "So it is" in texts(app) and "so far there are none" in texts(app)
    assert not app.get("plotly_chart")


def test_one_block_is_no_course(workspace: Workspace, model: str) -> None:
    course = {"step": [0], "median": [0.3], "alarmed": [0.0]}
    put(workspace, model, {"pump": machine(verdict="watching", moved=[], course=course, words="Too early.")})
    app = opened()
    assert "so far there is 1" in texts(app)
    assert len(app.get("plotly_chart")) == 1  # the bars


def test_several_machines_and_what_cannot_be_told(workspace: Workspace, model: str) -> None:
    put(workspace, model, {"a": machine(words="It is a"), "b": machine(words="It is b")}, {"c": "Too short."})
    app = opened()
    assert "It is a" in texts(app) and "**c**" in texts(app)
    app.selectbox(key="drift-machine").set_value("b").run()
    assert "It is b" in texts(app)


def test_a_candidate_is_asked_for_by_hand(workspace: Workspace, model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    put(workspace, model, {"pump": machine()})
    recent = toys.dataset(toys.recording(5, 400))
    monkeypatch.setattr(drift, "recent_steps", lambda workspace, machine, steps: recent)
    app = opened()
    app.button(key="drift-train").click().run()
    assert not app.exception
    (job,) = [job for job in JobTable(workspace).list() if job.kind == "retrain"]
    assert (job.spec["model_id"], job.spec["why"]) == (model, "asked for")
    assert any((button.key or "").startswith("drift-jobs-cancel-") for button in app.button)


def test_a_feed_that_keeps_nothing_says_so(workspace: Workspace, model: str) -> None:
    put(workspace, model, {"pump": machine()})
    app = opened()
    app.button(key="drift-train").click().run()
    assert not app.exception
    assert "keeps no steps" in texts(app)


def test_the_switch_is_remembered(workspace: Workspace, model: str) -> None:
    put(workspace, model, {"pump": machine()})
    app = opened()
    app.toggle(key="drift-automatic").set_value(False).run()
    assert not drift.automatic(workspace)
    assert app.run().toggle(key="drift-automatic").value is False


def test_the_log_with_figures_and_the_way_back(workspace: Workspace, model: str) -> None:
    candidate, champions = trained(workspace, "Toy pump (retrained)", 1), ChampionStore(workspace)
    said = {"said_by": "monitor", "why": "drift in input", "figures": FIGURES}
    champions.reject(model, candidate, verdict=["Breaks the promise."], **said)
    champions.promote(model, candidate, verdict=["Keeps the promise."], **said)
    put(workspace, model, {"pump": machine()})
    app = opened()
    found = texts(app)
    assert "Keeps the promise" in found and "Breaks the promise" in found and "drift in input" in found
    rows = app.table[0].value
    assert rows["Champion"].iloc[0] == "90.00\u00a0% of 2,000 steps" and rows["Candidate"].iloc[1] == "–"
    app.button(key="drift-back").click().run()
    assert not app.exception
    assert champions.champion(model) == model
    assert champions.history(model)[0].action == "rolled back"
    assert "drift-back" not in {button.key for button in app.button}


def test_a_feed_that_judges_with_another_model_than_the_champion(workspace: Workspace, model: str) -> None:
    candidate, champions = trained(workspace, "Toy pump (retrained)", 1), ChampionStore(workspace)
    champions.promote(model, candidate, said_by="monitor", why="drift", verdict=[], figures={})
    put(workspace, model, {"pump": machine()})
    feed(workspace, model, "running")
    app = opened()
    assert "still judges with **Toy pump**, not with the champion" in texts(app)
    app.button(key="drift-take-over-now").click().run()
    assert not app.exception
    row = LiveTable(workspace).feed()
    assert row is not None and (row.spec["models"], row.generation) == ([candidate], 1)
    assert "not with the champion" not in texts(app)
