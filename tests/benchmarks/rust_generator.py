"""What an analysis of rust says of flanges whose exact rust is known: area, order, grades, forecasts, false alarms.

    python -m tests.benchmarks.rust_generator [--seeds 20] [--out FILE]

Each seed draws one flange that rusts (8 to 55 % after six average weeks) and one that does not, photographed twice
a week for six weeks under changing light, turned, shifted and dusty. Forecasts are made after three to six weeks, of
every limit that the part is not above from the start; a truth beyond the horizon counts as met where the interval ends
beyond it too.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections import Counter, defaultdict
from dataclasses import dataclass
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
    options.add_argument("--measures", default="colour")
    options.add_argument("--out", type=Path, help="JSON, written anew after every seed")
    asked = options.parse_args()
    settings = RustSettings(measures=tuple(asked.measures.split(",")))
    rows: dict[str, list[Any]] = defaultdict(list)
    for seed in range(asked.seeds):
        for rusts in (True, False):
            _measure(
                _see(rust.specimen("Flange", (seed, int(not rusts)), rusts=rusts), settings), settings, rows, rusts
            )
        found = {"seeds": seed + 1} | _summary(rows)
        print(json.dumps(found), flush=True)
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


def _measure(one: Seen, settings: RustSettings, rows: dict[str, list[Any]], rusts: bool) -> None:
    """Add what one flange tells to the ``rows``: errors in points, agreement with the truth, crossings, status."""
    part = judge(one.records, settings).parts[0]
    truth = np.array([rust.true_share(one.specimen, hour) for hour in part.rust.hours])
    estimates = np.array([estimate.value for estimate in part.rust.estimates])
    kind = "rusting" if rusts else "steady"
    errors = [100 * abs(record.values["colour"] - true) for record, true in zip(one.records, one.truth, strict=True)]
    rows[f"photographs, {kind}"] += errors
    rows["times"] += (100 * np.abs(estimates - truth)).tolist()
    rows["in ci95"] += [e.low <= t <= e.high for e, t in zip(part.rust.estimates, truth, strict=True)]
    rows["ri"] += [grade.ri == iso_ri(t) for grade, t in zip(part.grades, truth, strict=True)]
    rows["spread"] += [np.ptp(np.arcsin(np.sqrt(views))) / np.sqrt(2) for views in part.rust.views]
    rows[f"status, {kind}"].append(part.status)
    if rusts:
        rows["spearman"].append(float(stats.spearmanr(estimates, truth).statistic))
        for weeks in range(3, WEEKS + 1):
            _crossings(one, weeks, settings, rows)
    else:
        for weeks in range(1, WEEKS + 1):
            upto = [record for record in one.records if record.photo.hours <= weeks * HOURS_PER_WEEK]
            single = [record for record in upto if record.photo.view == "1"]
            rows["status, steady, shorter"] += [judge(some, settings).parts[0].status for some in (upto, single)]


def _crossings(one: Seen, weeks: int, settings: RustSettings, rows: dict[str, list[Any]]) -> None:
    """Held at 80 %, held at 95 %, and the median minus the truth in weeks, for every limit after ``weeks``."""
    last = weeks * HOURS_PER_WEEK
    records = [record for record in one.records if record.photo.hours <= last]
    for limit in LIMITS:
        found = judge(records, settings.model_copy(update={"limit": limit})).parts[0].forecast
        if found.reason is not None:
            continue
        truth, end = rust.true_crossing(one.specimen, limit), last + found.horizon_hours
        truth = truth if truth <= end else np.inf
        low95, low80, middle, high80, high95 = (
            np.inf if hour is None else hour
            for hour in (
                found.low95_hours,
                found.low80_hours,
                found.median_hours,
                found.high80_hours,
                found.high95_hours,
            )
        )
        late = (min(middle, end) - min(truth, end)) / HOURS_PER_WEEK
        name = "between" if found.observed else "forecast"
        rows[name].append((low80 <= truth <= high80, low95 <= truth <= high95, late))


def _summary(rows: dict[str, list[Any]]) -> dict[str, Any]:
    photographs = np.array(rows["photographs, rusting"] + rows["photographs, steady"])
    found: dict[str, Any] = {
        "photographs": len(photographs),
        "error_points_p50_p90_max": np.quantile(photographs, [0.5, 0.9, 1.0]).round(3).tolist(),
        "error_points_p90_rusting": round(float(np.quantile(rows["photographs, rusting"], 0.9)), 3),
        "error_points_p90_times": round(float(np.quantile(rows["times"], 0.9)), 3),
        "spearman_mean_min": [round(float(f(rows["spearman"])), 4) for f in (np.mean, np.min)],
        "ci95_contains_truth": round(float(np.mean(rows["in ci95"])), 3),
        "ri_as_truth": round(float(np.mean(rows["ri"])), 3),
        "view_sd_even_scale": round(float(np.sqrt(np.mean(np.square(rows["spread"])))), 4),
    }
    for name in ("forecast", "between"):
        if rows[name]:
            values = np.array(rows[name], float)
            held80, held95, bias = values.mean(axis=0).round(3).tolist()
            off = round(float(np.median(np.abs(values[:, 2]))), 2)
            found[name] = {"n": len(values), "held80": held80, "held95": held95, "bias": bias, "median_off_weeks": off}
    return found | {name: dict(Counter(states)) for name, states in rows.items() if name.startswith("status")}


if __name__ == "__main__":
    main()
