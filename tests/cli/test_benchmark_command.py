"""``python -m core benchmark``: a table from generated experiments, and one sentence for what cannot be measured."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from core.cli.main import main
from tests.compare.published_layouts import write_skab


@pytest.fixture(autouse=True)
def few_resamples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.compare.papers.measure.SERIES_RESAMPLES", 20)


@pytest.fixture(scope="module")
def skab(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_skab(tmp_path_factory.mktemp("skab") / "SKAB", "valve1/0", "valve1/1", "valve2/3")


def _main(*asked: object) -> int:
    return main([str(one) for one in ("benchmark", *asked)])


def test_a_table_is_measured_told_and_not_measured_again(
    skab: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ("skab", "--data", skab, "--detectors", "pca-t2q", "--limit", "2", "--out", tmp_path / "out")
    assert _main(*asked) == 0
    told = capsys.readouterr().out
    assert "valve1/0" in told and "valve2/3" not in told.split("Reported, not reproduced")[0]
    assert "Reported, not reproduced:" in told and "T2+Q PCA" in told and "SKAB README" in told
    assert "not measured for want of data, 31 of 34" in told and "waico/SKAB" in told
    written = {path: path.stat().st_mtime_ns for path in (tmp_path / "out" / "skab" / "entries").iterdir()}
    assert _main(*asked, "--json", "-") == 0
    found = json.loads(capsys.readouterr().out)
    assert {path: path.stat().st_mtime_ns for path in written} == written
    assert (found["measured"], found["planned"]) == (2, 2)
    assert [row["category"] for row in found["rows"]] == ["valve1/0", "valve1/1", "all"]
    assert found["rows"][2]["not_compared"] and not found["rows"][2]["differences"]


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (("imagenet",), "There is no benchmark «imagenet»"),
        (("smd",), "None of the 28 categories of Server Machine Dataset is here"),
        (("mvtec",), "MVTec AD holds photographs, and here there are recordings"),
        (("skab", "--detectors", "patchcore"), "learns from images"),
        (("skab", "--detectors", "kmeans:best"), "no preset «best»"),
        (("skab", "--limit", "0"), "A limit of 0 categories"),
    ],
)
def test_what_cannot_be_measured_is_one_sentence(
    skab: Path, tmp_path: Path, asked: tuple[str, ...], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _main(asked[0], "--data", skab, "--out", tmp_path, *asked[1:]) == 2
    error = capsys.readouterr().err
    assert told in error and error.count("\n") == 1


def test_an_empty_or_absent_folder_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "empty").mkdir()
    for name in ("empty", "absent"):
        assert _main("smap", "--data", tmp_path / name) == 2
        error = capsys.readouterr().err
        assert str(tmp_path / name) in error and error.count("\n") == 1
