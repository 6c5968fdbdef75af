"""Published sets: facts that can be checked by hand on the real files, and small files of the same make."""

# ruff: noqa: PD011 - the values of a unit are no data frame
from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import scipy.io

from core.datasets.readers import FORMATS, read, read_series
from core.datasets.recordings.cwru import condition_of
from core.datasets.series import Event, SeriesSet
from core.errors import UserError

Write = Callable[..., Path]
Noise = Callable[[int, int], np.ndarray]


def said(data: SeriesSet, *words: str) -> bool:
    return any(all(word in note for word in words) for note in data.notes)


def test_formats_say_what_they_are() -> None:
    assert {"mvtec", "cmapss", "smap-msl", "smd", "skab", "nab", "ai4i", "femto", "cwru", "sound", "table"} <= set(
        FORMATS
    )
    assert all(one.name == name and one.title and one.description for name, one in FORMATS.items())


@pytest.fixture(scope="module")
def cmapss(shared_datasets: Path) -> SeriesSet:
    return read_series(shared_datasets / "cmapss")


def test_cmapss(cmapss: SeriesSet) -> None:
    data = cmapss
    assert data.format == "cmapss" and not data.fleet and data.time_unit == "cycle"
    assert data.machines == ["FD001", "FD002", "FD003", "FD004"]
    first = [unit for unit in data.units if unit.machine == "FD001"]
    run = [unit for unit in first if unit.failed]
    assert len(run) == 100 and sum(map(len, run)) == 20631 and sum(unit.split == "train" for unit in run) == 60
    unit = data.by_name["FD001/unit 1"]
    assert len(unit) == 192 and unit.healthy == 76 and unit.events is None and unit.time[[0, -1]].tolist() == [1, 192]
    by_sensor = dict(zip((sensor.name for sensor in data.sensors), unit.values[0].tolist(), strict=True))
    assert by_sensor["T24"] == pytest.approx(641.82) and by_sensor["W32"] == pytest.approx(23.4190)
    assert data.conditions == [0, 1, 2] and data.sensors[3].unit == "°R"
    cut_off = data.by_name["FD001/cut off 1"]
    assert (cut_off.split, cut_off.life_left, cut_off.failed, cut_off.healthy) == ("test", 112.0, False, None)
    assert said(data, "no anomaly labels") and said(data, "six operating regimes")


def test_cmapss_one_file_has_the_same_split_as_the_folder(cmapss: SeriesSet, shared_datasets: Path) -> None:
    one = read_series(shared_datasets / "cmapss/train_FD003.txt")
    assert one.machines == ["FD003"] and len(one) == 100 and sum(unit.split == "train" for unit in one.units) == 60
    assert one.content_id == cmapss.where(lambda unit: unit.machine == "FD003" and unit.failed).content_id
    test = read_series(shared_datasets / "cmapss/test_FD003.txt")
    assert test.by_name["FD003/cut off 1"].life_left == 44.0


def test_cmapss_damaged(csv: Write, tmp_path: Path) -> None:
    row = "1 1 " + " ".join(["0.5"] * 24)
    csv("train_FD001.txt", None, [row, row.replace("1 1 ", "1 2 ")])
    csv("train_FD002.txt", None, [row, row])
    csv("train_FD003.txt", None, [row + " 7"])
    csv("train_FD004.txt", None, [row, row.replace("0.5", "half", 1)])
    data = read_series(tmp_path / "set")
    assert len(data) == 1
    assert [(one.name, one.reason) for one in data.rejected] == [
        ("train_FD002.txt", "train_FD002.txt holds the same cycle of engine 1 twice"),
        ("train_FD003.txt", "train_FD003.txt has 27 columns, not 26"),
        ("train_FD004.txt", "train_FD004.txt holds «half» in row 2, column 3, not a number"),
    ]


def test_smd(shared_datasets: Path) -> None:
    data = read(shared_datasets / "smd")
    assert isinstance(data, SeriesSet) and data.format == "smd" and not data.fleet and len(data.machines) == 5
    test = data.by_name["machine-1-2/test"]
    assert test.events is not None and len(test.events) == 10
    assert test.events[0] == Event(4629, 4688, (8, 9, 10, 12, 14, 17))  # the file counts sensors from 1
    labels = np.loadtxt(shared_datasets / "smd/test_label/machine-1-2.txt")
    assert np.array_equal(test.labels(), labels > 0)
    assert said(data, "1 event without named sensors", "machine-3-2")


def test_smap(shared_datasets: Path) -> None:
    data = read(shared_datasets / "smap_msl")
    assert isinstance(data, SeriesSet) and data.format == "smap-msl" and not data.fleet
    assert data.signals == [0] and len(data.machines) == 54
    assert data.by_name["P-2/test"].events == (Event(5300, 6576, kind="point"),)  # two rows, overlapping
    assert data.by_name["E-1/test"].events == (
        Event(5000, 5031, kind="contextual"),
        Event(5610, 6087, kind="contextual"),
    )
    assert said(data, "not aligned") and said(data, "27 channels without files", "M-1")


