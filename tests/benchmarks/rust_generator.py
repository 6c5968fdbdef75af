"""What an analysis of rust says of flanges whose exact rust is known: area, order, grades, forecasts, false alarms.

    python -m tests.benchmarks.rust_generator [--seeds 20] [--measures colour] [--out FILE]

Each seed draws one flange that rusts (8 to 55 % after six average weeks) and one that does not, photographed twice
a week for six weeks under changing light, turned, shifted and dusty. Forecasts are made after three to six weeks, of
every limit that the part is not above from the start; a truth beyond the horizon counts as met where the interval ends
beyond it too.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from scipy import stats

from core.datasets.synthetic import rust
from core.datasets.synthetic.corrosion import HOURS_PER_WEEK
from core.severity.analysis import Record, analyse, judge
from core.severity.grades import iso_ri
from core.severity.photos import read_photos
from core.severity.settings import RustSettings

WEEKS, VIEWS, SIZE = 6, 2, 512
LIMITS = (0.02, 0.05, 0.08, 0.16, 0.33, 0.50)


@dataclass(frozen=True)
class Seen:
    """One flange: the records of its photographs and the truth of each (fraction)."""

    specimen: rust.Specimen
    records: tuple[Record, ...]
    truth: tuple[float, ...]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--seeds", type=int, default=20)
    options.add_argument("--first", type=int, default=0, help="seed to begin with")
    options.add_argument("--measures", default="colour")
    options.add_argument("--out", type=Path)
    asked = options.parse_args()
    settings = RustSettings(measures=tuple(asked.measures.split(",")))
    started, rusting, steady = time.perf_counter(), [], []
    for seed in range(asked.first, asked.first + asked.seeds):
        rusting.append(_see(rust.specimen("Flange", (seed, 0)), settings))
        steady.append(_see(rust.specimen("Flange", (seed, 1), rusts=False), settings))
        print(f"seed {seed}: {time.perf_counter() - started:.0f} s", flush=True)
    found = _areas(rusting, steady, settings) | _forecasts(rusting, settings) | _status(rusting, steady, settings)
    print(json.dumps(found, indent=1))
    if asked.out:
        asked.out.write_text(json.dumps(found, indent=1), encoding="utf-8")


def _see(specimen: rust.Specimen, settings: RustSettings) -> Seen:
    with tempfile.TemporaryDirectory() as scratch:
        folder, truth = Path(scratch), {}
        for week in range(WEEKS + 1):
            for view in range(1, VIEWS + 1):
                shot = rust.shoot(specimen, week * HOURS_PER_WEEK, view, size=SIZE)
                path = folder / f"{specimen.name}-T{week * HOURS_PER_WEEK:.0f}-{view}.png"
                cv2.imwrite(str(path), shot.image[:, :, ::-1])
                truth[path.name] = shot.share
        records = analyse(read_photos(folder), settings).records
    return Seen(specimen, records, tuple(truth[one.photo.path.name] for one in records))


def _areas(rusting: list[Seen], steady: list[Seen], settings: RustSettings) -> dict[str, Any]:
    """Errors in points, of photographs and of the estimates of times; rank correlation; spread of views."""
    photos, times, correlations, grades, spread, covered = [], [], [], [], [], []
    for one in (*rusting, *steady):
        measured = np.array([record.values["colour"] for record in one.records])
        photos.append(np.abs(measured - one.truth))
        part = judge(one.records, settings).parts[0]
        truth = np.array([rust.true_share(one.specimen, hour) for hour in part.rust.hours])
        estimates = np.array([estimate.value for estimate in part.rust.estimates])
        times.append(np.abs(estimates - truth))
        covered += [e.low <= t <= e.high for e, t in zip(part.rust.estimates, truth, strict=True)]
        grades += [abs(grade.ri - iso_ri(t)) <= 1 for grade, t in zip(part.grades, truth, strict=True)]
        spread += [np.ptp(np.arcsin(np.sqrt(views))) / np.sqrt(2) for views in part.rust.views]
        if one in rusting:
            correlations.append(float(stats.spearmanr(estimates, truth).statistic))
    pooled = [np.concatenate(errors) * 100 for errors in (photos, times)]
    return {
        "photographs": len(pooled[0]),
        "error_points_p50_p90_max_photograph": [float(np.quantile(pooled[0], q)) for q in (0.5, 0.9, 1)],
        "error_points_p50_p90_max_time": [float(np.quantile(pooled[1], q)) for q in (0.5, 0.9, 1)],
        "error_points_p90_rusting": float(np.quantile(100 * np.concatenate(photos[: len(rusting)]), 0.9)),
        "spearman_mean_min": [float(np.mean(correlations)), float(np.min(correlations))],
        "ci95_contains_truth": float(np.mean(covered)),
        "ri_within_one": float(np.mean(grades)),
        "view_sd_even_scale": float(np.sqrt(np.mean(np.square(spread)))),
    }


def _forecasts(rusting: list[Seen], settings: RustSettings) -> dict[str, Any]:
    ahead, between = [], []
    for one in rusting:
        for weeks in range(3, WEEKS + 1):
            last = weeks * HOURS_PER_WEEK
            records = [record for record in one.records if record.photo.hours <= last]
            for limit in LIMITS:
                forecast = judge(records, settings.model_copy(update={"limit": limit})).parts[0].forecast
                if forecast.reason is not None:
                    continue
                truth, end = rust.true_crossing(one.specimen, limit), last + forecast.horizon_hours
                truth = truth if truth <= end else np.inf
                bounds = [
                    np.inf if hour is None else hour
                    for hour in (
                        forecast.low95_hours,
                        forecast.low80_hours,
                        forecast.high80_hours,
                        forecast.high95_hours,
                    )
                ]
                median = np.inf if forecast.median_hours is None else forecast.median_hours
                row = (
                    bounds[1] <= truth <= bounds[2],
                    bounds[0] <= truth <= bounds[3],
                    min(median, end) - min(truth, end),
                )
                (between if forecast.observed else ahead).append(row)
    table = {}
    for name, rows in (("forecast", ahead), ("between", between)):
        values = np.array(rows, float)
        table[name] = {
            "n": len(values),
            "coverage80": float(values[:, 0].mean()),
            "coverage95": float(values[:, 1].mean()),
            "median_error_weeks": float(np.median(np.abs(values[:, 2])) / HOURS_PER_WEEK),
            "bias_weeks": float(np.mean(values[:, 2]) / HOURS_PER_WEEK),
        }
    return table


def _status(rusting: list[Seen], steady: list[Seen], settings: RustSettings) -> dict[str, Any]:
    """Status after the whole time, and of steady parts also for every shorter time and each single view."""
    counts: dict[str, Any] = {}
    for name, parts in (("rusting", rusting), ("steady", steady)):
        states = [judge(one.records, settings).parts[0].status for one in parts]
        counts[f"{name}_parts"] = {state: states.count(state) for state in ("rusting", "stable", "uncertain")}
    cuts = []
    for one in steady:
        for weeks in range(1, WEEKS + 1):
            upto = [record for record in one.records if record.photo.hours <= weeks * HOURS_PER_WEEK]
            single = [replace(record) for record in upto if record.photo.view == "1"]
            cuts += [judge(records, settings).parts[0].status for records in (upto, single)]
    counts["steady_cuts"] = {"n": len(cuts), "false_alarms": cuts.count("rusting")}
    return counts


if __name__ == "__main__":
    main()
