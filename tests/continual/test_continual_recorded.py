"""Streams from real recordings: what is trained on is never probed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from core.continual.bearings import split_bearings
from core.continual.config import ContinualConfig, check_config
from core.continual.eventlogs import cuts
from core.continual.streams import build
from core.continual.types import Stream
from core.errors import UserError


def config(kind: str, path: Path, **more: Any) -> ContinualConfig:
    stream = {"kind": kind, "path": str(path), "steps": 60, **more}
    return check_config({"name": kind, "stream": stream, "methods": ["er"]})


def trained(stream: Stream, task: int) -> set[str]:
    chunks = stream.tasks[task].train
    faults = np.concatenate([chunks[place].seen.fault for place in range(len(chunks))])
    return {stream.faults[one] for one in np.unique(faults)} - {"normal"}


def probed(stream: Stream, task: int) -> set[str]:
    return {stream.faults[one] for one in np.unique(stream.tasks[task].probe.fault)} - {"normal"}


def test_bearings_are_split_by_bearing(shared_datasets: Path) -> None:
    stream = build(config("cwru", shared_datasets / "cwru"), 0)
    assert [task.name for task in stream.tasks] == ["ball", "inner race", "outer race"]
    assert stream.shapes == {"vibration": (21,)}
    for task in stream.tasks:
        learned, asked = trained(stream, task.index), probed(stream, task.index)
        assert learned and asked and not learned & asked
        critical = {name for name, severity in zip(stream.faults, stream.severities, strict=True) if severity >= 0.7}
        assert learned & critical and asked & critical
        for batch in (task.probe, task.calibration, task.train[0].seen):
            assert np.isfinite(batch.views["vibration"]).all()
    assert any("Split by bearing" in note for note in stream.notes)
    other = build(config("cwru", shared_datasets / "cwru"), 1)
    assert any(probed(stream, place) != probed(other, place) for place in range(3))


def test_half_of_the_bearings_of_each_kind_are_trained_on() -> None:
    severities = {"a": 0.5, "b": 0.6, "c": 0.8, "d": 0.9, "e": 0.95}
    for seed in range(5):
        train = split_bearings(list(severities), severities, np.random.default_rng(seed))
        assert len(train & {"a", "b"}) == 1
        assert len(train & {"c", "d", "e"}) in (1, 2)


def test_telemetry_holds_out_events(shared_datasets: Path) -> None:
    stream = build(config("smap", shared_datasets / "smap_msl", tasks=3), 0)
    assert len(stream.tasks) == 3
    for task in stream.tasks:
        assert probed(stream, task.index) and not trained(stream, task.index) & probed(stream, task.index)
    assert min(stream.severities[1:]) == 0.5 and max(stream.severities) == 1.0
    assert any("proxy" in note for note in stream.notes)


def test_events_of_a_log_hold_out_incidents(shared_datasets: Path) -> None:
    stream = build(config("bgl", shared_datasets / "loghub" / "BGL", tasks=3), 0)
    assert stream.shapes == {"log": (31, 32)}
    for task in stream.tasks:
        assert task.probe.label.any() and not task.probe.label.all()
    late = stream.tasks[2].probe.views["log"][:, -1, -1]
    early = stream.tasks[0].probe.views["log"][:, -1, -1]
    assert late.mean() > early.mean(), "later stretches hold templates that the first never showed"


def test_a_row_of_alerts_is_never_cut() -> None:
    alert = np.zeros(300, int)
    alert[55:70] = 1
    found = cuts(alert, 60, 5)
    assert found == [0, 75, 135, 195, 255, 300]


def test_what_cannot_be_a_stream_is_told(shared_datasets: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no labels"):
        build(config("bgl", shared_datasets / "loghub" / "HDFS"), 0)
    with pytest.raises(UserError):
        build(config("cwru", tmp_path), 0)
    with pytest.raises(UserError, match=r"one class only|no normal samples"):
        build(config("bgl", shared_datasets / "loghub" / "BGL", tasks=60), 0)


def images(path: Path, *categories: dict[str, Any], **more: Any) -> ContinualConfig:
    small = {"steps": 3, "image_size": 64, "probe_normal": 20, "probe_anomalous": 10, "calibration": 20}
    own = [{**one, "path": str(path / one["path"])} for one in categories]
    stream = {"kind": "images", "categories": own, **small, **more}
    return check_config({"name": "images", "stream": stream, "methods": ["er"]})


def test_images_are_split_by_image_and_domains_are_shown_through_their_drift(shared_datasets: Path) -> None:
    tile = {"path": "thermal_circuit/images", "name": "circuit", "good": r"IR_03([2-5]\d|60)", "defect": "overload"}
    stream = build(images(shared_datasets, tile, {**tile, "domain": "brightness"}, patches=True), 0)
    plain, bright = stream.tasks
    assert (plain.name, bright.name) == ("circuit", "circuit (brightness)")
    assert stream.shapes["image"] == (16, 16) and len(stream.shapes["patches"]) == 2
    assert stream.faults == ("normal", "overload") and stream.severities[1] == pytest.approx(8 / 9)
    assert (np.linalg.eigvalsh(plain.probe.views["image"].astype(float)) > 0).all()
    assert len(plain.probe) == 12 + 8
    first = plain.raw(int(plain.probe.ids[0]))["image"]
    assert first.shape == (64, 64, 3) and first.max() <= 255
    assert any("through the drift «brightness»" in note for note in stream.notes)


def drawn(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    own = list("/".join(path.parts[-4:]).encode())  # no two alike: the reader keeps equal pictures on one side
    pixels = np.random.default_rng(own).integers(0, 255, (40, 40, 3), dtype=np.uint8)
    assert cv2.imwrite(str(path), pixels)


def test_the_layouts_of_mpdd_and_real_iad(tmp_path: Path) -> None:
    """As their authors publish them; the pictures here are noise."""
    for number in range(12):
        for product in ("audiojack", "mint"):
            drawn(tmp_path / f"real/{product}/OK/S{number:04}/{product}_OK_C1.jpg")
        for product in ("tubes", "connector"):
            drawn(tmp_path / f"mpdd/{product}/train/good/{number:03}.png")
            drawn(tmp_path / f"mpdd/{product}/test/good/{number:03}.png")
    for number in range(4):
        for product in ("audiojack", "mint"):
            drawn(tmp_path / f"real/{product}/NG/HS/S{number:04}/{product}_HS_C1.jpg")
        for product in ("tubes", "connector"):
            drawn(tmp_path / f"mpdd/{product}/test/anomalous/{number:03}.png")
    real = build(images(tmp_path, {"path": "real"}, image_size=32, layers="2"), 0)
    assert [task.name for task in real.tasks] == ["audiojack", "mint"] and real.faults == ("normal", "hs")
    mpdd = build(images(tmp_path, {"path": "mpdd"}, image_size=32, layers="2"), 0)
    assert [task.name for task in mpdd.tasks] == ["connector", "tubes"] and mpdd.faults == ("normal", "defect")
    for stream in (real, mpdd):
        for task in stream.tasks:
            assert task.probe.label.sum() == 2 and (~task.probe.label).sum() >= 4


def test_images_can_be_paired_with_bearings(shared_datasets: Path) -> None:
    tile = {"path": "thermal_circuit/images", "name": "circuit", "good": r"IR_03([2-5]\d|60)", "defect": "overload"}
    stream = build(images(shared_datasets, tile, vibration=str(shared_datasets / "cwru")), 0)
    assert set(stream.shapes) == {"vibration", "image"}
    assert any("synthetic pairing" in note for note in stream.notes)
    probe = stream.tasks[0].probe
    levels = probe.views["vibration"].mean(axis=1)
    assert levels[probe.label].mean() > levels[~probe.label].mean()


def test_categories_that_cannot_be_learned_are_told(shared_datasets: Path) -> None:
    unlabelled = {"path": "thermal_circuit/images", "name": "circuit"}
    with pytest.raises(UserError, match="one class only"):
        build(images(shared_datasets, unlabelled), 0)
    with pytest.raises(UserError, match="good images to learn from"):
        build(images(shared_datasets, {**unlabelled, "good": "nothing like it"}), 0)


def test_bearings_can_be_buried_in_noise(shared_datasets: Path) -> None:
    plain, noisy = (build(config("cwru", shared_datasets / "cwru", snr_db=snr), 0) for snr in (None, -14.0))
    waves = [stream.tasks[0].raw(int(stream.tasks[0].probe.ids[-1]))["vibration"] for stream in (plain, noisy)]
    assert np.var(waves[1]) == pytest.approx(1 + 10**1.4, rel=0.1)
    assert any("any detector tells them apart" in note for note in plain.notes)
    assert any("at -14 dB" in note for note in noisy.notes)
    with pytest.raises(UserError, match="noise is added to bearings alone"):
        config("bgl", shared_datasets / "loghub" / "BGL", snr_db=0.0)
