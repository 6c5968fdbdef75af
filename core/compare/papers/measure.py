"""One detector on one category, by the path that every user's model goes: train, write, load, score, evaluate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import astuple
from pathlib import Path
from typing import Any

from core.compare.papers.recordings import recording_figures
from core.compare.papers.tables import Method
from core.compare.scoredunit import ScoredUnit, by_machine, joined
from core.datasets.dataset import Dataset
from core.datasets.series import SeriesSet
from core.datasets.types import ImageSet
from core.progress import Progress
from core.store import atomic

IMAGE_FIGURES = ("image_auroc", "image_auprc", "image_f1_max", "pixel_auroc", "aupro")
SERIES_FIGURES = ("vus_pr", "auc_pr", "auc_roc", "event_f1", "f1", "far", "mar", "overlap_f1")
SERIES_RESAMPLES = 200  # behind the intervals of recordings; photographs have as many as evaluate takes
LIFE_FIGURES = ("detected", "far_healthy", "lead_median")


def measure(
    data: Dataset, method: Method, *, seed: int, rate: float | None, scratch: Path, progress: Progress
) -> dict[str, Any]:
    """``figures``, ``ci95``, ``baselines`` (``random``, and ``abs_z`` of recordings), ``counts`` (steps and overlaps as
    tp, fp, fn, tn; None for photographs), ``fit_seconds``, ``score_ms`` (of an image or of 1,000 steps), ``learned``
    (how many images or recordings took part in training) and ``protocol``. ``scratch`` is where models and runs lie
    meanwhile. UserError where the detector cannot learn from these data, or its weights are not to be had.
    """
    folder = atomic.temporary_name(scratch)
    folder.mkdir(parents=True)
    try:
        if isinstance(data, ImageSet):
            return _images(data, method, seed, folder, progress)
        return _series(data, method, seed, rate, folder, progress)
    finally:
        atomic.remove(folder)


def _images(data: ImageSet, method: Method, seed: int, folder: Path, progress: Progress) -> dict[str, Any]:
    from core.compare.evaluate import evaluate
    from core.detectors.training import train
    from core.store.modelfolder import write_model
    from core.store.scoring import score_folder

    fitted = train(method.detector, method.checked(), seed, data.normals(), progress.part(0.0, 0.6))
    write_model(folder / "model", fitted, name=method.label, dataset=data)
    run = score_folder(folder / "model", data, folder / "run", progress.part(0.6, 0.9))
    found = evaluate(run, data, fitted.calibration, seed=seed, progress=progress.part(0.9, 1.0))
    return {
        "figures": {name: found[name] for name in IMAGE_FIGURES},
        "ci95": {name: found["ci95"][name] for name in IMAGE_FIGURES if name in found["ci95"]},
        "baselines": {"random": {name: found["baselines"]["random"].get(name) for name in IMAGE_FIGURES}},
        "counts": None,
        "fit_seconds": fitted.fit_seconds,
        "score_ms": run.info.ms_per_image,
        "learned": len(fitted.roles),
        "protocol": found["protocol"],
    }


def _series(
    data: SeriesSet, method: Method, seed: int, rate: float | None, folder: Path, progress: Progress
) -> dict[str, Any]:
    from core.compare.series import evaluate_series
    from core.compare.seriesrun import judged_units
    from core.detectors.series.calibration import RATE
    from core.detectors.series.training import train_series
    from core.store.seriesmodel import write_series_model
    from core.store.seriesrun import score_series

    promised = RATE if rate is None else rate
    fitted = train_series(method.detector, method.checked(), seed, data, progress.part(0.0, 0.6))
    write_series_model(folder / "model", fitted, name=method.label, dataset=data)
    run = score_series(folder / "model", data, folder / "run", progress.part(0.6, 0.8))
    units = judged_units(run, folder / "model", data, rate=promised)
    found = evaluate_series(
        units, rate=promised, seed=seed, bootstrap=SERIES_RESAMPLES, progress=progress.part(0.8, 1.0)
    )
    names = SERIES_FIGURES
    by_recording = recording_figures(units, seed)
    lives = _lives(found["run_to_failure"])
    baselines = found["baselines"]
    return {
        "figures": {name: found[name] for name in names} | lives["figures"] | by_recording["figures"],
        "ci95": {name: found["ci95"][name] for name in names if name in found["ci95"]}
        | lives["ci95"]
        | by_recording["ci95"],
        "baselines": {
            "random": {name: baselines["random"].get(name) for name in names}
            | lives["random"]
            | by_recording["random"],
            "abs_z": {name: baselines["abs_z"].get(name) for name in names} | by_recording["abs_z"],
        },
        "counts": _counts(units),
        "fit_seconds": fitted.fit_seconds,
        "score_ms": run.info.us_per_step,
        "learned": len(fitted.roles),
        "protocol": found["protocol"],
    }


def _lives(found: Mapping[str, Any] | None) -> dict[str, dict[str, Any]]:
    """Of runs to failure: figures, intervals and what alarms at random would have detected; empty without any."""
    if found is None:
        return {"figures": {}, "ci95": {}, "random": {}}
    intervals = {name: found[f"{name}_ci95"] for name in ("detected", "far_healthy") if found[f"{name}_ci95"]}
    return {
        "figures": {name: found[name] for name in LIFE_FIGURES},
        "ci95": intervals,
        "random": {"detected": found["random_detected"]},
    }


def _counts(units: Sequence[ScoredUnit]) -> dict[str, tuple[int, ...]] | None:
    """(tp, fp, fn, tn) of steps and of overlaps, over the machines of a category; None without labels."""
    from core.metrics.series.alarms import Counts, count_overlaps, count_steps
    from core.metrics.series.stretches import Policy, stretches

    policy = Policy()
    machines = [joined(own, policy) for own in by_machine(units).values()]
    if not machines:
        return None
    steps, overlaps = Counts(), Counts()
    for one in machines:
        if one.alarms is not None:
            steps += count_steps(one.alarms, one.labels)
            overlaps += count_overlaps(policy.episodes(one.alarms), stretches(one.labels))
    return {"steps": astuple(steps), "overlaps": astuple(overlaps)}
