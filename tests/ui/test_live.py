"""The Live page: empty, running, ended, broken; its buttons and its links."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
import toy_series as toys
from streamlit.testing.v1 import AppTest
from toy_feed import ToyFeed, replay, toy_feed, until

from core.live import pushed
from core.live.spec import checked
from core.store.workspace import Workspace
from core.streaming.samples import Sample
from core.ui.live import room, sample, setup


@pytest.fixture
def feed(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Iterator[ToyFeed]:
    """A feed of toy detectors in the page's workspace."""
    found, found.dataset = toy_feed(workspace.root)
    monkeypatch.setattr(room, "live", lambda: found)
    yield found
    row = found.table.feed()
    if row is not None and row.state in ("starting", "running", "waiting", "paused"):
        found.stop()
    found.join()


@pytest.fixture
def finished(feed: ToyFeed) -> ToyFeed:
    feed.start(checked(replay(feed.dataset)))
    feed.join()
    return feed


@pytest.fixture
def looping(feed: ToyFeed) -> ToyFeed:
    source = {"kind": "replay", "dataset_id": feed.dataset, "loop": True}
    feed.start(checked(replay(feed.dataset, source=source, speed=100)))
    until(lambda: feed.table.feed().rows > 10)
    return feed


def texts(app: AppTest) -> str:
    """Everything that the page says."""
    kinds = (app.markdown, app.caption, app.subheader, app.title, app.warning, app.error, app.info)
    return "\n".join(str(element.value) for kind in kinds for element in kind)


def figures(app: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in app.metric}


def labels(app: AppTest) -> list[str]:
    return [button.label for button in app.button]


def test_without_anything_the_sample_is_one_click_away(feed: ToyFeed, open_page) -> None:
    app = open_page("live")
    assert not app.exception
    assert app.title[0].value == "What is happening now?"
    assert "Try it on the sample pump" in labels(app)
    assert "A detector has to learn" in texts(app)


def test_one_click_asks_for_three_trainings(feed: ToyFeed, open_page) -> None:
    from core.ui import rooms

    app = open_page("live")
    app.button(key="live-try").click().run()
    assert not app.exception
    jobs = rooms.jobs().list(active=True)
    assert sorted(job.spec["detector"] for job in jobs) == sorted(sample.DETECTORS)
    assert all(job.spec["sample"] == "pump" for job in jobs)


def test_a_finished_replay_shows_scores_health_alarms_and_the_archive(finished: ToyFeed, open_page) -> None:
    app = open_page("live")
    assert not app.exception
    assert "Replay finished" in texts(app)
    shown = figures(app)
    assert shown["Unit"] == "b" and shown["Alarm"] in ("none", "yes", "open")
    assert shown["Health"].endswith("of 100")
    charts = app.get("echarts_chart")
    assert len(charts) == 3, "gauges, timeline, readings; no causes of a unit that has ended"
    alarms = [entry.label for entry in app.expander if "peak" in entry.label]
    assert any("pressure" in label and " · 300 s · " in label for label in alarms)
    assert list(app.dataframe[0].value["unit"]) == ["b", "a"]
    assert "Start again" in labels(app)


def test_charts_hold_no_more_points_than_a_screen(finished: ToyFeed, open_page) -> None:
    app = open_page("live", window="5,000 steps", unit="a")
    charts = [json.loads(chart.proto.spec) for chart in app.get("echarts_chart")]
    traces = [trace for chart in charts for trace in chart["series"]]
    assert max(len(trace["data"]) for trace in traces) > 500
    assert all(len(trace["data"]) <= 2000 for trace in traces)


def test_a_running_feed_names_the_causes_and_can_be_paused(looping: ToyFeed, open_page) -> None:
    app = open_page("live")
    assert not app.exception
    assert {"Pause", "Stop"} <= set(labels(app))
    assert len(app.get("echarts_chart")) == 4
    assert "explains" in texts(app) or "somebody is always first" in texts(app)
    app.button(key="live-pause").click().run()
    until(lambda: looping.table.feed().state == "paused")
    app.run()
    assert "Go on" in labels(app) and "Paused" in texts(app)
    app.button(key="live-resume").click().run()
    assert looping.table.feed().wish == "run"
    app.button(key="live-stop").click().run()
    until(lambda: looping.table.feed().state == "stopped")
    assert "Start again" in labels(app.run())


def test_an_order_that_came_too_late_is_a_sentence(looping: ToyFeed, open_page) -> None:
    app = open_page("live")
    looping.stop()
    looping.join()
    app.button(key="live-pause").click().run()
    assert not app.exception


def test_a_failed_feed_says_why(feed: ToyFeed, open_page) -> None:
    feed.start(checked(replay(feed.dataset, source={"kind": "replay", "dataset_id": feed.dataset, "units": ["z"]})))
    feed.join()
    app = open_page("live")
    assert "no recording «z»" in app.error[0].value
    assert "Start again" in labels(app)


def test_a_dead_worker_is_told_and_what_it_saw_stays(finished: ToyFeed, open_page) -> None:
    with finished.table.transaction() as db:
        db.execute("UPDATE feed SET state = 'running', pid = 999999999, pid_started = 1")
    app = open_page("live")
    assert "The monitor's process died" in texts(app)
    assert "ended without a word" in app.error[0].value
    assert len(app.get("echarts_chart")) == 3


def test_what_the_source_could_not_use_is_told(feed: ToyFeed, open_page) -> None:
    feed.start(checked(replay(feed.dataset, source={"kind": "push"})))
    until(lambda: feed.table.feed().state == "waiting")
    pushed.put(feed.table, [Sample("p", 5.0, [0.0, 0.0, 0.0]), Sample("p", 4.0, [0.0, 0.0, 0.0])], [])
    until(lambda: feed.table.feed().rows == 2)
    app = open_page("live")
    assert "rows whose time does not grow (1)" in texts(app)
    assert "samples sent to /api/samples" in texts(app)


def test_names_from_files_are_plain_text(feed: ToyFeed, open_page) -> None:
    feed.start(checked(replay(feed.dataset, source={"kind": "push"})))
    until(lambda: feed.table.feed().state == "waiting")
    hostile = "**[x](javascript:1)** :smile: <b>"
    values = [[float(value) for value in row] for row in toys.recording(1, 40).values + 9]
    pushed.put(feed.table, [Sample(hostile, None, row) for row in values], [hostile])
    until(lambda: feed.table.units())
    app = open_page("live")
    assert not app.exception
    labelled = [entry.label for entry in app.expander if "peak" in entry.label]
    assert labelled and all("[x](" not in label for label in labelled)


def test_voices_have_titles() -> None:
    assert [room.title(name) for name in ("ensemble", "vae", "kalman", "arima", "kalman-2", "pca-t2q")] == [
        "Ensemble", "Series VAE", "Kalman filter", "ARIMA", "Kalman filter 2", "PCA T2+Q",
    ]  # fmt: skip
    assert set(setup.FIRST) == {"series-vae", "kalman", "arima"}
