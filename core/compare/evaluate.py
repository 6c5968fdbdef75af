"""A scored run against labels and masks: the object behind ``evaluate --json`` and the figures of every page."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from core.compare.heldout import held_out
from core.compare.maskedmaps import MaskedMaps
from core.datasets.types import ImageSet
from core.datasets.wording import percent
from core.detectors.calibration import Calibration
from core.errors import UserError
from core.metrics.chance import random_scores
from core.metrics.groups import per_class, per_size
from core.metrics.intervals import pixel_intervals, ranking_intervals, wilson
from core.metrics.pixels import PixelMetrics, pixel_metrics
from core.metrics.ranking import auprc, auroc, confusion, f1_max
from core.progress import Progress
from core.store.runfolder import Run

if TYPE_CHECKING:
    import pandas as pd

BOOTSTRAP = 1000  # resamples
FPR_LIMIT = 0.3  # of AUPRO


def evaluate(
    run: Run,
    data: ImageSet,
    calibration: Calibration,
    *,
    rate: float = 0.05,
    seed: int = 0,
    bootstrap: int = BOOTSTRAP,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """The metrics of a run: a JSON object; a value that the data cannot give is None, never 0.

    Counted are images of the test split with a label that the model was neither fitted nor calibrated on; the others
    are only told (``n_seen``, ``n_unlabelled``). The threshold promises the false-alarm ``rate``, or the lowest that
    the calibration can promise, and does not depend on any image counted here. Pixel metrics take the good images and
    the anomalous ones with a mask; a mask is resized to its map by nearest neighbour, and one without a single pixel
    left there counts as missing (``n_without_mask``). ``bootstrap`` is the number of resamples behind ``ci95``, 0 for
    none.

    UserError where the run is of other images than ``data``.
    """
    frame = run.scores()
    unknown = set(frame["item"]) - set(data.by_name)
    if unknown:
        raise UserError(
            f"The run holds {len(unknown)} images that are not in the dataset «{data.name}»",
            f"such as «{min(unknown)}»",
            "Evaluate it against the dataset that it scored",
        )
    test = frame[frame["split"] == "test"]
    unseen = test[test["role"] == "unseen"]
    counted = unseen[unseen["label"].notna()].reset_index(drop=True)
    threshold = calibration.threshold(calibration.reachable(rate))
    promised = calibration.promised_rate(threshold)
    images = MaskedMaps(run, data, counted, progress or Progress())

    result = _image_metrics(counted, threshold)
    measured = pixel_metrics(images, limit=FPR_LIMIT, histograms=bootstrap > 0) if images.any_masks else None
    result |= _pixel_values(measured)
    scores, anomalous = _arrays(counted)
    result |= {
        "threshold": threshold,
        "promised_rate": promised,
        "n_seen": len(test) - len(unseen),
        "n_unlabelled": len(unseen) - len(counted),
        "n_without_mask": len(images.without_mask),
        "fit_seconds": run.info.fit_seconds,
        "score_ms_per_image": run.info.ms_per_image,
        "peak_rss_mib": run.info.peak_rss_mib,
        "per_class": {
            name: {"n": found.n, "image_auroc": found.auroc, "recall": found.recall, "recall_ci95": found.recall_ci95}
            for name, found in per_class(scores, anomalous, _defects(counted), threshold).items()
        },
        "per_category": _per_category(images, threshold),
        "calibration_per_category": {one.category: one.to_json() for one in held_out(calibration, threshold)},
        "per_size": _per_size(images, threshold, calibration, calibration.reachable(rate)),
        "ci95": _intervals(images, threshold, measured, bootstrap, seed),
        "baselines": {"random": _guess(result, promised, seed)},
        "protocol": _protocol(result, calibration, promised, bootstrap),
    }
    return {name: _plain(value) for name, value in result.items()}


def _arrays(rows: pd.DataFrame) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    return rows["score"].to_numpy(float), (rows["label"] == "bad").to_numpy(bool)


def _defects(rows: pd.DataFrame) -> list[str | None]:
    return [name if isinstance(name, str) else None for name in rows["defect"]]


def _image_metrics(rows: pd.DataFrame, threshold: float) -> dict[str, Any]:
    scores, anomalous = _arrays(rows)
    counts = confusion(scores, anomalous, threshold)
    best = f1_max(scores, anomalous)
    return {
        "n_images": len(rows),
        "n_anomalous": int(anomalous.sum()),
        "image_auroc": auroc(scores, anomalous),
        "image_auprc": auprc(scores, anomalous),
        "image_f1_max": best.f1 if best else None,
        "image_f1": counts.f1 if best else None,
        "false_alarm_rate": counts.false_alarm_rate,
        "recall": counts.recall,
    }


def _pixel_values(measured: PixelMetrics | None) -> dict[str, Any]:
    if measured is None:
        return {"pixel_auroc": None, "aupro": None}
    return {"pixel_auroc": measured.auroc, "aupro": measured.aupro}


def _per_category(images: MaskedMaps, threshold: float) -> dict[str, Any]:
    """The same figures for each category; empty where there is only one."""
    categories = sorted(images.counted["category"].unique())
    if len(categories) < 2:
        return {}
    result = {}
    for category in categories:
        own = images.only(category)
        measured = pixel_metrics(own, limit=FPR_LIMIT) if own.any_masks else None
        result[category] = _image_metrics(own.counted, threshold) | _pixel_values(measured)
    return result


def _per_size(images: MaskedMaps, threshold: float, calibration: Calibration, rate: float) -> list[dict[str, Any]]:
    """Recall and overlap by the share of the image that the mask covers; empty without masks."""
    if not images.any_masks:
        return []
    shares, overlaps, detected = [], [], []
    limits = {name: calibration.map_threshold(rate, name) for name in images.rows["category"].unique()}
    for (found, mask), score, category in zip(images, images.rows["score"], images.rows["category"], strict=True):
        if mask is not None:
            shares.append(mask.mean())
            overlaps.append(np.mean(found[mask] > limits[category]))
            detected.append(score > threshold)
    return [asdict(size) for size in per_size(shares, detected, overlaps)]


def _intervals(
    images: MaskedMaps, threshold: float, measured: PixelMetrics | None, bootstrap: int, seed: int
) -> dict[str, Any]:
    """95 % intervals beside the main figures; a name is absent where its figure is None."""
    scores, anomalous = _arrays(images.counted)
    found: dict[str, Any] = {
        f"image_{name}": interval
        for name, interval in ranking_intervals(scores, anomalous, threshold, resamples=bootstrap, seed=seed).items()
    }
    if measured is not None:
        masked = (images.rows["label"] == "bad").to_numpy(bool)
        pixel = pixel_intervals(measured, masked, limit=FPR_LIMIT, resamples=bootstrap, seed=seed)
        found |= {{"auroc": "pixel_auroc", "aupro": "aupro"}[name]: interval for name, interval in pixel.items()}
    counts = confusion(scores, anomalous, threshold)
    shares = {
        "false_alarm_rate": wilson(counts.false_bad, counts.false_bad + counts.true_good),
        "recall": wilson(counts.true_bad, counts.true_bad + counts.false_good),
    }
    return found | {name: interval for name, interval in shares.items() if interval}


def _guess(result: dict[str, Any], rate: float, seed: int) -> dict[str, float | None]:
    """What guessing gets, for the figures that these data give."""
    anomalous = result["n_anomalous"]
    guess = random_scores(result["n_images"] - anomalous, anomalous, rate, limit=FPR_LIMIT, seed=seed)
    return {name: value if result[name] is not None else None for name, value in guess.items()}


def _protocol(result: dict[str, Any], calibration: Calibration, promised: float, bootstrap: int) -> str:
    anomalous = result["n_anomalous"]
    how = "held out from" if calibration.scheme == "held-out" else "cross-fitted within"
    bound = "at most" if calibration.exact else "about"
    intervals = (
        f"intervals are 95\u00a0%, from {bootstrap} resamples of whole images (shares: Wilson)"
        if bootstrap
        else "intervals of shares are 95\u00a0% (Wilson)"
    )
    return (
        f"{result['n_images'] - anomalous} good and {anomalous} anomalous test images that the model was not fitted or "
        f"calibrated on; threshold from {calibration.n} good images {how} training, promising {bound} "
        f"{percent(promised, 1)} false alarms{_by_category(calibration)}; F1-max is an oracle whose threshold is "
        "chosen on these test images; pixel metrics at map size, masks resized by nearest neighbour, AUPRO up to a "
        f"false-positive rate of {FPR_LIMIT}; "
        f"{intervals}."
    )


def _by_category(calibration: Calibration) -> str:
    """What was done about the categories, and what it does to the figures."""
    if calibration.categories is None:
        return ""
    return (
        f" of each category: {len(calibration.known)} of them are taken to one axis by their own held-out images, "
        "which leaves every category's own AUROC as the detector's scores have it; figures over all of them are of "
        "that axis"
    )


def _plain(value: Any) -> Any:
    """The same with lists for tuples: equal to what JSON gives back."""
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    return value
