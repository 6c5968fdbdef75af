"""Tables as people export them, and tables as they should not be."""

# ruff: noqa: PD011 - the values of a unit are no data frame
from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.datasets.mapping import TableMapping, guess
from core.datasets.readers import read, read_series
from core.datasets.series import Event, SeriesSet
from core.errors import UserError

Write = Callable[..., Path]
Noise = Callable[[int, int], np.ndarray]


def stamps(n: int, step: str = "1s") -> pd.DatetimeIndex:
    return pd.date_range("2026-03-01 10:00", periods=n, freq=step)


def lines(n: int, times: list[str] | None = None) -> list[str]:
    times = times or [str(stamp) for stamp in stamps(n)]
    return [f"{times[i]},{i * 0.5},{-i}" for i in range(n)]


def said(data: SeriesSet, *words: str) -> bool:
    return any(all(word in note for word in words) for note in data.notes)


def whole(data: SeriesSet) -> tuple[np.ndarray, np.ndarray]:
    """(values, times) of all units, in order."""
    return np.concatenate([u.values for u in data.units]), np.concatenate([u.time for u in data.units])


def test_a_plain_csv(csv: Write) -> None:
    data = read_series(csv("pump.csv", "time,pressure,flow", lines(100)))
    assert (data.name, data.format, data.kind, data.time_unit, data.rate) == ("pump", "table", "series", "epoch", 1.0)
    assert [sensor.name for sensor in data.sensors] == ["pressure", "flow"]
    assert [(unit.name, unit.split, len(unit), unit.events) for unit in data.units] == [
        ("pump/train", "train", 50, None),
        ("pump/test", "test", 50, None),
    ]
    values, time = whole(data)
    assert np.array_equal(values[:, 0], np.arange(100, dtype=np.float32) / 2) and values.dtype == np.float32
    assert time[0] == pd.Timestamp("2026-03-01 10:00", tz="UTC").timestamp()
    assert (
        said(data, "Nobody says which rows are anomalous")
        and said(data, "first 50\u00a0%")
        and said(data, "taken for UTC")
    )


def test_semicolons_decimal_commas_and_german_dates(csv: Write) -> None:
    rows = [f"{stamp:%d.%m.%Y %H:%M:%S};{i},25;{i}" for i, stamp in enumerate(stamps(60))]
    data = read_series(csv("werk.csv", "Zeit;Druck;Durchfluß", rows, "cp1252"))
    values, time = whole(data)
    assert np.array_equal(values[:, 0], np.arange(60) + np.float32(0.25))
    assert time[0] == pd.Timestamp("2026-03-01 10:00", tz="UTC").timestamp()
    assert data.sensors[1].name == "Durchfluß" and said(data, "decimal comma") and said(data, "cp1252")


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2026-03-01T09:00:00Z", 1772355600.0),
        ("2026-03-01 10:00:00+01:00", 1772355600.0),
        ("2026-03-01T10:00:00.250+0100", 1772355600.25),
        ("1772355600", 1772355600.0),
        ("1772355600250", 1772355600.25),
        ("1772355600250000", 1772355600.25),
        ("01.03.2026 09:00", 1772355600.0),
        ("01.03.2026 10:00:00 +0100", 1772355600.0),
        ("01.03.2026 10:00:00.250+01:00", 1772355600.25),
        ("03/01/2026 09:00:00 AM", None),
    ],
)
def test_ways_to_write_a_time(csv: Write, written: str, expected: float | None) -> None:
    if written.isdigit():
        scale = 10 ** (len(written) - 10)
        times = [str(int(written) + i * scale) for i in range(40)]
    elif written.endswith("AM"):
        times = [f"{stamp:%m/%d/%Y %I:%M:%S %p}" for stamp in pd.date_range("2026-03-01 09:00", periods=40, freq="12h")]
        expected = 1772355600.0
    elif written == "01.03.2026 09:00":
        times = [f"{stamp:%d.%m.%Y %H:%M}" for stamp in pd.date_range("2026-03-01 09:00", periods=40, freq="1min")]
    else:
        times = [written.replace("00:00", f"00:{i:02d}", 1) for i in range(40)]
    data = read_series(csv("a.csv", "timestamp,x,y", lines(40, times)))
    assert data.time_unit == "epoch"
    assert whole(data)[1][0] == expected
    assert data.n_steps == 40


