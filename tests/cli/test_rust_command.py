"""``python -m core rust``: the sample from end to end, and one sentence for what cannot be analysed."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest

from core.cli.main import main
from core.datasets.synthetic.rust import write_rust


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("rust") / "set"
    write_rust(out, seed=1, parts=2, weeks=3, views=1, size=256)
    return out


def test_the_sample_is_measured_and_told(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "rust.json"
    asked = ["rust", "--images", str(folder), "--json", str(out), "--measures", "colour", "--limit", "30"]
    assert main(asked) == 0
    found, truth = json.loads(out.read_text()), pd.read_csv(folder / "truth.csv")
    assert set(found["parts"]) == {"Flange A", "Flange B"}
    for name, part in found["parts"].items():
        true = truth.loc[truth["part"] == name, "rust_percent"].to_numpy()
        assert np.abs(np.array(part["rust_percent"]) - true).max() < 2
    assert found["parts"]["Flange A"]["status"] == "rusting" and found["parts"]["Flange B"]["status"] != "rusting"
    assert found["parts"]["Flange A"]["forecast"]["limit_percent"] == 30
    assert "Flange A" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--limit", "0"], "limit"),
        (["--limit", "nan"], "limit"),
        (["--horizon", "-1"], "horizon"),
        (["--horizon", "inf"], "horizon"),
        (["--rate", "0"], "rate"),
        (["--rate", "inf"], "rate"),
        (["--measure", "smell"], "no measure named smell"),
        (["--measures", "colour,smell"], "smell"),
        (["--measures", "texture"], "switched off"),
        (["--corrections", "missing.json"], "outlines"),
        (["--actions", "missing.csv"], "actions"),
    ],
)
def test_bad_options_are_one_sentence(
    folder: Path, options: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["rust", "--images", str(folder), *options]) == 2
    error = capsys.readouterr().err
    assert told in error and error.count("\n") == 1


def _folder(tmp_path: Path, names: list[str], source: Path | None) -> Path:
    """A folder of pictures of the given names: copies of ``source``, or plain white."""
    out = tmp_path / "bad"
    out.mkdir()
    for name in names:
        if source is None:
            cv2.imwrite(str(out / name), np.full((200, 240, 3), 230, np.uint8))
        else:
            shutil.copyfile(source, out / name)
    return out


@pytest.mark.parametrize(
    ("names", "told"),
    [([], "photograph"), (["bolt-T0.png", "bolt-T24.png"], "No part was found"), (["bolt.png"], "time")],
)
def test_bad_photographs_are_one_sentence(
    tmp_path: Path, names: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["rust", "--images", str(_folder(tmp_path, names, None)), "--measures", "colour"]) == 2
    error = capsys.readouterr().err
    assert told in error and error.count("\n") == 1


def test_one_time_only_is_an_honest_answer(folder: Path, tmp_path: Path) -> None:
    bad, out = _folder(tmp_path, ["bolt-T0.png"], folder / "Flange A-T504-1.png"), tmp_path / "out.json"
    assert main(["rust", "--images", str(bad), "--measures", "colour", "--limit", "50", "--json", str(out)]) == 0
    part = json.loads(out.read_text())["parts"]["bolt"]
    assert part["status"] == "uncertain" and part["forecast"]["median_h"] is None
    assert "three times" in part["forecast"]["reason"]


def test_a_missing_folder_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rust", "--images", str(tmp_path / "none")]) == 2
    assert capsys.readouterr().err.count("\n") == 1
