"""The Sensors page: what it needs, the stretch of the link, causes at once and explained, what if, downloads."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.datasets.series import SeriesSet
from core.datasets.synthetic.machines import pump
from core.jobs.table import JobTable
from core.jobs.tasks import cause_accuracy, explain, train
from core.progress import Progress
from core.store.datasets import DatasetRow, DatasetStore
from core.store.workspace import Workspace
from tests.ui import stock
from tests.ui.conftest import Open


@pytest.fixture(scope="session")
def pump_data() -> SeriesSet:
    return pump.make(0, steps=8400)


@pytest.fixture
def recordings(workspace: Workspace, pump_data: SeriesSet) -> DatasetRow:
    return DatasetStore(workspace).add(pump_data, "pump")


@pytest.fixture(scope="session")
def scored_pump(tmp_path_factory: pytest.TempPathFactory, pump_data: SeriesSet) -> tuple[Path, str]:
    """A workspace with a scored PCA of the pump, to be copied, and the id of the run."""
    made = Workspace(tmp_path_factory.mktemp("scored") / "workspace")
    dataset = DatasetStore(made).add(pump_data, "pump")
    spec = {"dataset_id": dataset.id, "detector": "pca-t2q", "name": "PCA"}
    return made.root, str(train.run(Progress(), spec, made)["run_id"])


@pytest.fixture
def run_id(workspace: Workspace, scored_pump: tuple[Path, str]) -> str:
    shutil.copytree(scored_pump[0], workspace.root, dirs_exist_ok=True)
    return scored_pump[1]


def answered(workspace: Workspace, app: AppTest) -> None:
    """Do the work of the waiting job."""
    table = JobTable(workspace)
    (job,) = table.list(active=True)
    task = {"explain": explain, "cause-accuracy": cause_accuracy}[job.kind]
    stock.end(workspace, job.id, "succeeded", result=task.run(Progress(), job.spec, workspace))
    app.run()


def test_without_recordings_it_leads_to_loading_some(open_page: Open) -> None:
    app = open_page("sensors")
    assert not app.exception
    assert "No recordings yet" in stock.texts(app)


def test_without_a_model_it_leads_to_training_one(open_page: Open, recordings: DatasetRow) -> None:
    app = open_page("sensors")
    assert not app.exception
    assert "No model yet" in stock.texts(app)
    app.button(key="sensors-train").click().run()
    assert not app.exception


def test_the_worst_alarm_is_shown_with_causes_at_once(open_page: Open, run_id: str) -> None:
    app = open_page("sensors")
    assert not app.exception, app.exception
    assert app.selectbox(key="recording").value == "test-faults"
    assert "alarm" in stock.texts(app)
    assert "Explain this stretch" in [button.label for button in app.button]


def test_a_link_names_the_stretch(open_page: Open, run_id: str) -> None:
    app = open_page("sensors", stretch="1000-1099", recording="test-normal")
    assert not app.exception
    assert "100 steps" in stock.texts(app)
    inputs = {one.label: one.value for one in app.number_input}
    assert (inputs["From step"], inputs["To step"]) == (1000, 1099)


@pytest.mark.parametrize("bad", ["9-2", "x-y", "5", "999999-1000000", "-1-5"])
def test_a_broken_stretch_falls_back_to_the_worst_alarm(open_page: Open, run_id: str, bad: str) -> None:
    app = open_page("sensors", stretch=bad)
    assert not app.exception
    assert "stretch" not in app.query_params


def test_next_and_previous_alarm_move_the_stretch(open_page: Open, run_id: str) -> None:
    app = open_page("sensors", stretch="0-49")
    app.button(key="next-alarm").click().run()
    assert not app.exception
    first = app.query_params["stretch"]
    app.button(key="next-alarm").click().run()
    assert app.query_params["stretch"] != first
    app.button(key="previous-alarm").click().run()
    assert app.query_params["stretch"] == first


def test_typed_steps_move_the_stretch(open_page: Open, run_id: str) -> None:
    app = open_page("sensors", stretch="1000-1099")
    (start,) = [one for one in app.number_input if one.label == "From step"]
    start.set_value(1050).run()
    assert app.query_params["stretch"] in ("1050-1099", ["1050-1099"])


def test_an_explanation_comes_from_a_job(
    open_page: Open, workspace: Workspace, run_id: str, pump_data: SeriesSet
) -> None:
    event = next(one for one in pump_data.by_name["test-faults"].events or () if one.kind == "bias")
    app = open_page("sensors", stretch=f"{event.start}-{event.stop - 1}")
    app.button(key="explain").click().run()
    answered(workspace, app)
    assert not app.exception
    (culprit,) = event.sensors
    name = pump_data.sensors[culprit].name.replace("_", r"\_")
    assert f"{name} explains" in stock.texts(app)
    assert "methods name" in stock.texts(app)
    assert "Explain this stretch" not in [button.label for button in app.button]


def test_what_if_the_culprit_read_as_expected(open_page: Open, run_id: str, pump_data: SeriesSet) -> None:
    event = next(one for one in pump_data.by_name["test-faults"].events or () if one.kind == "bias")
    app = open_page("sensors", stretch=f"{event.start}-{event.stop - 1}", view="What if")
    assert not app.exception
    app.multiselect(key="what-if-sensors").set_value([pump_data.sensors[event.sensors[0]].name])
    app.button(key="what-if-go").click().run()
    assert not app.exception
    assert "highest surprise goes from" in stock.texts(app)


@pytest.mark.parametrize("view", ["Nearest normal", "Code"])
def test_views_that_need_an_explanation_say_so(open_page: Open, workspace: Workspace, run_id: str, view: str) -> None:
    app = open_page("sensors", stretch="1000-1030", view=view)
    assert not app.exception
    assert "Explain the stretch first" in stock.texts(app)
    spec = {"run_id": run_id, "unit": "test-faults", "start": 1000, "stop": 1031, "mode": "now"}
    JobTable(workspace).submit("explain", spec, title="Causes")
    answered(workspace, app)
    assert not app.exception
    assert "Explain the stretch first" not in stock.texts(app)


def test_the_accuracy_is_measured(open_page: Open, workspace: Workspace, run_id: str) -> None:
    app = open_page("sensors", view="How good")
    assert not app.exception
    app.button(key="measure").click().run()
    answered(workspace, app)
    assert not app.exception
    table = app.dataframe[0].value
    assert {"counterfactual", "|z|", "random"} <= set(table["Method"])
    assert table.set_index("Method")["Events"]["random"] == 21
