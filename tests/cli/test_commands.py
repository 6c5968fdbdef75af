"""The command line as a script sees it: JSON, files, exit codes, one sentence on stderr."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.cli.main import main
from core.datasets.synthetic.parts import write_parts
from core.store import atomic

QUICK = ["--set", "image_size=96", "--set", "bank_size=300", "--set", "dimensions=32"]
IMAGE_KEYS = {
    "image_auroc", "image_auprc", "image_f1_max", "image_f1", "pixel_auroc", "aupro", "threshold", "false_alarm_rate",
    "n_images", "n_anomalous", "fit_seconds", "score_ms_per_image", "peak_rss_mib", "per_class", "ci95", "baselines",
}  # fmt: skip


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cli") / "parts"
    write_parts(folder, seed=3, train=24, test_good=6, per_defect=2, size=128)
    return folder


@pytest.fixture(scope="module")
def model(parts: Path) -> Path:
    folder = parts.parent / "model"
    assert main(["train", "patchcore", "--data", str(parts), "--out", str(folder), *QUICK]) == 0
    return folder


def refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """Run a command that must fail as a user's error; its sentence."""
    capsys.readouterr()
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "Traceback" not in captured.err
    assert len(captured.err.strip().splitlines()) == 1
    return captured.err


def test_detectors_lists_the_registry(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["detectors", "--json", "-"]) == 0
    found = {one["name"]: one for one in json.loads(capsys.readouterr().out)}
    assert {"patchcore", "image-vae", "padim", "spade"} <= set(found)
    assert "paper" in found["patchcore"]["presets"]


def test_inspect_tells_what_a_folder_holds(parts: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (parts / "train" / "good" / "broken.png").write_bytes(b"not an image")
    try:
        assert main(["inspect", str(parts), "--json", str(tmp_path / "i.json")]) == 0
    finally:
        (parts / "train" / "good" / "broken.png").unlink()
    found = json.loads((tmp_path / "i.json").read_text())
    assert found["format"] == "mvtec"
    assert [one["name"] for one in found["rejected"]] == ["train/good/broken.png"]
    assert "left out: train/good/broken.png" in capsys.readouterr().out


def test_sample_writes_a_set_that_can_be_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sample", "parts", "--out", str(tmp_path / "s"), "--seed", "1"]) == 0
    assert main(["inspect", str(tmp_path / "s"), "--json", "-"]) == 0
    assert json.loads(capsys.readouterr().out.split("\n", 1)[1])["rejected"] == []


def test_score_writes_scores_and_a_map_for_each_image(parts: Path, model: Path, tmp_path: Path) -> None:
    assert main(["score", str(model), "--data", str(parts), "--out", str(tmp_path / "run")]) == 0
    scores = pd.read_parquet(tmp_path / "run" / "scores.parquet")
    assert len(scores) == 6 + 2 * 7
    assert scores["p_value"].between(0, 1).all()
    for name in scores["item"]:
        found = np.load(tmp_path / "run" / "maps" / f"{name}.npy", allow_pickle=False)
        assert found.dtype == np.float32
        assert found.shape == (96, 96)


def test_evaluate_gives_the_contract(parts: Path, model: Path, tmp_path: Path) -> None:
    assert main(["evaluate", str(model), "--data", str(parts), "--json", str(tmp_path / "e.json")]) == 0
    found = json.loads((tmp_path / "e.json").read_text())
    assert set(found) >= IMAGE_KEYS
    assert found["image_auroc"] > 0.7
    assert found["n_anomalous"] == 14
    low, high = found["ci95"]["image_auroc"]
    assert low <= found["image_auroc"] <= high


def test_the_same_seed_trains_the_same_model(parts: Path, model: Path, tmp_path: Path) -> None:
    assert main(["train", "patchcore", "--data", str(parts), "--out", str(tmp_path / "again"), *QUICK]) == 0
    weights = Path("state") / "weights.safetensors"
    assert (tmp_path / "again" / weights).read_bytes() == (model / weights).read_bytes()


def test_config_preset_and_set_stack(parts: Path, tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text("bank_size: 250\nimage_size: 64\nbackbone: compact\n")
    arguments = ["--preset", "paper", "--config", str(tmp_path / "c.yaml"), "--set", "bank_size=260"]
    assert main(["train", "patchcore", "--data", str(parts), "--out", str(tmp_path / "m"), *arguments]) == 0
    params = json.loads((tmp_path / "m" / "manifest.json").read_text())["params"]
    assert (params["bank_size"], params["image_size"], params["layers"]) == (260, 64, "3")


def test_excluded_images_are_not_learned_from(parts: Path, tmp_path: Path) -> None:
    (tmp_path / "x.txt").write_text("train/good/000.jpg\n")
    arguments = ["--data", str(parts), "--out", str(tmp_path / "m"), "--exclude", str(tmp_path / "x.txt"), *QUICK]
    assert main(["train", "patchcore", *arguments]) == 0
    assert len(json.loads((tmp_path / "m" / "fitted_on.json").read_text())) == 23


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (["nosuch"], "no detector «nosuch»"),
        (["patchcore", "--set", "nosuch=1"], "«nosuch»"),
        (["patchcore", "--set", "bank_size=lots"], "«bank_size»"),
        (["patchcore", "--set", "bank_size"], "key=value"),
        (["patchcore", "--preset", "nosuch"], "preset «nosuch»"),
        (["patchcore", "--config", "nosuch.yaml"], "nosuch.yaml"),
        (["patchcore", "--format", "nosuch"], "nosuch"),
    ],
)
def test_train_refuses_with_one_sentence_and_leaves_nothing(
    parts: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], change: list[str], sentence: str
) -> None:
    arguments = ["train", *change, "--data", str(parts), "--out", str(tmp_path / "m")]
    assert sentence in refused(arguments, capsys)
    assert list(tmp_path.iterdir()) == []


