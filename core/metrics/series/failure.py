"""Alarms on machines that ran until they failed: how many were warned of, how early, and at what price before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.metrics.intervals import wilson
from core.metrics.series.stretches import Bools

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Life:
    """One machine: (n,) steps with an alarm and their times; the first ``healthy`` steps stand for normal (None:
    nobody said), those before ``warmup`` are not judged; the last step is the failure where it ``failed``."""

    name: str
    alarms: Bools
    time: Floats
    healthy: int | None
    warmup: int
    failed: bool

    @property
    def lead(self) -> float | None:
        """Time from the first step with an alarm after the healthy part to the failure; None without one."""
        start = max(self.healthy or 0, self.warmup)
        after = np.flatnonzero(self.alarms[start:])
        return float(self.time[-1] - self.time[start + after[0]]) if len(after) else None

    @property
    def healthy_steps(self) -> tuple[int, int]:
        """Judged steps of the healthy part, and how many of them have an alarm: false ones."""
        part = self.alarms[self.warmup : self.healthy] if self.healthy is not None else self.alarms[:0]
        return len(part), int(part.sum())

    @property
    def steps_after(self) -> int:
        return max(0, len(self.alarms) - max(self.healthy or 0, self.warmup))


def judge_lives(lives: Sequence[Life], *, resamples: int = 1000, seed: int = 0) -> dict[str, Any]:
    """``n_units, detected`` (share of the failed units with an alarm between the healthy part and the failure),
    ``detected_ci95`` (Wilson), ``far_healthy`` (share of the healthy steps of all units with an alarm),
    ``far_healthy_ci95`` (bootstrap over units), ``units_false_alarmed``, ``lead_times`` (of the detected units, in the
    set's time unit), ``lead_median, lead_p10, lead_p90``, ``units`` (lead time by name, None: missed) and
    ``random_detected``: what independent alarms at the same rate would have detected.
    """
    failed = [one for one in lives if one.failed]
    leads = {one.name: one.lead for one in failed}
    times = sorted(lead for lead in leads.values() if lead is not None)
    counts = np.array([one.healthy_steps for one in lives], dtype=np.int64).reshape(-1, 2)
    steps, alarms = (int(total) for total in counts.sum(axis=0))
    far = alarms / steps if steps else None
    guess = None
    if far is not None and failed:
        guess = float(np.mean([1 - (1 - far) ** one.steps_after for one in failed]))
    p10, median, p90 = (float(value) for value in np.quantile(times, [0.1, 0.5, 0.9])) if times else (None,) * 3
    return {
        "n_units": len(failed),
        "detected": len(times) / len(failed) if failed else None,
        "detected_ci95": wilson(len(times), len(failed)),
        "n_healthy_steps": steps,
        "far_healthy": far,
        "far_healthy_ci95": _rate_interval(counts[counts[:, 0] > 0], resamples, seed),
        "units_false_alarmed": float(np.mean(counts[counts[:, 0] > 0, 1] > 0)) if steps else None,
        "lead_times": times,
        "lead_median": median,
        "lead_p10": p10,
        "lead_p90": p90,
        "units": leads,
        "random_detected": guess,
    }


def _rate_interval(counts: NDArray[np.int64], resamples: int, seed: int) -> tuple[float, float] | None:
    """Of a rate over units whose steps are not independent: whole units are drawn. None below two units."""
    if len(counts) < 2 or not resamples:
        return None
    drawn = counts[np.random.default_rng(seed).integers(len(counts), size=(resamples, len(counts)))].sum(axis=1)
    low, high = np.quantile(drawn[:, 1] / drawn[:, 0], [0.025, 0.975])
    return float(low), float(high)
