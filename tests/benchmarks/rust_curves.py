"""The statistics of a rust analysis without photographs: false alarms, and what forecast intervals contain.

    python -m tests.benchmarks.rust_curves [--curves 400] [--specimens 60]

*False alarms.* Parts that stay at a level, 2 to 7 times, 1 to 3 views; half of the noise's variance is shared by the
views of a time. The noise is a multiple of the prior's (``severity.scale``); it is Gaussian, or has heavy tails (t with
3 degrees of freedom, of the same variance).

*Forecasts.* The true curves of flanges (``datasets.synthetic.corrosion``), photographed twice at 3 to 7 weekly times
with noise, and every limit of 2, 8, 16, 33 and 50 % that is not exceeded at the start.
"""

from __future__ import annotations

import argparse

import numpy as np
from numpy.typing import NDArray

from core.datasets.synthetic import rust
from core.datasets.synthetic.corrosion import HOURS_PER_WEEK
from core.severity import forecast, scale, status
from core.severity.curves import curve

LIMITS = (0.02, 0.08, 0.16, 0.33, 0.50)
FIRST_SEED = 1000  # other flanges than those of rust_generator


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--curves", type=int, default=400)
    options.add_argument("--specimens", type=int, default=60)
    asked = options.parse_args()
    print(
        "| noise, times the prior | tails | level, % | called rusting | stable | uncertain |\n|---|---|---|---|---|---|"
    )
    for times in (0.5, 1.0, 2.0, 3.0):
        for heavy in (False, True):
            for level in (0.0, 0.02, 0.2):
                states = _steady(asked.curves, level, times * scale.PRIOR_SD, heavy)
                shares = [states.count(state) / len(states) for state in ("rusting", "stable", "uncertain")]
                cells = " | ".join(f"{share:.3f}" for share in shares)
                print(f"| {times:g} | {'heavy' if heavy else 'Gaussian'} | {100 * level:g} | {cells} |", flush=True)
    specimens = [rust.specimen("Flange", (FIRST_SEED + i, 0)) for i in range(asked.specimens)]
    print("\n| noise | crossing | n | 80 % interval | 95 % interval | median error, weeks |\n|---|---|---|---|---|---|")
    for noise in (0.005, 0.01, 0.02, 0.04):
        rows = np.concatenate([_crossings(one, number, noise) for number, one in enumerate(specimens)])
        for name, chosen in (("forecast", rows[rows[:, 0] == 0]), ("between photographs", rows[rows[:, 0] == 1])):
            held, late = chosen[:, 1:3].mean(axis=0), np.median(np.abs(chosen[:, 3])) / HOURS_PER_WEEK
            print(f"| {noise:g} | {name} | {len(chosen)} | {held[0]:.3f} | {held[1]:.3f} | {late:.2f} |", flush=True)


def _steady(n: int, level: float, noise: float, heavy: bool) -> list[str]:
    rng, states = np.random.default_rng(0), []

    def draw(shape: tuple[int, int]) -> NDArray[np.float64]:
        return rng.standard_t(3, shape) / np.sqrt(3) if heavy else rng.standard_normal(shape)

    for number in range(n):
        k, views = 2 + number % 6, 1 + number % 3
        even = scale.to_even(level) + noise / np.sqrt(2) * (draw((k, 1)) + draw((k, views)))
        values = scale.to_share(np.maximum(even, 0)).tolist()
        known = curve("part", "colour", {24.0 * i: one for i, one in enumerate(values)})
        if known is not None:
            states.append(status.status(known, status.rise(known)))
    return states


def _crossings(specimen: rust.Specimen, seed: int, noise: float) -> NDArray[np.float64]:
    """(n, 4): between photographs, held at 80 %, held at 95 %, median minus truth in hours (both at most the end)."""
    rng, rows = np.random.default_rng(seed), []
    crossings = {limit: rust.true_crossing(specimen, limit) for limit in LIMITS}
    for k in range(3, 8):
        hours = np.arange(k) * HOURS_PER_WEEK
        true = scale.to_even(np.array([rust.true_share(specimen, hour) for hour in hours]))
        even = true[:, None] + noise / np.sqrt(2) * (rng.standard_normal((k, 1)) + rng.standard_normal((k, 2)))
        known = curve(
            "part", "colour", dict(zip(hours.tolist(), scale.to_share(np.maximum(even, 0)).tolist(), strict=True))
        )
        if known is None:
            continue
        grown = forecast.grow(known, resamples=600, seed=seed)
        end = 3 * hours[-1]
        for limit in LIMITS:
            found = forecast.crossing(known, grown, limit=limit, horizon=2 * hours[-1], seed=seed)
            if found.reason is not None:
                continue
            truth = crossings[limit] if crossings[limit] <= end else np.inf
            low95, low80, middle, high80, high95 = (
                np.inf if hour is None else hour
                for hour in (
                    found.low95_hours, found.low80_hours, found.median_hours, found.high80_hours, found.high95_hours,
                )
            )  # fmt: skip
            late = min(middle, end) - min(truth, end)
            rows.append((found.observed, low80 <= truth <= high80, low95 <= truth <= high95, late))
    return np.array(rows, float).reshape(-1, 4)


if __name__ == "__main__":
    main()
