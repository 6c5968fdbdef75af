"""``python -m core extend`` over folders."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from core.cli.main import main
from core.continual import recalibrated
from core.datasets.synthetic.parts import write_parts
from core.detectors import training


def test_a_model_folder_takes_in_images(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (training, recalibrated):
        monkeypatch.setattr(module, "FOLDS", 2)
    write_parts(tmp_path / "old", train=6, test_good=2, per_defect=1, size=96)
    write_parts(tmp_path / "new", seed=5, train=4, test_good=1, per_defect=1, size=96)
    old, new, model, out = (str(tmp_path / name) for name in ("old", "new", "model", "out"))
    small = ["--set", "image_size=64", "--set", "bank_size=100"]
    assert main(["train", "patchcore", "--data", old, "--out", model, *small]) == 0
    result = tmp_path / "result.json"
    assert main(["extend", model, "--data", new, "--old", old, "--out", out, "--json", str(result)]) == 0
    written = json.loads(result.read_text())
    assert written["provenance"]["continued"]["taken_in"] == 4
    assert {one["part"] for one in written["forgetting"]["judged"]} == {"new held-out", "old good", "old bad"}
    assert "4 images taken in" in capsys.readouterr().out
    assert main(["extend", model, "--data", new, "--old", old, "--out", out]) == 2
    capsys.readouterr()
    first, second, *_ = sorted(path.relative_to(new).as_posix() for path in Path(new, "train").rglob("*.*"))
    labels, excluded = tmp_path / "labels.csv", tmp_path / "excluded.txt"
    labels.write_text(f"item,your_label\n{first},bad\n")
    excluded.write_text(f"{second}\n")
    again = ["extend", model, "--data", new, "--old", old, "--out", str(tmp_path / "again"), "--labels", str(labels)]
    assert main([*again, "--exclude", str(excluded)]) == 2
    assert "has 2 good images that the model does not know" in capsys.readouterr().err
    labels.write_text(f"item,your_label\n{first},broken\n")
    assert main(again) == 2
    assert f"«broken» is no label of {first}" in capsys.readouterr().err
    other = str(tmp_path / "other")
    assert main(["extend", model, "--data", old, "--old", new, "--out", other]) == 2
    assert "The model began with «old», and this is other data" in capsys.readouterr().err
    assert main(["extend", model, "--data", new, "--old", old, "--old", new, "--out", other]) == 2
    assert "The model never learned from «new»" in capsys.readouterr().err