def test_a_zone_is_converted_and_said(csv: Write) -> None:
    path = csv("a.csv", "time,x,y", lines(40))
    mapping = guess(path).mapping.model_copy(update={"zone": "Europe/Berlin"})
    data = read_series(path, mapping=mapping)
    assert whole(data)[1][0] == pd.Timestamp("2026-03-01 09:00", tz="UTC").timestamp()
    assert said(data, "Europe/Berlin", "UTC")
    with pytest.raises(UserError, match="no time zone Europa"):
        read_series(path, mapping=mapping.model_copy(update={"zone": "Europa"}))


def test_day_and_month_are_told_apart_by_order(csv: Write) -> None:
    days = pd.date_range("2026-01-01", periods=60, freq="1D")
    us = read_series(csv("us.csv", "date,x,y", lines(60, [f"{day:%m/%d/%Y}" for day in days])))
    uk = read_series(csv("uk.csv", "date,x,y", lines(60, [f"{day:%d/%m/%Y}" for day in days])))
    assert np.array_equal(whole(us)[1], whole(uk)[1]) and us.rate == pytest.approx(1 / 86400)


def test_dates_that_could_be_either_are_said(csv: Write) -> None:
    times = [f"03/04/2026 10:00:{i:02d}" for i in range(40)]
    assert said(read_series(csv("a.csv", "date,x,y", lines(40, times))), "could be read either way")


def test_unsorted_repeated_and_missing_times(csv: Write) -> None:
    rows = lines(60)
    rows[10], rows[11] = rows[11], rows[10]
    rows.insert(20, rows[20].replace(",-20", ",999"))  # the first of the two stays
    rows.append(",1.0,2.0")
    data = read_series(csv("a.csv", "time,x,y", rows))
    values, time = whole(data)
    assert (np.diff(time) > 0).all() and len(time) == 60
    assert values[20, 1] == 999 and np.array_equal(values[:, 0], np.arange(60, dtype=np.float32) / 2)
    assert said(data, "1 step back", "sorted") and said(data, "repeated", "1 row") and said(data, "without a time")


def test_gaps_and_irregular_sampling(csv: Write) -> None:
    seconds = np.arange(100.0)
    seconds[50:] += 600
    seconds[70] += 0.3
    times = [str(pd.Timestamp("2026-03-01") + pd.Timedelta(seconds=s)) for s in seconds]
    data = read_series(csv("a.csv", "time,x,y", lines(100, times)))
    assert data.rate is None
    assert said(data, "1 gap", "601") and said(data, "irregular", "3.03\u00a0%")


def test_missing_infinite_constant_and_empty_sensors(csv: Write) -> None:
    rows = [f"{t},{'' if i % 4 == 0 else i},7,,{'inf' if i == 3 else i * i}" for i, t in enumerate(stamps(80))]
    data = read_series(csv("a.csv", "time,gappy,still,empty,big", rows))
    assert [sensor.name for sensor in data.sensors] == ["gappy", "still", "big"]
    assert said(data, "gappy", "25.00\u00a0%") and said(data, "same value throughout", "still")
    assert said(data, "Without a single value", "empty") and said(data, "big", "1 infinite value")
    assert np.isnan(whole(data)[0][3, 2])


def test_mixed_decimal_marks_are_read_and_counted(csv: Write) -> None:
    rows = [f"{t};{i}.5;{i}" for i, t in enumerate(stamps(60))]
    rows[40] = rows[40].replace("40.5", "40,5")
    data = read_series(csv("a.csv", "time;x;y", rows))
    assert np.array_equal(whole(data)[0][:, 0], np.arange(60) + np.float32(0.5))
    assert said(data, "1 number", "decimal mark", "40,5")


def test_thousands_are_not_taken_for_decimals(csv: Write) -> None:
    rows = [f"{t};{i}.5;{i}" for i, t in enumerate(stamps(60))]
    rows[40] = rows[40].replace("40.5", "1,040")
    with pytest.raises(UserError, match=r"column x holds the text «1,040» in row 41"):
        read_series(csv("a.csv", "time;x;y", rows))


