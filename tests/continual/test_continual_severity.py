"""Severity tables and configurations: what is refused, and in which words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from core.continual.config import ASSETS, check_config, read_config, shipped
from core.continual.severity import FOLDER, SeverityTable, parse_severities, read_severities
from core.errors import UserError


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.csv")), ids=lambda path: path.stem)
def test_shipped_tables_are_whole(path: Path) -> None:
    table = read_severities(path.stem)
    assert all(0 <= severity <= 1 for _, severity in table.rows)
    assert parse_severities(table.to_csv(), "again").sha256 == table.sha256


def test_bearings_are_diameter_times_place() -> None:
    table = read_severities("bearings")
    assert table.severity("inner race 0.028 in") == 0.95, "the published code gave 0.3"
    assert table.severity("ball 0.014 in") == pytest.approx(0.75 * 0.95, abs=1e-4)
    assert table.severity("outer race at 6 o'clock 0.007 in") == pytest.approx(0.54)


def test_an_fmea_becomes_severities_without_its_other_columns() -> None:
    found = parse_severities("failure_mode,S,O,D\ncrack,10,3,5\nstain,1,9,9\n", "fmea.csv")
    assert dict(found.rows) == {"crack": 1.0, "stain": 0.0}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("failure_mode,severity\ncrack,0.9\nstain,\n", "«severity» is empty (t.csv, line 3)"),
        ("failure_mode,severity\n,0.9\n", "«failure_mode» is empty (t.csv, line 2)"),
        ("failure_mode,severity\ncrack,1.9\n", "«severity»: give a number of at most 1 (t.csv, line 2)"),
        ("failure_mode,severity\ncrack,much\n", "«severity»: give a number"),
        ("failure_mode,S,O,D\ncrack,11,1,1\n", "«S»: give a number of at most 10"),
        ("failure_mode,severity\ncrack,0.9\ncrack,0.8\n", "«crack» has two rows (t.csv, line 3)"),
        ("failure_mode,severity\n", "has no rows"),
        ("a,b\n1,2\n", "This is no severity table"),
        ("", "This is no severity table"),
    ],
)
def test_holes_are_refused_in_a_sentence(text: str, said: str) -> None:
    with pytest.raises(UserError) as found:
        parse_severities(text, "t.csv")
    assert said in str(found.value)


def test_the_hash_is_of_the_content() -> None:
    one = SeverityTable("a", (("x", 0.5), ("y", 0.25)))
    assert one.sha256 == SeverityTable("b", (("y", 0.25), ("x", 0.5))).sha256
    assert one.sha256 != SeverityTable("a", (("x", 0.5), ("y", 0.3))).sha256
    with pytest.raises(UserError, match="no row for «z»"):
        one.severity("z")


def test_a_missing_table_is_told() -> None:
    with pytest.raises(UserError, match="bearings"):
        read_severities("nowhere")


@pytest.mark.parametrize("path", sorted(ASSETS.glob("*.yaml")), ids=lambda path: path.stem)
def test_shipped_configurations_are_valid(path: Path) -> None:
    found = shipped(path.stem, Path("somewhere"))
    assert found.name == path.stem
    assert check_config(found.model_dump(mode="json")).sha256() == found.sha256()


def plant(**more: Any) -> dict[str, Any]:
    return {"name": "t", "stream": {"kind": "plant"}, "methods": ["er"], **more}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (plant(methods=["err"]), "There is no continual method «err»"),
        (plant(stream={"kind": "plant", "stpes": 3}), "«stream.plant.stpes» is not a setting"),
        (plant(colour="red"), "«colour» is not a setting"),
        (plant(drifts=[{"kind": "gian", "task": 0}]), "there is no drift «gian»"),
        (plant(seeds=[1, 1]), "seeds must differ"),
        (plant(methods=["er", "er"]), "named twice"),
        (plant(methods=[]), "«methods»"),
        (plant(stream={"kind": "dgad"}), "«kind» is one of «plant»"),
        (
            plant(stream={"kind": "images", "categories": [{"path": "x", "domain": "gain"}]}),
            "no drift of images «gain»",
        ),
        (plant(stream={"kind": "images", "categories": [{"path": "x", "good": "("}]}), "no pattern"),
        (["er"], "not a table of settings"),
    ],
)
def test_bad_settings_are_told_in_a_sentence(content: Any, said: str) -> None:
    with pytest.raises(UserError) as found:
        check_config(content)
    assert said in str(found.value) and "\n" not in str(found.value)


def test_files_that_are_no_configuration(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be read"):
        read_config(tmp_path / "none.yaml")
    bad = tmp_path / "bad.yaml"
    bad.write_text("a: [1")
    with pytest.raises(UserError, match="not valid YAML"):
        read_config(bad)
    bad.write_text("!!python/object/apply:os.system ['true']")
    with pytest.raises(UserError, match="not valid YAML"):
        read_config(bad)
    with pytest.raises(UserError, match="no configuration named"):
        shipped("nothing")


def test_the_same_run_has_the_same_hash_whatever_it_is_called(tmp_path: Path) -> None:
    first, second = check_config(plant()), check_config(plant(name="other"))
    assert first.sha256() == second.sha256() != check_config(plant(seeds=[1])).sha256()
    path = tmp_path / "run.yaml"
    path.write_text("name: t\nstream: {kind: cwru, path: here}\nmethods: [er]\n")
    assert read_config(path).stream.path == tmp_path / "here"  # type: ignore[union-attr]
    assert read_config(path, tmp_path / "data").stream.path == tmp_path / "data" / "here"  # type: ignore[union-attr]
