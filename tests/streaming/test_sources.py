"""Replays keep time; files that grow are read whole lines at a time, whatever happens to them."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import toy_series as toys
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from core.errors import UserError
from core.streaming import rounds
from core.streaming.filefeed import FileTail
from core.streaming.replay import Replay
from core.streaming.samples import Reader, Sample, Sorter, moment, reading
from core.streaming.source import Batch, Tally

SENSORS = ("flow", "pressure")
HEADER = "time,flow,other,pressure\n"


OPENED: list[FileTail] = []


def feed(path: Path) -> FileTail:
    """A running tail, closed when the test ends."""
    found = FileTail(path, SENSORS)
    found.set_speed(1.0, 0.0)
    OPENED.append(found)
    return found


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    yield
    while OPENED:
        OPENED.pop().close()


def rows(batches: list[Batch]) -> list[list[float]]:
    return [row for batch in batches for row in batch.readings.tolist()]


def test_a_replay_keeps_time_and_its_speed_may_change() -> None:
    replay = Replay(toys.dataset(toys.recording(0, 100)))
    assert not replay.take(0.0, 1000), "it waits until it is told to run"
    replay.set_speed(1.0, 10.0)
    assert [len(batch) for batch in replay.take(13.5, 1000)] == [3]
    replay.set_speed(10.0, 13.5)
    assert [len(batch) for batch in replay.take(15.0, 1000)] == [15]
    replay.set_speed(0.0, 16.0)
    assert [len(batch) for batch in replay.take(99.0, 1000)] == [10]
    replay.set_speed(math.inf, 99.0)
    assert [len(batch) for batch in replay.take(99.0, 50)] == [50]
    (last,) = replay.take(99.0, 50)
    assert (len(last), last.complete, replay.exhausted) == (22, True, True)


def test_a_replay_that_is_held_up_says_how_far_behind_it_is() -> None:
    replay = Replay(toys.dataset(toys.recording(0, 1000)))
    replay.set_speed(100.0, 0.0)
    replay.take(5.0, 50)
    assert replay.behind(5.0) == 450


def test_a_loop_plays_the_units_again_under_names_of_their_own() -> None:
    data = toys.dataset(toys.recording(0, 3, name="a"), toys.recording(1, 2, name="b"))
    replay = Replay(data, loop=True)
    replay.set_speed(math.inf, 0.0)
    names = [batch.unit for batch in replay.take(0.0, 12)]
    assert names == ["a", "b", "a (round 2)", "b (round 2)", "a (round 3)"]
    assert not replay.exhausted


def test_nothing_to_replay_is_refused() -> None:
    with pytest.raises(UserError, match="nothing to replay"):
        Replay(toys.dataset())


@hypothesis_settings(max_examples=25)
@given(data=st.data(), ending=st.sampled_from(["\n", "\r\n"]))
def test_half_written_lines_wait_for_their_end(tmp_path_factory, data, ending: str) -> None:
    path = tmp_path_factory.mktemp("tail") / "feed.csv"
    values = [(float(k), float(k * k)) for k in range(40)]
    text = "﻿" + HEADER.replace("\n", ending) + "".join(f"{k},{a},x,{b}{ending}" for k, (a, b) in enumerate(values))
    content, found, source = text.encode(), [], feed(path)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(content)), max_size=8)))
    for start, stop in zip([0, *cuts], [*cuts, len(content)], strict=True):
        with path.open("ab") as file:
            file.write(content[start:stop])
        found += source.take(0.0, data.draw(st.integers(1, 50)))
    found += source.take(0.0, 1000)
    assert rows(found) == [list(pair) for pair in values]
    assert np.concatenate([batch.time for batch in found]).tolist() == list(map(float, range(40)))
    assert (source.tally.torn, source.tally.words, source.tally.rows) == (0, 0, 40)


def test_a_rotated_file_is_read_to_its_end_first(tmp_path: Path) -> None:
    path = tmp_path / "feed.csv"
    path.write_text(HEADER + "0,1,x,2\n")
    source = feed(path)
    assert rows(source.take(0, 10)) == [[1, 2]]
    with path.open("a") as file:
        file.write("1,3,x,4\n2,5,")  # the second is torn off by the rotation
    path.rename(tmp_path / "feed.csv.1")
    path.write_text("pressure;flow\n8;7,5\n")
    assert rows(source.take(0, 10)) == [[3, 4], [7.5, 8]]
    assert (source.tally.restarts, source.tally.torn) == (1, 1)


def test_a_truncated_file_is_read_from_its_start(tmp_path: Path) -> None:
    path = tmp_path / "feed.csv"
    path.write_text(HEADER + "0,1,x,2\n1,1,x,2\n")
    source = feed(path)
    source.take(0, 10)
    path.write_text(HEADER)
    with path.open("a") as file:
        file.write("5,6,x,7\n")
    assert rows(source.take(0, 10)) == [[6, 7]]
    assert source.tally.restarts == 1


def test_a_file_that_is_not_there_yet_is_waited_for(tmp_path: Path) -> None:
    source = feed(tmp_path / "later.csv")
    assert source.take(0, 10) == []
    assert source.waiting
    (tmp_path / "later.csv").write_text(HEADER + "0,1,x,2\n")
    assert rows(source.take(0, 10)) == [[1, 2]]


def test_oddities_are_counted_and_the_rest_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "feed.csv"
    path.write_text(HEADER + "0,1,x,2\n1,broken,x,3\n2,4\n\n2,,x,NaN\n2,1e999,x,1\n")
    source = feed(path)
    found = rows(source.take(0, 10))
    assert len(found) == 4
    assert np.isnan(found[1][0]) and found[1][1] == 3
    assert np.isnan(found[2]).all() and np.isnan(found[3][0])
    tally = source.tally
    assert (tally.rows, tally.words, tally.torn, tally.backwards) == (4, 1, 1, 1)


def test_jsonl_lines_are_objects_by_sensor(tmp_path: Path) -> None:
    path = tmp_path / "feed.jsonl"
    lines = [{"t": 1, "flow": 2, "pressure": None}, [1, 2], {"t": 2, "flow": {"a": 1}, "pressure": 4}]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines) + '{"t": 3, "flo')
    source = feed(path)
    (batch,) = source.take(0, 10)
    assert batch.time.tolist() == [1, 2]
    assert batch.readings[0, 0] == 2 and np.isnan(batch.readings[0, 1])
    assert np.isnan(batch.readings[1, 0]) and batch.readings[1, 1] == 4
    assert (source.tally.torn, source.tally.words) == (1, 1)


def test_a_file_without_any_known_sensor_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "feed.csv"
    path.write_text("a,b\n1,2\n")
    with pytest.raises(UserError, match=r"names none of the sensors.*flow, pressure"):
        feed(path).take(0, 10)
    with pytest.raises(UserError, match="not a plain file"):
        feed(tmp_path).take(0, 10)


def test_rows_of_several_units_are_told_apart(tmp_path: Path) -> None:
    path = tmp_path / "plant.csv"
    path.write_text("unit,flow,pressure\np1,1,1\np2,2,2\np1,3,3\n")
    found = feed(path).take(0, 10)
    assert [(batch.unit, rows([batch])) for batch in found] == [("p1", [[1, 1], [3, 3]]), ("p2", [[2, 2]])]


def test_units_that_have_fallen_silent_are_complete() -> None:
    sorter = Sorter(Tally(), 1)
    sorter.batches([Sample("gone", None, [0.0])])
    found = sorter.batches([Sample("busy", None, [0.0])] * (Sorter.SILENT + 1))
    assert [(batch.unit, len(batch), batch.complete) for batch in found][1:] == [("gone", 0, True)]
    many = sorter.batches([Sample(f"u{k}", None, [0.0]) for k in range(Sorter.MOST + 5)])
    assert sum(batch.complete for batch in many) == 6


def test_what_counts_as_a_reading() -> None:
    assert reading("1.5") == 1.5 and reading(3) == 3
    assert all(math.isnan(reading(cell)) for cell in (None, "", " NA ", "inf", "1e400", 1e300, float("nan")))
    assert reading("high") is None and reading([1]) is None and reading(True) is None
    assert math.isnan(reading(10**400) or 0) or reading(10**400) is None
    assert moment("2026-01-02T03:04:05+00:00") == 1767323045
    assert moment("12.5") == 12.5 and moment("soon") is None and moment(None) is None


def test_sensors_are_never_taken_for_the_time() -> None:
    sample = Reader(("t", "flow"), Tally(), "u").sample({"t": 3, "flow": 1, "timestamp": 9})
    assert (sample.time, list(sample.readings)) == (9, [3, 1])


def test_a_round_has_the_name_of_the_one_before() -> None:
    assert [rounds.named("a", played) for played in (1, 2, 11)] == ["a", "a (round 2)", "a (round 11)"]
    assert [rounds.before(name) for name in ("a", "a (round 2)", "a (round 11)")] == [None, "a", "a (round 10)"]
    assert rounds.recording("a (round 11)") == "a" == rounds.recording("a")