@pytest.mark.parametrize(
    ("separator", "written", "mark"),
    [
        (";", ["1.451,9", "987,5", "2.012.300,25", "-1.000"], "."),  # German
        (",", ['"1,451.9"', "987.5", '"2,012,300.25"', '"-1,000"'], ","),  # American
        (";", ["1 451,9", "987,5", "2 012 300,25", "-1 000"], " "),  # French, with a space
        (";", ["1\u202f451,9", "987,5", "2\u202f012\u202f300,25", "-1\u202f000"], "\u202f"),  # and with a narrow one
        (";", ["1'451.9", "987.5", "2'012'300.25", "-1'000"], "'"),  # Swiss
    ],
)
def test_thousands_set_apart_are_read_and_said(separator: str, written: list[str], mark: str, csv: Write) -> None:
    rows = [f"{t}{separator}{written[i % 4]}{separator}{i}" for i, t in enumerate(stamps(60))]
    path = csv("a.csv", f"time{separator}x{separator}y", rows)
    assert "text" not in " ".join(guess(path).reasons[1:])
    data = read_series(path)
    assert np.array_equal(whole(data)[0][:4, 0], np.float32([1451.9, 987.5, 2012300.25, -1000]))
    assert said(data, "45 numbers", f"«{mark}» between thousands")


@pytest.mark.parametrize(("decimal", "whole_numbers"), [("60,03", "1.451"), ("60.03", '"1,451"')])
def test_whole_thousands_go_by_the_files_decimal_mark(decimal: str, whole_numbers: str, csv: Write) -> None:
    """1.451 beside 60,03 is a thousand and more, and so are they all if the others are whole and small."""
    rows = [f"{t};{decimal};{whole_numbers if i % 2 else 987}" for i, t in enumerate(stamps(60))]
    data = read_series(csv("a.csv", "time;x;y", rows))
    assert np.array_equal(whole(data)[0][:2], np.float32([[60.03, 987], [60.03, 1451]]))


def test_three_decimals_are_no_thousands(csv: Write) -> None:
    rows = [f"{t};{1 + i},125;0,5" for i, t in enumerate(stamps(60))]
    data = read_series(csv("a.csv", "time;x;y", rows))
    assert np.array_equal(whole(data)[0][:, 0], np.arange(60) + np.float32(1.125))


def test_text_in_a_sensor_column(csv: Write) -> None:
    rows = lines(60)
    rows[33] = rows[33].replace("16.5", "broken")
    with pytest.raises(UserError, match=r"column x holds the text «broken» in row 34.*a\.csv.*Correct"):
        read_series(csv("a.csv", "time,x,y", rows))


def test_a_column_of_text_is_left_out_and_said(csv: Write) -> None:
    data = read_series(csv("a.csv", "time,x,y,remark", [f"{row},all well" for row in lines(60)]))
    assert [sensor.name for sensor in data.sensors] == ["x", "y"] and said(data, "remark", "text")


