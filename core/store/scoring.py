"""Score a model folder over a dataset into a run folder: one verb for jobs, the command line and scripts."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

from core.datasets.types import ImageSet
from core.detectors.training import peak_rss_mib
from core.progress import Progress
from core.store.manifest import model_id
from core.store.modelfolder import fitted_on, load_model
from core.store.runfolder import FORMAT, Run, RunInfo, RunWriter


def scored_part(data: ImageSet) -> ImageSet:
    """The images that a run is about: those kept from training, or all where none are."""
    return data.test() if data.test().items else data


def score_folder(model: Path, data: ImageSet, dest: Path, progress: Progress, *, everything: bool = False) -> Run:
    """Score ``scored_part(data)``, or ``everything``, with the model in folder ``model``; the run at ``dest``. Its
    scores are as they are calibrated: where that is by category, on the common axis.

    ``dest`` must not hold anything yet; maps are written one at a time, so memory does not grow with their number.
    """
    detector, calibration, manifest = load_model(model)
    for name, (then, now) in manifest.other_versions().items():
        progress.log(f"Trained with {name} {then}, scored with {now}: scores may differ slightly")
    trained, here = (found.get("precision") for found in (manifest.provenance, detector.provenance()))
    if trained != here:
        progress.log(f"Trained on {trained} features, scored on {here} ones: scores may differ slightly")
    roles, part = fitted_on(model), data if everything else scored_part(data)
    seconds, results = 0.0, detector.score(part, progress)
    with RunWriter(dest) as writer:
        for item in part.items:
            started = time.perf_counter()
            scored = next(results)
            seconds += time.perf_counter() - started
            if scored.name != item.name:
                raise RuntimeError(f"{manifest.detector} scored {scored.name!r} where {item.name!r} was due")
            score = float(calibration.place(scored.score, item.category))
            p_value = float(calibration.p_value(score))
            writer.write(item, replace(scored, score=score), p_value, roles.get(item.sha256, "unseen"))
        writer.finish(
            RunInfo(
                format=FORMAT,
                model_id=model_id(model),
                model_name=manifest.name,
                detector=manifest.detector,
                dataset_id=data.content_id,
                dataset_name=data.name,
                n_images=len(part),
                seconds=seconds,
                ms_per_image=1000 * seconds / len(part) if len(part) else None,
                fit_seconds=manifest.fit_seconds,
                peak_rss_mib=max(manifest.peak_rss_mib, peak_rss_mib()),
                created_at=time.time(),
            )
        )
    return Run(dest)