def test_bad_places_are_refused_with_one_sentence(
    parts: Path, model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "bad.zip").write_bytes(b"PK not a zip")
    (tmp_path / "empty").mkdir()
    for data in (tmp_path / "nosuch", tmp_path / "bad.zip", tmp_path / "empty"):
        assert str(data.name) in refused(["inspect", str(data)], capsys)
        assert refused(["score", str(model), "--data", str(data), "--out", str(tmp_path / "run")], capsys)
    assert not (tmp_path / "run").exists()
    assert "already" in refused(["train", "patchcore", "--data", str(parts), "--out", str(tmp_path)], capsys)
    assert refused(["evaluate", str(tmp_path), "--data", str(parts)], capsys)
    assert refused(["evaluate", str(model), "--data", str(parts), "--rate", "7"], capsys)
    assert refused(["inspect", str(parts), "--json", str(tmp_path / "no" / "x.json")], capsys)
    assert "«nosuch»" in refused(["sample", "nosuch", "--out", str(tmp_path / "s")], capsys)


def test_a_json_target_is_looked_at_before_the_work(
    parts: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for target, sentence in ((tmp_path / "no" / "x.json", "does not exist"), (tmp_path, "place of a folder")):
        arguments = ["train", "patchcore", "--data", str(parts), "--out", str(tmp_path / "m"), "--json", str(target)]
        assert sentence in refused(arguments, capsys)
        assert not (tmp_path / "m").exists()


@pytest.mark.parametrize("seed", ["-1", "1.5", "x", str(2**31)])
def test_a_seed_is_a_whole_number(tmp_path: Path, capsys: pytest.CaptureFixture[str], seed: str) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["sample", "parts", "--out", str(tmp_path / "s"), f"--seed={seed}"])
    assert caught.value.code == 2
    assert f"«{seed}» is not a whole number" in capsys.readouterr().err


def test_keys_of_a_configuration_are_names(parts: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "c.yaml").write_text("1: 2\n")
    arguments = ["train", "patchcore", "--data", str(parts), "--out", str(tmp_path / "m")]
    assert "«1» is not the name" in refused([*arguments, "--config", str(tmp_path / "c.yaml")], capsys)


@pytest.mark.parametrize("code", [errno.EACCES, errno.ENOSPC, errno.EROFS, errno.EISDIR])
def test_what_a_disk_says_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str], code: int
) -> None:
    def fail(dest: Path, content: bytes) -> None:
        raise OSError(code, os.strerror(code), str(dest))

    monkeypatch.setattr(atomic, "write_bytes", fail)
    assert os.strerror(code) in refused(["detectors", "--json", str(tmp_path / "x.json")], capsys)


def test_a_wrong_setting_is_one_sentence(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    from core.settings import settings

    monkeypatch.setenv("FAULTLINE_MAX_JOBS", "0")
    settings.cache_clear()
    try:
        assert "FAULTLINE_MAX_JOBS" in refused(["jobs", "list"], capsys)
    finally:
        settings.cache_clear()


def test_jobs_of_an_empty_workspace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from core.settings import settings

    monkeypatch.setenv("FAULTLINE_DATA_DIR", str(tmp_path / "data"))
    settings.cache_clear()
    try:
        assert main(["jobs", "list", "--json", "-"]) == 0
        assert json.loads(capsys.readouterr().out) == []
        assert refused(["jobs", "show", "nosuch"], capsys)
        assert "needs the id" in refused(["jobs", "cancel"], capsys)
    finally:
        settings.cache_clear()