def test_ragged_rows_are_counted(csv: Write) -> None:
    rows = lines(60)
    rows[5] += ",1,2"
    rows[17] = rows[17].rpartition(",")[0]
    data = read_series(csv("a.csv", "time,x,y", rows))
    assert data.n_steps == 58 and said(data, "2 ragged rows", "row 7 with 5 of 3 fields")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is empty"),
        (b"\n\n", "is empty"),
        (b"time,x,y\n", "no rows below"),
        (b"time,x\n2026-01-01,1\n2026-01-02,2\n2026-01-03,3\n", "3 rows, fewer than the 20"),
        (b"a,b\n" + b"text,more text\n" * 50, "No column"),
        (b"PK\x03\x04" + bytes(200), "no text table"),
    ],
)
def test_files_that_cannot_be_read(tmp_path: Path, content: bytes, sentence: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    with pytest.raises(UserError, match=sentence) as caught:
        read(path)
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 300


@pytest.mark.parametrize("odd", ["30000-01-01 00:00:00", "1000000000000000000000000", "when it rained", "0001-01-01"])
def test_impossible_times_name_the_row(csv: Write, odd: str) -> None:
    times = [str(stamp) for stamp in stamps(60)]
    times[47] = odd
    with pytest.raises(UserError, match=rf"{odd}.* in row 48"):
        read_series(csv("a.csv", "time,x,y", lines(60, times)))


def test_gigantic_numbers_for_times_name_the_row(csv: Write) -> None:
    times = [str(1772355600 + i) for i in range(60)]
    times[47] = "1" + "0" * 20
    with pytest.raises(UserError, match="in row 48 lies outside the years"):
        read_series(csv("a.csv", "time,x,y", lines(60, times)))


@pytest.mark.parametrize(("name", "step", "left_out"), [("YEAR", 1, True), ("YEAR", 2, False), ("load", 1, False)])
def test_years_are_no_sensor(csv: Write, name: str, step: int, left_out: bool) -> None:
    """A column that counts the rows and is called so; in other steps, or under another name, it could be readings."""
    path = csv("a.csv", f"{name},x,y", [f"{1700 + step * i}.0,{i * i % 7},{i % 5}" for i in range(60)])
    found = guess(path)
    assert (name not in found.mapping.sensors) is left_out
    assert any(f"«{name}» only counts the rows" in reason for reason in found.reasons) is left_out


def test_index_columns_units_labels_and_conditions(csv: Write) -> None:
    rows = [f"{i},{i // 40},{i % 40},{i % 7},{i * 0.5},{int(i % 40 > 30)},0" for i in range(240)]
    path = csv("a.csv", ",unit_id,cycle,setting_1,x,is_anomaly,changepoint", rows)
    found = guess(path)
    assert found.mapping.unit == "unit_id" and found.mapping.label == "is_anomaly" and found.mapping.time == "cycle"
    assert found.mapping.sensors == ("x",) and found.mapping.conditions == ("setting_1",)
    assert any("only counts the rows" in reason for reason in found.reasons)
    assert any("changepoint" in reason and "give the answer away" in reason for reason in found.reasons)
    data = read_series(path)
    assert data.time_unit == "cycle" and [len(unit) for unit in data.units] == [40] * 6
    assert sum(unit.split == "train" for unit in data.units) == 3  # whole units
    assert data.units[0].events == (Event(31, 40),)
    assert [sensor.role for sensor in data.sensors] == ["signal", "condition"]


@pytest.mark.parametrize(
    ("labels", "kinds"),
    [
        (("Normal", "Attack"), (None,)),
        (("0", "1"), (None,)),
        (("False", "True"), (None,)),
        (("1", "-1"), (None,)),
        (("ok", "leak"), ("leak",)),
        (("0", "3"), ("3",)),
    ],
)
def test_words_for_labels(csv: Write, labels: tuple[str, str], kinds: tuple[str | None]) -> None:
    rows = [f"{row},{labels[20 <= i < 25]}" for i, row in enumerate(lines(60))]
    path = csv("a.csv", "time,x,y,label", rows)
    data = read_series(path, mapping=guess(path).mapping.model_copy(update={"train_share": 0.1}))
    events = [event for unit in data.units for event in unit.events or ()]
    assert [(event.start + 6, event.stop + 6, event.kind) for event in events] == [(20, 25, *kinds)]


def test_labels_that_do_not_say_what_is_normal(csv: Write) -> None:
    path = csv("a.csv", "time,x,y,label", [f"{row},{'AB'[i % 2]}" for i, row in enumerate(lines(60))])
    mapping = TableMapping(time="time", sensors=("x", "y"), label="label")
    with pytest.raises(UserError, match="which of them is normal: A, B"):
        read_series(path, mapping=mapping)
    data = read_series(path, mapping=mapping.model_copy(update={"normal_label": "A"}))
    assert sum(len(unit.events or ()) for unit in data.units) == 30


def test_no_header_and_no_time(csv: Write) -> None:
    data = read_series(csv("a.csv", None, [f"{i * 0.5} {i * i * 0.25}" for i in range(60)]))
    assert [sensor.name for sensor in data.sensors] == ["column 1", "column 2"]
    assert (
        data.time_unit == "step" and data.n_steps == 60 and said(data, "no header") and said(data, "looks like a time")
    )


def test_train_until(csv: Write) -> None:
    path = csv("a.csv", "time,x,y", lines(60))
    mapping = guess(path).mapping.model_copy(update={"train_until": "2026-03-01 10:00:15"})
    assert [len(unit) for unit in read_series(path, mapping=mapping).units] == [15, 45]
    with pytest.raises(UserError, match="«soon» is no time"):
        read_series(path, mapping=mapping.model_copy(update={"train_until": "soon"}))


def test_rows_are_drawn_not_cut(csv: Write) -> None:
    path = csv("a.csv", "x,y,fault", [f"{i * 0.5},{i % 9},{int(i % 10 == 0)}" for i in range(200)])
    mapping = guess(path).mapping.model_copy(update={"kind": "rows", "train_share": 0.6})
    data = read_series(path, mapping=mapping)
    train, test = data.units
    assert data.kind == "rows" and not train.events and len(test.events or ()) == 20
    assert len(train) + len(test) == 200 and 80 < len(train) < 140
    assert all(test.time[event.start] % 10 == 0 for event in test.events or ())


def test_parquet_npy_and_csv_agree(tmp_path: Path, noise: Noise) -> None:
    values = noise(80, 3)
    frame = pd.DataFrame(values, columns=["a", "b", "c"])
    frame.insert(0, "time", stamps(80).tz_localize("Europe/Berlin"))
    frame.to_parquet(tmp_path / "x.parquet")
    frame.to_csv(tmp_path / "x.csv", index=False)
    np.save(tmp_path / "x.npy", values)
    sets = [read_series(tmp_path / f"x.{suffix}") for suffix in ("parquet", "csv", "npy")]
    assert all(np.array_equal(whole(data)[0], values) for data in sets)
    assert np.array_equal(whole(sets[0])[1], whole(sets[1])[1])
    assert sets[0].content_id == sets[1].content_id


def test_train_and_test_folders_and_files(csv: Write, tmp_path: Path) -> None:
    for name in ("train/m1.csv", "test/m1.csv"):
        csv(name, "time,x,y", lines(40))
    assert [(u.name, u.machine, u.split) for u in read_series(tmp_path / "set").units] == [
        ("m1/test", "m1", "test"),
        ("m1/train", "m1", "train"),
    ]


def test_a_folder_keeps_what_can_be_read(csv: Write, tmp_path: Path) -> None:
    csv("a.csv", "time,x,y", lines(40))
    csv("b.csv", "time,x,y", lines(40))
    csv("c.csv", "other,columns", ["1,2"] * 40)
    csv("d.csv", "time,x,y", [row.replace(",-30", ",oops") for row in lines(40)])
    csv("e.csv", None, [])
    data = read(tmp_path / "set")
    assert isinstance(data, SeriesSet) and data.machines == ["a", "b"]
    assert {one.name: one.reason for one in data.rejected} == {
        "c.csv": "has other columns than most files",
        "d.csv": "The column y holds the text «oops» in row 31, not a number: correct the value or empty it, or leave "
        "the column out",
        "e.csv": "e.csv is empty",
    }


def test_a_mapping_that_does_not_fit(csv: Write) -> None:
    path = csv("a.csv", "time,x,y", lines(40))
    with pytest.raises(UserError, match=r"no column z.*time, x, y"):
        read_series(path, mapping=TableMapping(time="time", sensors=("x", "z")))
    with pytest.raises(UserError, match="is for tables"):
        read_series(path, format="cmapss", mapping=TableMapping(sensors=("x",)))
    with pytest.raises(ValueError, match="two meanings"):
        TableMapping(time="x", sensors=("x",))


@pytest.mark.parametrize("value", ['"two\nlines"', '"tab\tand more"', "x" * 500])
def test_odd_text_stays_one_short_sentence(csv: Write, value: str) -> None:
    rows = [f"{i};{i}.5" for i in range(40)]
    rows[30] = f"30;{value}"
    with pytest.raises(UserError, match="row 31") as caught:
        read_series(csv("a.csv", "x;y", rows))
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 400


def test_old_line_ends_and_odd_bytes(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"x,y\r" + b"1,2\r" * 40)
    assert read_series(path).n_steps == 40
    path.write_bytes(b"\xff\xfe" + "  \n ".encode("utf-16-le"))
    with pytest.raises(UserError, match="is empty"):
        read_series(path)


def test_files_of_one_name_stay_two_recordings(tmp_path: Path, noise: Noise) -> None:
    frame = pd.DataFrame(noise(100, 2), columns=["a", "b"])
    frame.to_csv(tmp_path / "pump.csv", index=False)
    (2 * frame).to_parquet(tmp_path / "pump.parquet")
    names = [unit.name for unit in read_series(tmp_path).units]
    assert sorted(names) == ["pump/test", "pump/test (2)", "pump/train", "pump/train (2)"]


def test_header_of_a_field_without_end(tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    path.write_text("a" * 200_000 + ",b\n" + "1,2\n" * 50)
    for mapping in (None, TableMapping(sensors=("b",))):
        with pytest.raises(UserError, match="is no table"):
            read_series(path, mapping=mapping)


@pytest.mark.parametrize("encoding", ["klingon", "base64", "utf\0"])
def test_mapping_with_an_encoding_that_is_none(encoding: str) -> None:
    with pytest.raises(ValueError, match="encoding"):
        TableMapping(sensors=("a",), encoding=encoding)