def test_smap_and_msl_together(tmp_path: Path, noise: Noise) -> None:
    for split in ("train", "test"):
        (tmp_path / split).mkdir()
        np.save(tmp_path / split / "P-1.npy", noise(60, 25))
        np.save(tmp_path / split / "C-1.npy", noise(60, 55))
    (tmp_path / "labeled_anomalies.csv").write_text(
        'chan_id,spacecraft,anomaly_sequences,class,num_values\nP-1,SMAP,"[[3, 5]]",[point],60\n'
        'C-1,MSL,"[[0, 0], [58, 90]]","[point, contextual]",60\n'
    )
    data = read_series(tmp_path)
    assert len(data.sensors) == 55 and (data.by_name["P-1/test"].values[:, 25:] == 0).all()
    assert data.by_name["C-1/test"].events == (Event(0, 1, kind="point"), Event(58, 60, kind="contextual"))
    assert said(data, "24 or 54 commands")


def test_ai4i(shared_datasets: Path) -> None:
    data = read(shared_datasets / "ai4i")
    assert isinstance(data, SeriesSet) and data.kind == "rows" and data.format == "ai4i"
    train, test = data.units
    assert len(train) + len(test) == 10_000 and train.events == () and len(test.events or ()) == 339
    assert 0.55 < len(train) / 9661 < 0.65
    kinds = [event.kind for event in test.events or ()]
    assert kinds.count(None) == 9 and sum("HDF" in (kind or "") for kind in kinds) == 115
    assert next(event for event in test.events or () if event.kind == "HDF").sensors == (0, 1, 2)
    assert not {"TWF", "HDF", "PWF", "OSF", "RNF"} & {sensor.name for sensor in data.sensors}
    assert said(data, "no time series") and said(data, "without a mode: 9", "normal: 18")


def test_cwru(shared_datasets: Path) -> None:
    data = read(shared_datasets / "cwru")
    assert isinstance(data, SeriesSet) and (data.kind, data.rate, data.time_unit) == ("waveform", 12000.0, "s")
    train = [unit for unit in data.units if unit.split == "train"]
    assert [(unit.name, len(unit), unit.events) for unit in train] == [("1797_Normal/train", int(0.6 * 243938), ())]
    fault = data.by_name["1797_OR_at_6_14_DE12"]
    assert fault.events == (Event(0, len(fault), kind="outer race at 6 o'clock 0.014 in"),)
    assert said(data, "leak the bearing") and said(data, "base is left out", "13 of 16")


@pytest.mark.parametrize(
    ("stem", "condition"),
    [
        ("1797_Normal", "normal"),
        ("Time_Normal_1_098", "normal"),
        ("99", "normal"),
        ("IR007_0", "inner race 0.007 in"),
        ("106", "inner race 0.007 in"),
        ("B014_1_186", "ball 0.014 in"),
        ("1797_B_28_DE12", "ball 0.028 in"),
        ("OR007@6_0", "outer race at 6 o'clock 0.007 in"),
        ("160", "outer race at 12 o'clock 0.007 in"),
        ("1797_OR_at_12_21_DE12", "outer race at 12 o'clock 0.021 in"),
        ("recording", None),
        ("4711", None),
    ],
)
def test_what_cwru_names_say(stem: str, condition: str | None) -> None:
    assert condition_of(stem) == condition


def test_cwru_matlab(tmp_path: Path, noise: Noise) -> None:
    for number in (97, 105):
        values = noise(3000, 1).astype(np.float64)
        scipy.io.savemat(tmp_path / f"{number}.mat", {f"X{number:03d}_DE_time": values, f"X{number:03d}RPM": 1797})
    data = read_series(tmp_path)
    assert [(u.name, u.split, len(u)) for u in data.units] == [
        ("105", "test", 3000),
        ("97/train", "train", 1800),
        ("97/test", "test", 1200),
    ]


def test_femto(shared_datasets: Path) -> None:
    data = read(shared_datasets / "femto")
    assert isinstance(data, SeriesSet) and data.format == "femto" and data.kind == "series" and len(data) == 8
    unit = data.by_name["Bearing1_1"]
    assert (unit.split, len(unit), unit.healthy, unit.failed) == ("train", 2803, 1121, True)
    assert unit.values[0].tolist() == pytest.approx([0.56175, 2.8685, 2.01, 0.4358, 2.9649, 1.591, 1800, 4000])
    assert {u.name for u in data.units if u.split == "test"} == {"Bearing1_3", "Bearing3_3"}


