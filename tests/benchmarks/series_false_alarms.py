"""Promised against measured false-alarm rates over time, on unseen normal days of simulated pumps.

    python -m tests.benchmarks.series_false_alarms [--only kalman …] [--seeds 8] [--train 20000] [--unseen 40000]

Every seed is another pump. A detector learns from its first day at default settings (the last fifth sets the
threshold) and judges a second, normal, day. Alarms come in runs, so one pump says little: told are the mean of the
pumps' rates, a 95 % interval of it (resampling pumps) and the lowest and highest.
"""

from __future__ import annotations

import argparse
from dataclasses import replace

import numpy as np

from core.datasets.series import SeriesSet
from core.datasets.synthetic.machines import pump
from core.detectors import registry
from core.detectors.series.training import train_series
from core.progress import Progress

RESAMPLES = 2000


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--only", nargs="*", default=list(registry.of("series")), help="names of detectors")
    options.add_argument("--seeds", type=int, default=8)
    options.add_argument("--train", type=int, default=20_000, help="steps of the day that is learned from")
    options.add_argument("--unseen", type=int, default=40_000, help="steps of the day that is judged")
    options.add_argument("--rate", type=float, default=1e-3)
    asked = options.parse_args()
    for name in asked.only:
        rates = np.array([_told(name, seed, asked) for seed in range(asked.seeds)])
        for mode, found in zip(("now", "settled"), rates.T, strict=True):
            draws = np.random.default_rng(0).integers(len(found), size=(RESAMPLES, len(found)))
            low, high = np.quantile(found[draws].mean(axis=1), (0.025, 0.975))
            print(
                f"{name} {mode}: {found.mean():.3%} ({low:.3%} to {high:.3%}), {found.mean() / asked.rate:.2f} of the "
                f"promise, pumps from {found.min():.3%} to {found.max():.3%}",
                flush=True,
            )


def _told(name: str, seed: int, asked: argparse.Namespace) -> tuple[float, float]:
    now, settled = _rates(name, seed, asked)
    print(f"  {name}, pump {seed}: now {now:.3%}, settled {settled:.3%}", flush=True)
    return now, settled


def _rates(name: str, seed: int, asked: argparse.Namespace) -> tuple[float, float]:
    data = normal_days(seed, asked.train, asked.unseen)
    fitted = train_series(name, registry.parameters(name, {}), seed, data, Progress())
    model = fitted.model
    judged = model.score(model.prepared(data.test()).units[0])
    calibration = model.member("pump-1").calibration
    now = judged.now.scores.score > calibration.threshold(asked.rate, "now")
    settled = judged.settled.scores.score > calibration.threshold(asked.rate, "settled")
    return float(now.mean()), float(settled.mean())


def normal_days(seed: int, train: int, unseen: int) -> SeriesSet:
    """Two normal days of one pump: one to learn from, one to judge."""
    data = pump.make(seed, steps=8400)
    first = replace(pump.record(seed, 0, train), name="train", split="train", events=None)
    second = replace(pump.record(seed, 1, unseen), name="unseen")
    return data.of((first, second))


if __name__ == "__main__":
    main()
