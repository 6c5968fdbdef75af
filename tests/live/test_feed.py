"""The feed's life: start to end, pause, reset, failure, death; and what its table holds meanwhile."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest
import toy_series as toys
from toy_feed import ToyFeed, replay, toy_feed, until

from core.detectors import registry
from core.detectors.series.training import train_series
from core.errors import UserError
from core.live import blocks, pushed
from core.live.blocks import read
from core.live.feed import LiveFeed, NotNow
from core.live.spec import FeedSpec, allowed_file, checked, shown_names
from core.live.table import LiveTable
from core.progress import Progress
from core.settings import PROJECT
from core.store.champions import ChampionStore
from core.store.datasets import DatasetStore
from core.store.models import ModelStore
from core.store.seriesmodel import write_series_model
from core.store.workspace import Workspace
from core.streaming.samples import Sample
from tests.ui import drifted


@pytest.fixture
def feed(tmp_path: Path) -> Iterator[ToyFeed]:
    found, found.dataset = toy_feed(tmp_path / "workspace")
    yield found
    row = found.table.feed()
    if row is not None and row.state in ("starting", "running", "waiting", "paused"):
        found.stop()
    found.join()


def state(feed: LiveFeed) -> str:
    row = feed.table.feed()
    return "empty" if row is None else row.state


def test_a_replay_runs_to_its_end_and_leaves_everything_to_look_at(feed: ToyFeed) -> None:
    assert state(feed) == "empty"
    feed.start(checked(replay(feed.dataset)))
    feed.join()
    assert state(feed) == "finished"
    row = feed.table.feed()
    assert (row.rows, row.status["steps"], row.status["behind"]) == (1200, 1200, 0)
    steps = read(feed.table)
    unit = toys.recording(1, 1000, name="a")
    assert steps.row.tolist() == list(range(1200))
    assert steps.step[:1000].tolist() == list(range(1000)) and set(steps.unit[1000:]) == {"b"}
    assert np.allclose(steps.readings[:300], unit.values[:300])
    assert steps.labels[300:340].all() and not steps.labels[:300].any()
    once = toys.toy_models()["vae"].score(toys.dataset(unit).units[0])
    assert np.allclose(steps.surprise[:300, 0], once.now.surprise[:300], rtol=1e-6)
    alarms = [one for one in feed.table.alarms() if one["steps"] > 5]
    assert [(one["key"], one["causes"][0]["sensor"]) for one in alarms] == [("a#300", "pressure"), ("a#600", "flow")]
    newest, older = feed.table.units()
    assert (newest["unit"], older["unit"], older["source"]) == ("b", "a", "toys")
    assert feed.table.unit(str(older["id"]))["alarms"][0]["unit"] == "a"
    assert feed.table.unit("b")["id"] == newest["id"]
    assert feed.table.unit("c") is None


def test_a_window_of_a_unit_is_cut_out(feed: ToyFeed) -> None:
    feed.start(checked(replay(feed.dataset)))
    feed.join()
    assert read(feed.table, last=7).step.tolist() == list(range(193, 200))
    assert read(feed.table, last=7, unit="a").step.tolist() == list(range(993, 1000))
    assert read(feed.table, since=1195).row.tolist() == list(range(1195, 1200))
    assert len(read(feed.table, unit="c")) == 0


def test_the_ring_does_not_grow(feed: ToyFeed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "RING_CELLS", 0)  # the least: 1,000 rows
    monkeypatch.setattr(blocks, "MOST_ALARMS", 3)
    source = {"kind": "replay", "dataset_id": feed.dataset, "loop": True}
    feed.start(checked(replay(feed.dataset, source=source, gap=1, rate=0.05)))
    until(lambda: feed.table.feed().rows > 20_000)
    feed.stop()
    feed.join()
    assert state(feed) == "stopped"
    steps = read(feed.table)
    assert 1000 <= len(steps) <= 1000 + blocks.BLOCK_ROWS
    assert steps.row[-1] == feed.table.feed().rows - 1, "row numbers go on"
    assert len(feed.table.alarms()) == 3
    with feed.table.connect() as db:
        assert db.execute("SELECT COUNT(*) FROM blocks").fetchone()[0] < 300


def test_pause_speed_and_reset(feed: ToyFeed) -> None:
    source = {"kind": "replay", "dataset_id": feed.dataset, "loop": True}
    feed.start(checked(replay(feed.dataset, source=source, speed=100)))
    until(lambda: feed.table.feed().rows > 20)
    with pytest.raises(NotNow, match="A feed is under way"):
        feed.start(checked(replay(feed.dataset)))
    feed.pause()
    until(lambda: state(feed) == "paused")
    feed.set_speed(float("inf"))
    feed.resume()
    until(lambda: feed.table.feed().rows > 3000)
    before = feed.table.feed().rows
    feed.pause()
    feed.reset()
    until(lambda: feed.table.feed().status.get("steps") == 0)
    assert len(read(feed.table)) == 0 and not feed.table.alarms()
    assert feed.table.units(), "completed units stay"
    feed.resume()
    until(lambda: len(read(feed.table)) > 0)
    assert feed.table.feed().rows > before, "row numbers are never used again"


@pytest.mark.parametrize(("speed", "said"), [(500.0, 500.0), (float("inf"), "max")])
def test_a_feed_that_begins_again_keeps_the_speed_it_had(feed: ToyFeed, speed: float, said: float | str) -> None:
    source = {"kind": "replay", "dataset_id": feed.dataset, "loop": True}
    feed.start(checked(replay(feed.dataset, source=source, speed=100)))
    until(lambda: state(feed) == "running")
    feed.set_speed(speed)
    feed.stop()
    feed.join()
    feed.start(checked(feed.table.feed().spec))  # as the page's and the interface's way to begin again do
    until(lambda: state(feed) == "running")
    row = feed.table.feed()
    assert (row.speed, row.spec["speed"]) == (speed, said)


def test_a_champion_takes_over_with_a_reset_or_a_start(feed: ToyFeed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ChampionStore, "champion", lambda store, model: {"vae": "kalman"}.get(model, model))
    with pytest.raises(NotNow, match="No feed has run yet"):
        feed.take_over()
    source = {"kind": "replay", "dataset_id": feed.dataset, "loop": True}
    feed.start(checked(replay(feed.dataset, source=source, models=["vae", "arima"], speed=100)))
    until(lambda: feed.table.feed().rows > 20)
    feed.take_over()
    until(lambda: feed.table.feed().status.get("detectors") == ["kalman", "arima"])
    assert state(feed) == "running" and len(feed.threads) == 1
    feed.stop()
    feed.join()
    feed.take_over()
    until(lambda: state(feed) == "running")
    assert feed.table.feed().spec["models"] == ["kalman", "arima"]


def test_a_champion_does_not_take_over_a_feed_that_began_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = LiveFeed(Workspace(tmp_path / "workspace"))
    drifted.feed(one.workspace, "vae", "waiting")

    def meanwhile(spec: FeedSpec) -> None:
        with one.table.transaction() as db:
            db.execute("UPDATE feed SET run = 'another'")

    monkeypatch.setattr(ChampionStore, "champion", lambda store, model: "kalman")
    monkeypatch.setattr(one, "_refuse_impossible", meanwhile)
    with pytest.raises(NotNow, match="meanwhile"):
        one.take_over()
    row = one.table.feed()
    assert row is not None and (row.spec["models"], row.generation) == (["vae"], 0)


def test_pushed_samples_are_scored_and_a_flood_is_refused(feed: ToyFeed, monkeypatch: pytest.MonkeyPatch) -> None:
    feed.start(checked(replay(feed.dataset, source={"kind": "push"})))
    until(lambda: state(feed) == "waiting")
    unit = toys.recording(5, 60)
    samples = [Sample("p", None, [float(value) for value in row]) for row in unit.values]
    for part in (samples[:10], samples[10:40]):
        pushed.put(feed.table, part, [])
    pushed.put(feed.table, samples[40:], ["p"])
    until(lambda: feed.table.units())
    assert np.allclose(read(feed.table, unit="p").readings, unit.values)
    feed.pause()
    monkeypatch.setattr(pushed, "MOST_WAITING", 50)
    until(lambda: state(feed) == "paused")
    pushed.put(feed.table, samples[:40], [])
    with pytest.raises(UserError, match="samples wait already"):
        pushed.put(feed.table, samples[:40], [])


def test_a_growing_file_is_followed(feed: ToyFeed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.live.worker.allowed_file", Path)
    path = tmp_path / "log.csv"
    feed.start(checked(replay(feed.dataset, source={"kind": "file", "path": str(path)})))
    until(lambda: state(feed) == "waiting")
    path.write_text("time,flow,pressure,temperature\n1,0,0,0\n2,0,9,0\n3,x,0,0\n4,0,")
    until(lambda: feed.table.feed().rows == 3)
    tally = feed.table.feed().status["tally"]
    assert (tally["rows"], tally["words"], tally["said"]) == (3, 1, "«x» is no reading of flow")
    assert read(feed.table).time.tolist() == [1, 2, 3]


def test_what_cannot_go_on_fails_with_a_sentence(feed: ToyFeed) -> None:
    feed.start(checked(replay(feed.dataset, source={"kind": "replay", "dataset_id": feed.dataset, "units": ["z"]})))
    feed.join()
    assert state(feed) == "failed"
    assert feed.table.feed().error == "There is no recording «z» (toys). Choose one of its recordings."
    with pytest.raises(NotNow, match="No feed is under way"):
        feed.pause()


def test_a_newer_run_takes_the_place_of_one_that_stops(feed: ToyFeed) -> None:
    source = {"kind": "replay", "dataset_id": feed.dataset, "loop": True}
    feed.start(checked(replay(feed.dataset, source=source)))
    until(lambda: feed.table.feed().rows > 0)
    feed.stop()
    feed.start(checked(replay(feed.dataset)))
    feed.join()
    assert state(feed) == "finished"


def test_specifications_are_checked_in_sentences() -> None:
    good = {"source": {"kind": "push"}, "models": ["m"]}
    assert checked(good).rule().limit == pytest.approx(3)
    for change, sentence in (
        ({"models": []}, "started: «models» cannot be .*Give 1 or more of them"),
        ({"rate": 0.5}, "«rate» cannot be 0.5. Give a number of at most 0.1"),
        ({"source": {"kind": "tape"}}, "Give one whose «kind» is one of «replay», «file», «push»"),
        ({"speed": -1}, "«speed» cannot be -1. Give a number above 0 or «max»"),
        ({"colour": 1}, "nothing called «colour»"),
    ):
        with pytest.raises(UserError, match=sentence):
            checked(good | change)
    assert shown_names(["series-vae", "kalman", "series-vae"]) == ["vae", "kalman", "vae-2"]


def test_files_outside_the_allowed_folders_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="outside the folders"):
        allowed_file("/etc/passwd")
    with pytest.raises(UserError, match="outside the folders"):
        allowed_file("feed.csv")


@pytest.fixture
def trained(tmp_path: Path) -> tuple[Workspace, str, str]:
    """A workspace with a small recording and a real model of it."""
    workspace = Workspace(tmp_path / "real")
    data = toys.dataset(toys.recording(0, 3000, split="train", name="t"), toys.recording(1, 4000, name="a"))
    dataset_id = DatasetStore(workspace).add(data).id
    fitted = train_series("pca-t2q", registry.parameters("pca-t2q", {}), 0, data, Progress())
    write_series_model(tmp_path / "model", fitted, name="PCA", dataset=data)
    return workspace, dataset_id, ModelStore(workspace).add(tmp_path / "model", "PCA").id


def test_a_real_worker_that_is_killed_has_died_and_leaves_what_it_saw(trained: tuple[Workspace, str, str]) -> None:
    workspace, dataset_id, model = trained
    feed = LiveFeed(workspace)
    source = {"kind": "replay", "dataset_id": dataset_id, "loop": True}
    feed.start(checked({"source": source, "models": [model], "speed": 100}))
    until(lambda: feed.table.feed().rows > 20 or feed.table.feed().state == "failed")
    row = feed.table.feed()
    assert (row.state, row.status["detectors"]) == ("running", ["pca-t2q"])
    os.kill(row.pid, signal.SIGKILL)
    until(lambda: state(feed) == "died")
    assert len(read(feed.table)) > 20
    feed.start(checked({"source": source, "models": [model], "speed": 100}))
    until(lambda: state(feed) == "running")
    feed.shut()
    until(lambda: not psutil.pid_exists(feed.table.feed().pid))
    assert state(feed) == "stopped"


def test_a_worker_does_not_outlive_its_server(trained: tuple[Workspace, str, str]) -> None:
    """The server here is a process that starts a feed and dies at once."""
    workspace, dataset_id, model = trained
    spec = {"source": {"kind": "replay", "dataset_id": dataset_id, "loop": True}, "models": [model]}
    code = (
        "import json, os, sys\nfrom pathlib import Path\nfrom core.live.feed import LiveFeed\n"
        "from core.live.spec import checked\nfrom core.store.workspace import Workspace\n"
        "LiveFeed(Workspace(Path(sys.argv[1]))).start(checked(json.loads(sys.argv[2])))\nos._exit(9)"
    )
    command = [sys.executable, "-c", code, str(workspace.root), json.dumps(spec)]
    assert subprocess.run(command, check=False, cwd=PROJECT).returncode == 9
    table = LiveTable(workspace)
    until(lambda: table.feed().state not in ("starting", "running", "waiting"))
    assert "server that began this feed has ended" in (table.feed().error or "")


def test_models_and_data_of_images_are_refused_at_once(trained: tuple[Workspace, str, str]) -> None:
    workspace, dataset_id, _ = trained
    with pytest.raises(UserError, match="This model is not in the workspace"):
        LiveFeed(workspace).start(checked(replay(dataset_id)))
    with pytest.raises(UserError, match="This dataset is not in the workspace"):
        LiveFeed(workspace).start(checked(replay("nothing", models=[trained[2]])))


def test_the_last_round_of_a_loop_stands_for_it(feed: ToyFeed) -> None:
    """Also where several rounds end within one look, and not in the place of what an earlier feed has seen."""
    feed.start(checked(replay(feed.dataset)))
    feed.join()
    first = [unit["unit"] for unit in feed.table.units()]
    feed.start(checked(replay(feed.dataset, source={"kind": "replay", "dataset_id": feed.dataset, "loop": True})))
    until(lambda: any("(round" in unit["unit"] for unit in feed.table.units()))
    feed.stop()
    feed.join()
    names = [unit["unit"] for unit in feed.table.units()]
    assert names[-len(first) :] == first  # the earlier feed's
    later = names[: -len(first)]
    assert len({name.split(" (")[0] for name in later}) == len(later)
