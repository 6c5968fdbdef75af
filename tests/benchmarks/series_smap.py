"""A VAE trained on the SMAP channels, its alarms by Orion's rule instead of ours.

    python -m core train series-vae --data DIR --set steps=400 --out MODEL
    python -m tests.benchmarks.series_smap --data DIR --model MODEL [--mode settled]

Told is the overlap F1 (Orion's counting of segments, added up over channels) by the settings that Orion 0.7 publishes
for its VAE and for AER: absolute errors, smoothed by a centred mean over a hundredth of the recording (200 steps at
most); of every third of the recording, moved on by a tenth of that third each time, errors above mean + 4 sd; an alarm
reaches 50 steps to both sides; alarms that stand out by less than a tenth above the next lower one are dropped. The
model is the one that was trained, its errors counted absolutely (``error`` = mae). Channels that could not be learned
count as missed. With a forecast in the model (``--set horizon=8``), its error is added at its weight.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.datasets.readers import read
from core.detectors.series_vae.detector import SeriesVae
from core.metrics.series.alarms import Counts, count_overlaps
from core.metrics.series.stretches import stretches
from core.store.seriesmodel import load_series_model

SMOOTHING, MOST_SMOOTHED = 0.01, 200  # share of the recording, steps
WINDOW, STEP = 0.33, 0.1  # of the recording, of the window
DEVIATIONS = 4.0
PADDING = 50  # steps
PRUNE = 0.1

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--data", type=Path, required=True)
    options.add_argument("--model", type=Path, required=True)
    options.add_argument("--mode", choices=("settled", "now"), default="settled")
    asked = options.parse_args()
    model, _ = load_series_model(asked.model)
    data = read(asked.data)
    told = data.where(lambda unit: unit.split == "test" and unit.machine not in model.refused)
    missed = [unit for unit in data.units if unit.split == "test" and unit.machine in model.refused]
    counts = sum((Counts(fn=len(unit.events or ())) for unit in missed), Counts())
    for unit in model.prepared(told).units:
        member = model.member(unit.machine)
        scores = absolute(member.detector).score(member.scaler.apply(unit.values))
        alarms = orion(getattr(scores, asked.mode).score)
        events = np.array([(event.start, event.stop) for event in unit.events or ()], np.int64).reshape(-1, 2)
        counts += count_overlaps(stretches(alarms), events)
    print(
        f"{len(told.units)} channels, {len(missed)} more not learned: overlap F1 {counts.f1:.3f}, precision "
        f"{counts.precision:.3f}, recall {counts.recall:.3f} ({counts})"
    )


def absolute(detector: SeriesVae) -> SeriesVae:
    """The same network, its errors counted absolutely."""
    with tempfile.TemporaryDirectory() as folder:
        detector.save(Path(folder))
        params = detector.params.model_copy(update={"error": "mae"})
        return SeriesVae.load(Path(folder), params, detector.seed)


def orion(errors: Floats) -> Bools:
    """(n,) alarms over (n,) errors."""
    smooth = _smoothed(errors, min(int(SMOOTHING * len(errors)), MOST_SMOOTHED))
    size = int(np.ceil(WINDOW * len(smooth)))
    step = int(np.ceil(STEP * size))
    found = np.zeros(len(smooth), bool)
    start = 0
    while True:
        part = smooth[start : start + size]
        found[start : start + size] |= _alarms(part)
        if start + size >= len(smooth):
            return found
        start += step


def _smoothed(values: Floats, width: int) -> Floats:
    """Centred mean over ``width`` steps, over those that are there near the ends."""
    if width < 2:
        return values
    ones = np.ones(width)
    return np.convolve(values, ones, "same") / np.convolve(np.ones(len(values)), ones, "same")


def _alarms(errors: Floats) -> Bools:
    above = errors > errors.mean() + DEVIATIONS * errors.std()
    if not above.any():
        return above
    wide = np.convolve(above, np.ones(2 * PADDING + 1), "same") > 0.5
    runs = stretches(wide)
    peaks = np.array([errors[a:b].max() for a, b in runs])
    order = np.argsort(-peaks, kind="stable")
    ladder = np.append(peaks[order], 0.0 if wide.all() else errors[~wide].max())
    stand_out = np.flatnonzero(ladder[:-1] - ladder[1:] >= PRUNE * ladder[:-1])
    found = np.zeros(len(errors), bool)
    for run in order[: stand_out[-1] + 1 if len(stand_out) else 0]:
        found[runs[run, 0] : runs[run, 1]] = True
    return found


if __name__ == "__main__":
    main()
