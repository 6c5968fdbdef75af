"""The evaluation of a run that is written by hand: what is counted, what is None, what comes from where."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from core.compare.evaluate import evaluate
from core.datasets.types import ImageItem, ImageSet
from core.detectors.base import ImageScore
from core.detectors.calibration import Calibration
from core.errors import Cancelled, UserError
from core.progress import Progress
from core.store.runfolder import FORMAT, Run, RunInfo, RunWriter

CALIBRATION = Calibration(np.linspace(0, 1, 39), np.linspace(0, 1, 39), 0.1, "held-out")
MASK = np.zeros((32, 48), np.uint8)
MASK[4:12, 8:20] = 255
KEYS = (
    "image_auroc",
    "image_auprc",
    "image_f1_max",
    "image_f1",
    "pixel_auroc",
    "aupro",
    "threshold",
    "false_alarm_rate",
    "n_images",
    "n_anomalous",
    "fit_seconds",
    "score_ms_per_image",
    "peak_rss_mib",
    "per_class",
    "ci95",
    "baselines",
    "per_category",
    "per_size",
    "promised_rate",
    "protocol",
    "n_seen",
)


def item(name: str, folder: Path, label, *, split="test", category="part", defect=None, mask=True) -> ImageItem:
    path = folder / f"{name.replace('/', '_')}_mask.png"
    if label == "bad" and mask is not None:
        cv2.imwrite(str(path), MASK if mask else np.zeros_like(MASK))
    own = path if label == "bad" and mask is not None else None
    return ImageItem(
        name, folder / name, split, category, label, defect, 48, 32, name, own, None if own is None else name
    )


def written(folder: Path, items: list[ImageItem], scores, roles=None) -> tuple[Run, ImageSet]:
    data = ImageSet("parts", folder, "mvtec", tuple(items))
    rng = np.random.default_rng(0)
    small = cv2.resize(MASK, (24, 16), interpolation=cv2.INTER_NEAREST_EXACT) > 0
    with RunWriter(folder / "run") as writer:
        for k, one in enumerate(items):
            found = rng.random((16, 24)).astype(np.float32) + np.float32(0.7 * (one.label == "bad")) * small
            writer.write(one, ImageScore(one.name, scores[k], found), 0.5, roles[k] if roles else "unseen")
        writer.finish(
            RunInfo(
                format=FORMAT,
                model_id="m",
                model_name="model",
                detector="patchcore",
                dataset_id=data.content_id,
                dataset_name="parts",
                n_images=len(items),
                seconds=1.0,
                ms_per_image=12.5,
                fit_seconds=3.0,
                peak_rss_mib=400.0,
                created_at=0.0,
            )
        )
    return Run(folder / "run"), data


def ordinary(folder: Path) -> tuple[list[ImageItem], list[float]]:
    items = [item(f"good/{i:02}", folder, "good") for i in range(10)]
    items += [item(f"crack/{i:02}", folder, "bad", defect="crack") for i in range(6)]
    items += [item(f"dent/{i:02}", folder, "bad", defect="dent") for i in range(4)]
    return items, [*np.linspace(0, 1.05, 10), *np.linspace(1.0, 2.0, 6), *np.linspace(0.5, 0.8, 4)]


def test_figures_come_from_the_counted_images(tmp_path):
    items, scores = ordinary(tmp_path)
    result = evaluate(*written(tmp_path, items, scores), CALIBRATION, bootstrap=200)
    assert set(KEYS) <= set(result)
    truth = [one.label == "bad" for one in items]
    assert result["image_auroc"] == pytest.approx(roc_auc_score(truth, scores))
    assert result["threshold"] == CALIBRATION.threshold(0.05)
    assert result["promised_rate"] == CALIBRATION.promised_rate(result["threshold"]) <= 0.05
    assert result["false_alarm_rate"] == pytest.approx(0.1)  # only the good image at 1.05
    assert result["recall"] == 0.6
    assert result["per_class"]["dent"]["recall"] == 0
    assert 0.8 < result["pixel_auroc"] < 1
    for name, (low, high) in result["ci95"].items():
        assert low <= result[name] <= high, name
    assert set(result["ci95"]) >= {"image_auroc", "image_f1", "pixel_auroc", "aupro", "false_alarm_rate"}
    assert (result["fit_seconds"], result["score_ms_per_image"], result["peak_rss_mib"]) == (3.0, 12.5, 400.0)
    assert result["baselines"]["random"]["image_auroc"] == 0.5
    assert [size["n"] for size in result["per_size"]] == [0, 0, 10, 0]
    assert json.loads(json.dumps(result, allow_nan=False)) == result


def test_images_that_the_model_learned_from_are_refused_and_told(tmp_path):
    items, scores = ordinary(tmp_path)
    items.append(item("train/0", tmp_path, "good", split="train"))
    items.append(item("odd/0", tmp_path, None))
    scores += [99.0, 99.0]
    roles = ["fit", "calibration", *["unseen"] * (len(items) - 2)]
    result = evaluate(*written(tmp_path, items, scores, roles), CALIBRATION, bootstrap=0)
    assert (result["n_images"], result["n_seen"], result["n_unlabelled"]) == (18, 2, 1)
    assert result["false_alarm_rate"] == pytest.approx(1 / 8)


def test_without_masks_pixel_figures_are_none_and_counted(tmp_path):
    items = [item("g", tmp_path, "good"), item("a", tmp_path, "bad", mask=None), item("b", tmp_path, "bad", mask=False)]
    result = evaluate(*written(tmp_path, items, [0.1, 2.0, 3.0]), CALIBRATION)
    assert result["pixel_auroc"] is None
    assert result["aupro"] is None
    assert result["per_size"] == []
    assert result["n_without_mask"] == 2
    assert result["baselines"]["random"]["pixel_auroc"] is None
    assert result["image_auroc"] == 1


def test_an_anomalous_image_without_a_mask_takes_no_part_in_pixel_metrics(tmp_path):
    items, scores = ordinary(tmp_path)
    with_masks = evaluate(*written(tmp_path / "1", _at(tmp_path / "1", items), scores), CALIBRATION, bootstrap=0)
    more = [*_at(tmp_path / "2", items), item("lost", tmp_path / "2", "bad", mask=None)]
    result = evaluate(*written(tmp_path / "2", more, [*scores, 5.0]), CALIBRATION, bootstrap=0)
    assert (result["pixel_auroc"], result["aupro"]) == (with_masks["pixel_auroc"], with_masks["aupro"])
    assert result["n_anomalous"] == 11


@pytest.mark.parametrize("label", ["good", "bad", None])
def test_one_class_gives_none_never_zero(tmp_path, label):
    items = [item(f"x{i}", tmp_path, label, mask=None) for i in range(3)]
    result = evaluate(*written(tmp_path, items, [0.1, 0.5, 2.0]), CALIBRATION)
    for name in ("image_auroc", "image_auprc", "image_f1", "image_f1_max", "pixel_auroc", "aupro"):
        assert result[name] is None, name
    assert (result["false_alarm_rate"] is None) == (label != "good")
    assert set(result["ci95"]) == {"good": {"false_alarm_rate"}, "bad": {"recall"}, None: set()}[label]


def test_several_categories_are_also_judged_one_by_one(tmp_path):
    items, scores, names = [], [], ("nut", "bolt")
    for category in names:
        items += [item(f"{category}/g{i}", tmp_path, "good", category=category) for i in range(3)]
        items += [item(f"{category}/b{i}", tmp_path, "bad", category=category, defect="rust") for i in range(3)]
        scores += [0.1, 0.2, 0.3, *([0.9, 1.9, 2.0] if category == "nut" else [0.2, 0.2, 0.2])]
    result = evaluate(*written(tmp_path, items, scores), CALIBRATION, bootstrap=0)
    assert result["per_category"]["nut"]["image_auroc"] == 1
    assert result["per_category"]["bolt"]["image_auroc"] == 0.5
    assert result["per_category"]["nut"]["n_images"] == 6
    assert 0.8 < result["per_category"]["bolt"]["pixel_auroc"] < 1


def test_few_calibration_images_promise_what_they_can(tmp_path):
    few = Calibration(np.array([0.2, 0.4, 0.6]), np.array([0.2, 0.4, 0.6]), 0.1, "cross-fitted")
    items, scores = ordinary(tmp_path)
    result = evaluate(*written(tmp_path, items, scores), few, bootstrap=0)
    assert (result["threshold"], result["promised_rate"]) == (0.6, 0.25)
    assert "25.0\u00a0%" in result["protocol"]
    assert "cross-fitted" in result["protocol"]


def test_the_wrong_dataset_is_refused(tmp_path):
    items, scores = ordinary(tmp_path)
    run, data = written(tmp_path, items, scores)
    with pytest.raises(UserError, match="not in the dataset"):
        evaluate(run, data.where(lambda one: one.label == "good"), CALIBRATION)


def test_it_can_be_cancelled(tmp_path):
    def stop() -> None:
        raise Cancelled

    items, scores = ordinary(tmp_path)
    with pytest.raises(Cancelled):
        evaluate(*written(tmp_path, items, scores), CALIBRATION, progress=Progress(checkpoint=stop))


def _at(folder: Path, items: list[ImageItem]) -> list[ImageItem]:
    folder.mkdir()
    return [item(one.name, folder, one.label, defect=one.defect) for one in items]
