"""Samples as folders: all that a set holds is kept, and a folder that was meddled with is told in one sentence."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.datasets import readers
from core.datasets.recordings import faultline
from core.datasets.samples import SAMPLES
from core.datasets.series import Event, Sensor, SeriesSet, SeriesUnit
from core.errors import Cancelled, UserError
from core.progress import Progress

MACHINES = [name for name, sample in SAMPLES.items() if sample.modality == "series"]


def varied() -> SeriesSet:
    """Everything that a set can hold, once."""
    rng = np.random.default_rng(0)
    values = rng.standard_normal((40, 3)).astype(np.float32) * np.float32(1e-7)
    values[3:6, 1] = np.nan
    values[:, 2] = np.nan
    time = np.cumsum(rng.uniform(0.1, 3, 40)) + 1.7e9
    units = (
        SeriesUnit("a/1", "m «1»", "train", values, time, events=None, healthy=20, failed=True, life_left=0.1),
        SeriesUnit("b", "m2", "test", values[::-1].copy(), time, events=(Event(1, 3, (0, 2), "knock"), Event(5, 6))),
        SeriesUnit("c", "m2", "test", values[:1], time[:1], events=()),
    )
    sensors = (Sensor('pressure, "inlet"', "bar"), Sensor("Drehzahl", None, "condition"), Sensor("ünused\tone"))
    return SeriesSet("varied", Path(), "x", sensors, units, "series", "epoch", None, fleet=False, notes=("one", "two"))


def test_everything_is_kept(tmp_path: Path) -> None:
    data = varied()
    faultline.write(data, tmp_path / "out")
    again = faultline.read(tmp_path / "out")
    assert again.content_id == data.content_id
    assert (again.name, again.notes, again.format, again.root) == ("varied", data.notes, "faultline", tmp_path / "out")
    for one, two in zip(again.units, data.units, strict=True):
        assert one.events == two.events and one.values.dtype == np.float32 and one.time.dtype == np.float64


def test_regular_times_are_not_written_out_and_return_to_the_last_bit(tmp_path: Path) -> None:
    data = varied()
    regular = SeriesUnit("r", "m", "test", data.units[0].values, 3.7 + np.arange(40) / 12_000, events=())
    times = regular.time.copy()
    times[17] = np.nextafter(times[17], 9)
    jittered = replace(regular, name="j", time=times)
    waves = replace(data, units=(regular, jittered), rate=12_000.0, kind="waveform", time_unit="s")
    faultline.write(waves, tmp_path / "out")
    assert [file.read_text().startswith('"time"') for file in sorted((tmp_path / "out").glob("*.csv"))] == [False, True]
    assert faultline.read(tmp_path / "out").content_id == waves.content_id


def test_the_sample_machines_are_read_as_they_were_made(tmp_path: Path) -> None:
    from core.datasets.synthetic.machines import turbofan

    assert set(MACHINES) == {"pump", "turbofan", "bearing"}
    SAMPLES["turbofan"].write(tmp_path / "fleet", 3, Progress())
    found = readers.read(tmp_path / "fleet")
    assert found.format == faultline.FORMAT and found.content_id == turbofan.make(3).content_id


def test_a_cancelled_sample_leaves_nothing(tmp_path: Path) -> None:
    def cancel() -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        faultline.write(varied(), tmp_path / "out", Progress(checkpoint=cancel))
    assert not list(tmp_path.iterdir())


def test_an_occupied_folder_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("kept")
    with pytest.raises(UserError, match="exists and is not empty"):
        faultline.write(varied(), tmp_path)
    assert (tmp_path / "mine.txt").read_text() == "kept"


def meddle(change: Callable[[dict[str, Any]], object]) -> Callable[[Path], None]:
    def apply(folder: Path) -> None:
        path = folder / faultline.DESCRIPTION
        described = json.loads(path.read_text())
        change(described)
        path.write_text(json.dumps(described))

    return apply


def rewrite(text: str) -> Callable[[Path], None]:
    return lambda folder: [file.write_text(text) for file in folder.glob("*.csv")] and None


HEADER = '"time","pressure, ""inlet""","Drehzahl","ünused\tone"\n'


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda folder: (folder / "unit-0001.csv").unlink(), "cannot be read"),
        (lambda folder: (folder / faultline.DESCRIPTION).write_text("{"), "not as it should be"),
        (lambda folder: (folder / faultline.DESCRIPTION).unlink(), "description of the recordings cannot be read"),
        (meddle(lambda found: found.pop("sensors")), "sensors: it is missing"),
        (meddle(lambda found: found["units"][0].update(file="../secret.csv")), "is not a file of the folder"),
        (meddle(lambda found: found["units"][0].update(file="/etc/passwd")), "is not a file of the folder"),
        (meddle(lambda found: found["units"][1].update(name="a/1")), "More than one recording is called «a/1»"),
        (meddle(lambda found: found["units"][1]["events"][0].update(stop=99)), "does not lie in a recording of 40"),
        (meddle(lambda found: found["units"][1]["events"][0].update(sensors=["nose"])), "names the sensor «nose»"),
        (meddle(lambda found: found["units"][0].update(healthy=99)), "99 healthy steps"),
        (meddle(lambda found: found["units"][0].update(start=0.0)), "no rate to follow"),
        (meddle(lambda found: found.update(rate=-1.0)), "rate: give a number above 0"),
        (rewrite(HEADER + "1,2,3,warm\n"), "warm"),
        (rewrite(HEADER + "1,2,3,4\n2,3\n"), "cannot be read"),
        (rewrite(HEADER + "2,2,3,4\n1,2,3,4\n"), "do not rise"),
        (rewrite(HEADER + "1e999,2,3,4\n"), "do not rise"),
        (rewrite("hello\n"), "cannot be read"),
        (rewrite(""), "cannot be read"),
    ],
)
def test_what_was_meddled_with_is_told(tmp_path: Path, spoil: Callable[[Path], None], said: str) -> None:
    faultline.write(varied(), tmp_path / "out")
    spoil(tmp_path / "out")
    with pytest.raises(UserError, match=said):
        faultline.read(tmp_path / "out")


def test_a_sensor_called_time_is_refused(tmp_path: Path) -> None:
    data = varied()
    with pytest.raises(UserError, match="cannot be called «time»"):
        faultline.write(replace(data, sensors=(Sensor("time"), *data.sensors[1:])), tmp_path / "out")
