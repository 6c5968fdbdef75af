"""Data, for recordings: what is in them, the signals in view and the ways through them, spectra of raw signals."""

from __future__ import annotations

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core.store.datasets import DatasetRow, DatasetStore
from core.store.workspace import Workspace
from core.ui.dataset.series import facts, waves
from core.ui.dataset.series.view import axis
from tests.ui import recordings, stock
from tests.ui.conftest import Open


@pytest.fixture
def pumps(workspace: Workspace) -> DatasetRow:
    return DatasetStore(workspace).add(recordings.machines())


@pytest.fixture
def bearings(workspace: Workspace) -> DatasetRow:
    return DatasetStore(workspace).add(recordings.vibration())


def figures(app: AppTest) -> dict[str, str]:
    return {metric.label: str(metric.value) for metric in app.metric}


def opened(open_page: Open, **query: str) -> AppTest:
    app = open_page("data", **query)
    assert not app.exception
    assert not app.error
    return app


def test_counts_and_what_misleads(open_page: Open, pumps: DatasetRow) -> None:
    app = opened(open_page)
    assert figures(app) == {
        "Machines": "2",
        "Steps": "2,400",
        "Sensors": "3",
        "Steps to learn from": "1,200",
        "Test, normal": "1,160",
        "Labelled anomalous": "40",
    }
    assert r"Pressure was read by \*another\* instrument" in stock.texts(app)
    assert "One reading every 1 s, without gaps" in stock.texts(app).replace("\\", "")
    assert "The same value throughout: 1 sensor (dead)" in stock.texts(app).replace("\\", "")


def test_runs_to_failure_count_failures(open_page: Open, workspace: Workspace) -> None:
    DatasetStore(workspace).add(recordings.failing())
    app = opened(open_page)
    assert figures(app)["Test, failures"] == "2"
    assert figures(app)["Steps to learn from"] == "320"


def test_rows_say_so(open_page: Open, workspace: Workspace) -> None:
    DatasetStore(workspace).add(recordings.rows())
    assert "Rows without time" in stock.texts(opened(open_page))


def test_stretches_tell_what_is_known(workspace: Workspace, pumps: DatasetRow) -> None:
    found = facts.stretches(pumps.id)
    assert [(one.state, one.start, one.stop) for one in found["pump-1/test"]] == [
        ("normal", 0, 200),
        ("anomalous", 200, 240),
        ("normal", 240, 600),
    ]
    assert list(found)[:2] == ["pump-1/train", "pump-2/train"]  # what is learned from comes first
    engines = DatasetStore(workspace).add(recordings.failing())
    assert [(one.state, one.stop) for one in facts.stretches(engines.id)["engine 0"]] == [
        ("learn", 80),
        ("unlabelled", 200),
    ]


def test_the_sensors_have_a_line_each(open_page: Open, pumps: DatasetRow) -> None:
    app = opened(open_page, section="Sensors")
    lines = app.dataframe[0].value.set_index("Sensor")
    assert list(lines.index) == ["pressure", "flow", "dead", "setpoint"]
    assert lines["Constant"]["dead"] == "always"
    assert lines["Role"]["setpoint"] == "condition"
    assert lines["Missing"]["pressure"] == pytest.approx(100 / 600)
    assert 10 < len(lines["Signal"]["flow"]) <= facts.SPARK
    assert not np.isnan(lines["Signal"]["pressure"]).any()


def test_the_recordings_have_a_line_each(open_page: Open, pumps: DatasetRow) -> None:
    app = opened(open_page, section="Recordings")
    lines = app.dataframe[0].value.set_index("Recording")
    assert lines["Labelled anomalous"]["pump-1/test"] == 40
    assert lines["Split"]["pump-2/train"] == "train"


def test_it_begins_with_a_recording_that_has_events_and_its_culprits(open_page: Open, pumps: DatasetRow) -> None:
    app = opened(open_page)
    assert app.selectbox(key="recording").value == "pump-1/test"
    assert app.multiselect(key="sensors").value == ["flow", "pressure", "setpoint"]  # the dead one is left out


def test_an_event_is_gone_to_and_left_again(open_page: Open, pumps: DatasetRow) -> None:
    app = opened(open_page)
    event = next(box for box in app.selectbox if box.label == "Labelled event")
    assert event.options == ["1 · steps 200 to 239 · leak"]
    event.select_index(0).run()
    assert app.query_params["stretch"] == "160-279"
    assert "Steps 160 to 279 of 600" in stock.texts(app)
    app.button(key="stretch-Later").click().run()
    assert app.query_params["stretch"] == "280-399"
    app.button(key="stretch-Wider").click().run()
    assert app.query_params["stretch"] == "160-519"
    app.button(key="stretch-Whole recording").click().run()
    assert "stretch" not in app.query_params
    assert "All 600 steps" in stock.texts(app)


@pytest.mark.parametrize("asked", ["nonsense", "5", "-", "599-2", "9000-9100", "10-11"])
def test_a_stretch_that_is_none_is_the_whole_recording(open_page: Open, pumps: DatasetRow, asked: str) -> None:
    assert "All 600 steps" in stock.texts(opened(open_page, stretch=asked))


def test_another_recording_is_shown_whole(open_page: Open, pumps: DatasetRow) -> None:
    app = opened(open_page, stretch="100-199")
    app.selectbox(key="recording").select("pump-2/test").run()
    assert "All 600 steps" in stock.texts(app)


def test_another_dataset_begins_anew(open_page: Open, workspace: Workspace, pumps: DatasetRow) -> None:
    bearings = DatasetStore(workspace).add(recordings.vibration())
    app = opened(open_page, dataset=pumps.id[:12])
    app.selectbox(key="status.dataset").select(bearings.id).run()
    assert not app.exception
    assert app.multiselect(key="sensors").value == ["acceleration"]
    assert app.selectbox(key="recording").value == "faulty"


def test_no_sensor_is_told(open_page: Open, pumps: DatasetRow) -> None:
    app = opened(open_page)
    app.multiselect(key="sensors").set_value([]).run()
    assert not app.exception
    assert "Choose a sensor to see its signal" in stock.texts(app)


@pytest.mark.parametrize("view", [waves.SPECTRUM, waves.ENVELOPE, waves.SPECTROGRAM])
def test_raw_signals_have_spectra(open_page: Open, bearings: DatasetRow, view: str) -> None:
    app = opened(open_page, wave=view, bearing="SKF 6205")
    assert f"{view} of acceleration" in stock.texts(app)
    assert len(app.get("plotly_chart")) == 2  # the recordings, and this


def test_a_bearing_of_ones_own_is_asked_for(open_page: Open, bearings: DatasetRow) -> None:
    app = opened(open_page, wave=waves.ENVELOPE, bearing=waves.OWN)
    assert app.number_input(key="bearing-n").value == 9


def test_a_stretch_too_short_for_a_spectrum_is_told(open_page: Open, bearings: DatasetRow) -> None:
    app = opened(open_page, recording="short", wave=waves.SPECTRUM)
    assert "A stretch of 1,024 samples at least is needed" in stock.texts(app)


def test_readings_have_no_spectra(open_page: Open, pumps: DatasetRow) -> None:
    assert "Spectrum" not in [option for group in opened(open_page).get("button_group") for option in group.options]


def test_times_are_dates_where_they_are_epochs(workspace: Workspace) -> None:
    from dataclasses import replace

    data = replace(recordings.machines(), time_unit="epoch")
    found = axis(data, np.array([1735689600.25]))
    assert found[0] == np.datetime64("2025-01-01T00:00:00.250000")
