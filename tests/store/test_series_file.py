"""Recordings in the workspace: what is read is what was written, mapped from two files however many units there are."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from core.datasets.series import Event, Sensor, SeriesSet, SeriesUnit
from core.datasets.types import Rejected
from core.errors import UserError
from core.store import seriesfile
from core.store.datasets import DatasetStore
from core.store.workspace import Workspace


@pytest.fixture
def data() -> SeriesSet:
    """Forty units of 1 to 40 steps, with holes, events and a run to failure."""
    rng = np.random.default_rng(0)
    units = []
    for number in range(40):
        values = rng.standard_normal((number + 1, 3)).astype(np.float32)
        values[0, 1] = np.nan
        events = (Event(0, 1, (2,), "leak"),) if number % 3 == 0 else None
        units.append(
            SeriesUnit(
                f"u{number}", f"m{number % 4}", "train" if number % 2 else "test", values, np.arange(number + 1) * 1.5,
                events, healthy=1, failed=number == 7, life_left=2.5,
            )
        )  # fmt: skip
    return SeriesSet(
        "set", Path("/somewhere"), "own", (Sensor("a", "bar"), Sensor("b"), Sensor("c", role="condition")),
        tuple(units), time_unit="s", rate=2 / 3, fleet=False, rejected=(Rejected("x.csv", "text"),), notes=("a note",),
    )  # fmt: skip


def test_what_is_read_is_what_was_written(data: SeriesSet, tmp_path: Path) -> None:
    seriesfile.write(tmp_path, data)
    found = seriesfile.read(tmp_path)
    assert found.content_id == data.content_id
    assert (found.sensors, found.notes, found.rejected, found.root) == (
        data.sensors,
        data.notes,
        data.rejected,
        data.root,
    )
    assert (found.time_unit, found.rate, found.fleet, found.kind) == ("s", 2 / 3, False, "series")
    for mine, theirs in zip(found.units, data.units, strict=True):
        np.testing.assert_array_equal(mine.values, theirs.values)
        np.testing.assert_array_equal(mine.time, theirs.time)
        assert (mine.name, mine.machine, mine.split, mine.events) == (
            theirs.name,
            theirs.machine,
            theirs.split,
            theirs.events,
        )
        assert (mine.healthy, mine.failed, mine.life_left, mine.sha256) == (
            theirs.healthy,
            theirs.failed,
            theirs.life_left,
            theirs.sha256,
        )
    del found.__dict__["content_id"]
    assert found.content_id == data.content_id  # worked out anew, from what was read


def test_units_are_mapped_from_two_files(data: SeriesSet, tmp_path: Path) -> None:
    seriesfile.write(tmp_path, data)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["series.json", "time.npy", "values.npy"]
    for unit in seriesfile.read(tmp_path).units:
        assert not unit.values.flags.owndata
        with pytest.raises(ValueError, match="read-only"):
            unit.values[0, 0] = 1


def test_another_version_is_told_and_reading_it_in_again_mends_it(data: SeriesSet, workspace: Workspace) -> None:
    store = DatasetStore(workspace)
    row = store.add(data)
    path = store.folder(row.id) / "series" / seriesfile.FILE
    path.write_text(json.dumps(json.loads(path.read_text()) | {"format": 1}))
    with pytest.raises(UserError, match="another version"):
        store.series(row.id)
    store.add(data)
    assert store.series(row.id).content_id == data.content_id
