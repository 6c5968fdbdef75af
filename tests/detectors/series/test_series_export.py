"""Exported files say what the model says, carry what is needed to read them, and are never left half-made."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from core.datasets.series import Sensor, SeriesSet, SeriesUnit
from core.detectors.registry import parameters
from core.detectors.series import export
from core.detectors.series.calibration import SeriesCalibration
from core.detectors.series.contract import Pushed, Scores
from core.detectors.series.deployed import Deployed
from core.detectors.series.export import export_model
from core.detectors.series.exported import ABOUT, OnnxModel
from core.detectors.series.model import SHARED, SeriesModel
from core.detectors.series.training import train_series
from core.errors import UserError
from core.progress import Progress
from tests.detectors.series.check import machine

VAE = {"window": 16, "width": 8, "latent": 4, "steps": 60, "batch_size": 32}


def recording(steps: int, seed: int, regimes: int) -> NDArray[np.float32]:
    """Raw readings of four sensors, far from zero, whose level follows the regime in the last column."""
    setting = (np.arange(steps) // 7) % regimes
    values = 100 + 20 * machine(steps, seed).astype(np.float64) + 500 * setting[:, None]
    return np.column_stack([values, setting]).astype(np.float32)


def trained(name: str, values: dict[str, Any], regimes: int) -> SeriesModel:
    sensors = (*(Sensor(f"sensor {index}", "bar") for index in range(4)), Sensor("setting", None, "condition"))
    readings = recording(900, 1, regimes)
    unit = SeriesUnit("run 1", "pump", "train", readings, np.arange(len(readings), dtype=float))
    data = SeriesSet("pumps", Path(), "csv", sensors, (unit,))
    return train_series(name, parameters(name, values), 0, data, Progress()).model


@pytest.fixture(scope="module")
def vae() -> SeriesModel:
    return trained("series-vae", {**VAE, "horizon": 3}, regimes=3)


def test_the_model_here_has_regimes(vae: SeriesModel) -> None:
    assert vae.member("pump").scaler.n_regimes == 3


def test_onnx_scores_a_recording_as_the_model_does(vae: SeriesModel, tmp_path: Path) -> None:
    out = tmp_path / "pump.onnx"
    test = recording(300, 2, 3)
    test[200:, 1] += 80
    windows = np.stack([test[start : start + 19] for start in (0, 100, 230)])
    found = export_model(vae, "onnx", out, windows, model_id="abc123", rate=0.01)
    assert found.windows == 6
    assert max(found.differences.values()) < 1e-3
    assert [path.name for path in tmp_path.iterdir()] == ["pump.onnx"]

    unit = SeriesUnit("test", "pump", "test", test, np.arange(300.0))
    own, exported = vae.score(unit).now, OnnxModel(out).score(test)
    np.testing.assert_allclose(exported.scores.score, own.scores.score, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(exported.scores.parts, own.scores.parts, rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(exported.surprise, own.surprise, rtol=1e-4, atol=1e-5)
    assert exported.scores.parts[200:].mean(axis=0).argmax() == 1
    assert len(OnnxModel(out).score(test[:0]).surprise) == 0

    about = OnnxModel(out).about
    assert about["sensors"][4] == "setting"
    assert about["signals"] == [f"sensor {index}" for index in range(4)]
    assert about["model"] == "abc123"
    assert about["window"] == 19
    assert about["threshold_surprise"] == 2
    assert about["threshold_score"] == pytest.approx(vae.member("pump").calibration.threshold(0.01, "now"))


@pytest.mark.filterwarnings("ignore:`torch.jit.load` is deprecated:FutureWarning")  # what the test reads with
def test_torchscript_carries_the_same(vae: SeriesModel, tmp_path: Path) -> None:
    out = tmp_path / "pump.pt"
    windows = np.stack([recording(19, seed, 3) for seed in range(5)])
    found = export_model(vae, "torchscript", out, windows)
    assert max(found.differences.values()) < 1e-3
    extra = {ABOUT: ""}
    network = torch.jit.load(out, _extra_files=extra)
    assert json.loads(extra[ABOUT])["detector"] == "series-vae"
    score, parts, surprise = network(torch.from_numpy(windows))
    assert score.shape == surprise.shape == (5,)
    assert parts.shape == (5, 4)


def test_a_transformer_can_be_exported(tmp_path: Path) -> None:
    """The third kind of network, USAD's, is exported to both formats by the test of the job: an ONNX file takes
    seconds to make."""
    model = trained("series-vae", {**VAE, "steps": 20, "encoder": "transformer", "error": "mse"}, regimes=1)
    windows = np.stack([recording(40, seed, 1) for seed in range(3)])
    assert export_model(model, "onnx", tmp_path / "pump.onnx", windows).path.exists()
    assert export_model(model, "torchscript", tmp_path / "pump.pt", windows).path.exists()


def test_the_tail_is_the_calibration_s_own(vae: SeriesModel) -> None:
    """Over the counted part, the fitted tail and far beyond both."""
    member = vae.member("pump")
    pot = member.calibration.now
    scores = np.concatenate([np.linspace(pot.knots[0] - 1, pot.threshold, 50), pot.threshold + np.geomspace(1e-3, 1e4)])
    found = Deployed(member).tail(torch.from_numpy(scores)).numpy()
    np.testing.assert_allclose(found, member.calibration.surprise(scores, "now"), rtol=1e-12)


def test_a_file_that_differs_is_never_written(
    vae: SeriesModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wrong(path: Path, windows: NDArray[np.float32]) -> dict[str, NDArray[np.floating]]:
        return {name: 1.01 * values for name, values in export._run_torchscript(path, windows).items()}

    monkeypatch.setitem(export._RUNNERS, "torchscript", wrong)
    with pytest.raises(UserError, match="does not say what the model says"):
        export_model(vae, "torchscript", tmp_path / "pump.pt", recording(19, 1, 3)[None])
    assert not list(tmp_path.iterdir())


def test_what_cannot_be_exported_or_read_is_told(vae: SeriesModel, tmp_path: Path) -> None:
    pca = trained("pca-t2q", {}, regimes=1)
    with pytest.raises(UserError, match="no neural network"):
        export_model(pca, "onnx", tmp_path / "pca.onnx", recording(40, 1, 1)[None])
    with pytest.raises(UserError, match="no windows to compare"):
        export_model(vae, "onnx", tmp_path / "short.onnx", recording(5, 1, 3)[None])
    torn = tmp_path / "torn.onnx"
    torn.write_bytes(b"not a network")
    with pytest.raises(UserError, match="cannot be read"):
        OnnxModel(torn).score(recording(5, 1, 3))


def test_threshold_that_cannot_be_promised_is_none(vae: SeriesModel, tmp_path: Path) -> None:
    few = Scores(np.ones(30), np.zeros((30, 4), np.float32))
    member = replace(vae.member("pump"), calibration=SeriesCalibration.fit([Pushed(few, few)], 1, 0))
    model = replace(vae, members={SHARED: member})
    found = export_model(model, "torchscript", tmp_path / "pump.pt", recording(19, 1, 3)[None])
    assert found.about["threshold_score"] is None
    json.dumps(found.about, allow_nan=False)


def test_folder_that_is_not_there_is_told(vae: SeriesModel, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="folder for the file does not exist"):
        export_model(vae, "onnx", tmp_path / "no" / "pump.onnx", recording(19, 1, 3)[None])
