"""Causes on the command line: the sentence, the JSON, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from core.cli.main import main
from core.datasets.recordings import faultline
from core.datasets.synthetic.machines import pump
from core.datasets.synthetic.parts import write_parts
from core.explain.causes import METHODS
from core.progress import Progress


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("explained") / "pump"
    faultline.write(pump.make(0, steps=8400), out, Progress())
    return out


@pytest.fixture(scope="module")
def model(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("explaining") / "pca"
    assert main(["train", "pca-t2q", "--data", str(data), "--out", str(out)]) == 0
    return out


def _asked(model: Path, data: Path, *more: str) -> list[str]:
    return ["explain", str(model), "--data", str(data), "--unit", "test-faults", *more]


def test_it_names_the_sensor_that_lies(
    model: Path, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    event = next(one for one in pump.make(0, steps=8400).by_name["test-faults"].events or () if one.kind == "bias")
    span = ("--start", str(event.start), "--end", str(event.stop))
    assert main(_asked(model, data, *span, "--json", str(tmp_path / "why.json"))) == 0
    found = json.loads((tmp_path / "why.json").read_text())
    culprit = pump.SENSORS[event.sensors[0]].name
    assert found["sentence"].startswith(f"{culprit} explains ")
    assert list(found["methods"]) == [name for name in METHODS if name != "gradients"]
    assert found["methods"]["counterfactual"]["first"] == culprit
    assert sum(found["methods"]["evidence"]["shares"]) == pytest.approx(1, abs=1e-4)
    assert len(found["methods"]["|z|"]["blame"]) == len(found["sensors"]) == 13
    assert found["latent"] is None
    assert np.isfinite(found["nearest"]["distance"])
    assert culprit in capsys.readouterr().out


def test_one_method_may_be_asked_for(model: Path, data: Path, tmp_path: Path) -> None:
    out = tmp_path / "why.json"
    arguments = _asked(model, data, "--start", "100", "--stop", "120", "--method", "|z|", "--mode", "now")
    assert main([*arguments, "--json", str(out)]) == 0
    found = json.loads(out.read_text())
    assert list(found["methods"]) == ["|z|"]
    assert found["agreement"] == []
    assert found["agreed"] == f"It names {found['methods']['|z|']['first']} first."


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--unit", "nowhere"), "There is no recording «nowhere»"),
        (("--start", "50", "--stop", "40"), "There are no steps 50 to 40"),
        (("--start", "8300", "--stop", "9000"), "There are no steps 8300 to 9000"),
        (("--method", "guessing"), "There is no method «guessing»"),
    ],
)
def test_what_it_refuses(
    model: Path, data: Path, arguments: tuple[str, ...], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(_asked(model, data, *arguments)) == 2
    assert sentence in capsys.readouterr().err


def test_images_have_no_sensors(model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_parts(tmp_path / "parts", train=2, test_good=1, per_defect=1, size=96)
    assert main(_asked(model, tmp_path / "parts")) == 2
    assert "holds images" in capsys.readouterr().err