def test_femto_raw(shared_datasets: Path) -> None:
    data = read_series(shared_datasets / "femto/Learning_set_Bearing1_2.npz")
    assert (data.format, data.kind, data.rate) == ("femto-raw", "waveform", 25600.0)
    train, test = data.units
    assert len(train) % 2560 == 0 and len(train) + len(test) == 871 * 2560 and test.failed and not train.failed
    assert (np.diff(test.time) > 0).all() and test.time[-1] == pytest.approx(870 * 10 + 2559 / 25600)
    features = read_series(shared_datasets / "femto").by_name["Bearing1_2"]
    rms = np.sqrt(np.mean(train.values[:2560, 0].astype(np.float64) ** 2))
    assert rms == pytest.approx(features.values[0, 0], abs=1e-3)


def test_skab(csv: Write, tmp_path: Path) -> None:
    sensors = (
        "Accelerometer1RMS;Accelerometer2RMS;Current;Pressure;Temperature;Thermocouple;Voltage;Volume Flow RateRMS"
    )
    times = pd.date_range("2020-03-09 10:14:33", periods=500, freq="1s").strftime("%Y-%m-%d %H:%M:%S")
    values = ";".join(["0.5"] * 8)
    labelled = [f"{t};{values};{float(450 <= i < 480)};0.0" for i, t in enumerate(times)]
    csv("valve1/0.csv", f"datetime;{sensors};anomaly;changepoint", labelled)
    csv("anomaly-free/anomaly-free.csv", f"datetime;{sensors}", [f"{t};{values}" for t in times])
    data = read_series(tmp_path / "set")
    assert data.format == "skab" and not data.fleet and len(data.sensors) == 8
    assert [(u.name, u.split, len(u), u.events) for u in data.units] == [
        ("anomaly-free/anomaly-free", "train", 500, ()),
        ("valve1/0/train", "train", 400, ()),
        ("valve1/0/test", "test", 100, (Event(50, 80),)),
    ]


def test_folder_like_skab_with_other_sensors_is_a_table(csv: Write, tmp_path: Path) -> None:
    times = pd.date_range("2020-03-09 10:14:33", periods=60, freq="1s").strftime("%Y-%m-%d %H:%M:%S")
    csv(
        "valve1/0.csv", "datetime;Flow;Level;anomaly;changepoint", [f"{t};0.5;{i};0.0;0.0" for i, t in enumerate(times)]
    )
    data = read_series(tmp_path / "set")
    assert data.format == "table" and [sensor.name for sensor in data.sensors] == ["Flow", "Level"]


def test_experiment_without_times_is_told(csv: Write, tmp_path: Path) -> None:
    sensors = (
        "Accelerometer1RMS;Accelerometer2RMS;Current;Pressure;Temperature;Thermocouple;Voltage;Volume Flow RateRMS"
    )
    csv("0.csv", f"datetime;{sensors};anomaly;changepoint", [";".join(["", *["0.5"] * 8, "0.0", "0.0"])] * 60)
    with pytest.raises(UserError, match="no two rows with a time"):
        read_series(tmp_path / "set")


def test_nab(csv: Write, tmp_path: Path) -> None:
    times = pd.date_range("2014-02-14 14:30", periods=200, freq="5min")
    csv("realKnownCause/x.csv", "timestamp,value", [f"{t},{i * 0.5}" for i, t in enumerate(times)])
    csv("realKnownCause/y.csv", "timestamp,value", [f"{t},{i * 0.5}" for i, t in enumerate(times)])
    windows = {"realKnownCause/x.csv": [[str(times[100]), str(times[109])]]}
    (tmp_path / "set/labels").mkdir()
    (tmp_path / "set/labels/combined_windows.json").write_text(json.dumps(windows))
    data = read_series(tmp_path / "set")
    assert data.format == "nab"
    assert [(u.split, len(u), u.events) for u in data.units] == [
        ("train", 30, ()),
        ("test", 170, (Event(70, 80),)),
    ]
    assert [one.name for one in data.rejected] == ["realKnownCause/y.csv"]


def test_a_format_that_does_not_fit_is_said(csv: Write, tmp_path: Path) -> None:
    csv("a.csv", "x,y", ["1,2"] * 40)
    for name in (
        "cmapss",
        "smap-msl",
        "smd",
        "skab",
        "nab",
        "ai4i",
        "femto",
        "femto-raw",
        "cwru",
        "sound",
        "faultline",
    ):
        with pytest.raises(UserError, match=f"not in the format {name}"):
            read(tmp_path / "set", format=name)
    with pytest.raises(UserError, match="no dataset format named swat"):
        read(tmp_path / "set", format="swat")
    with pytest.raises(UserError, match="no image"):
        read(tmp_path / "set", format="mvtec")
