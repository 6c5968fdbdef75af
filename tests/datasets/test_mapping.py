"""The mapping step: what a guess says, what is remembered, what a look shows."""

# ruff: noqa: PD011 - the values of a unit are no data frame
from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from core.datasets.mapping import TableMapping, guess, preview, signature
from core.datasets.readers import read_series

_FILE = itertools.count()


def put(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / f"{next(_FILE)}.csv"
    path.write_bytes(text.encode(encoding))
    return path


def test_a_mapping_goes_to_disk_and_back() -> None:
    mapping = TableMapping(separator=";", decimal=",", time="t", zone="Europe/Berlin", sensors=("a", "b"), label="l")
    assert TableMapping.model_validate_json(mapping.model_dump_json()) == mapping
    with pytest.raises(ValidationError):
        TableMapping.model_validate({"sensors": ["a"], "surprise": 1})
    with pytest.raises(ValidationError):
        TableMapping(sensors=())


def test_a_signature_is_of_header_and_types_not_of_values(tmp_path: Path) -> None:
    rows = [f"2026-01-01 00:00:{i:02d},{i}.5,{i}" for i in range(40)]
    one = signature(put(tmp_path, "time,x,y\n" + "\n".join(rows)))
    assert one == signature(put(tmp_path, "time,x,y\n" + "\n".join(rows[10:])))
    assert one != signature(put(tmp_path, "time,x,z\n" + "\n".join(rows)))
    assert one != signature(put(tmp_path, "time,x,y\n" + "\n".join(row + "a" for row in rows)))
    assert one != signature(put(tmp_path, "time;x;y\n" + "\n".join(row.replace(",", ";") for row in rows)))


def test_a_preview_is_text_as_it_stands(tmp_path: Path) -> None:
    path = put(tmp_path, "a;b\n" + "1,50;007\n" * 60)
    shown = preview(path, 3)
    assert list(shown.columns) == ["a", "b"] and shown.to_numpy().tolist() == [["1,50", "007"]] * 3


def test_every_assumption_has_a_sentence(tmp_path: Path) -> None:
    header = "Zeit;Maschine;Temperatur;Sollwert setpoint;Bemerkung;Fault\n"
    rows = [f"{i % 28 + 1:02d}.02.2026 08:00;M{i // 40};{i},5;3,0;gut;{i % 2}" for i in range(80)]
    found = guess(put(tmp_path, header.replace("Maschine", "machine id") + "\n".join(rows), "cp1252"))
    mapping = found.mapping
    assert (mapping.separator, mapping.decimal, mapping.date_pattern) == (";", ",", "%d.%m.%Y %H:%M")
    assert (mapping.time, mapping.unit, mapping.label) == ("Zeit", "machine id", "Fault")
    assert mapping.sensors == ("Temperatur",) and mapping.conditions == ("Sollwert setpoint",)
    text = " ".join(found.reasons)
    assert all(f"«{name}»" in text for name in ("Zeit", "machine id", "Fault", "Bemerkung"))
    assert "decimal comma" in text and all(reason.endswith(".") for reason in found.reasons)


def test_a_german_label_is_no_sensor(tmp_path: Path) -> None:
    rows = [f"{i}.02.2026 08:00:00 +0100;{i},5;{i % 2}" for i in range(1, 29)]
    mapping = guess(put(tmp_path, "Zeitstempel;Öldruck;Störung\n" + "\n".join(rows), "cp1252")).mapping
    assert (mapping.label, mapping.sensors, mapping.date_pattern) == ("Störung", ("Öldruck",), "%d.%m.%Y %H:%M:%S %z")


@pytest.mark.parametrize("name", ["t_s", "t [s]", "T(sec)"])
def test_seconds_since_the_start_are_no_sensor(tmp_path: Path, name: str) -> None:
    mapping = guess(put(tmp_path, f"{name},x\n" + "\n".join(f"{i / 2},{i * i % 7}.5" for i in range(60)))).mapping
    assert (mapping.time, mapping.time_format, mapping.sensors) == (name, "number", ("x",))


def test_repeated_and_empty_column_names(tmp_path: Path) -> None:
    path = put(tmp_path, "x,x,\n" + "\n".join(f"{i}.5,{i},{i * i}.25" for i in range(40)))
    assert guess(path).mapping.sensors == ("x", "x (2)", "column 3")
    assert len(read_series(path).sensors) == 3


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_encodings(tmp_path: Path, encoding: str) -> None:
    data = read_series(put(tmp_path, "Öldruck,x\n" + "\n".join(f"{i}.5,{i}" for i in range(60)), encoding))
    assert [sensor.name for sensor in data.sensors] == ["Öldruck", "x"] and data.n_steps == 60


_numbers = st.floats(-1e6, 1e6, width=32)


@settings(max_examples=40)
@given(
    table=st.integers(1, 4).flatmap(
        lambda d: st.lists(st.lists(_numbers, min_size=d, max_size=d), min_size=20, max_size=40)
    ),
    separator=st.sampled_from([";", "\t", "|"]),
    decimal=st.sampled_from([".", ","]),
    pattern=st.sampled_from(["%Y-%m-%d %H:%M:%S", "%d.%m.%Y %H:%M:%S", "%Y/%m/%d %H:%M:%S"]),
)
def test_what_is_written_is_read(
    tmp_path_factory: pytest.TempPathFactory, table: list[list[float]], separator: str, decimal: str, pattern: str
) -> None:
    values = np.array(table, np.float32)
    frame = pd.DataFrame(values.astype(np.float64), columns=[f"sensor {chr(97 + i)}" for i in range(values.shape[1])])
    times = pd.date_range("2026-03-01", periods=len(values), freq="1h")
    frame.insert(0, "time", times.strftime(pattern))
    path = tmp_path_factory.getbasetemp() / "written.csv"
    frame.to_csv(path, sep=separator, decimal=decimal, index=False)
    data = read_series(path)
    found = np.concatenate([unit.values for unit in data.units])
    assert np.array_equal(found, values)
    assert np.array_equal(np.concatenate([unit.time for unit in data.units]), times.as_unit("s").astype(np.int64))
