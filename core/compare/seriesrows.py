"""The rows beside a detector's: what blames it deserves, and what guessing and plain distance from usual would get."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

import numpy as np

from core.compare.scoredunit import ScoredUnit, by_machine, joined
from core.metrics.ranking import f1_max
from core.metrics.series.causes import Aggregate, Blame, event_blame, guessed_blame, judge_blame
from core.metrics.series.figures import FIGURES, Figures, LabelledSeries, combined, mean, measure
from core.metrics.series.stretches import Policy

CAUSES = tuple(field.name for field in fields(Blame))
GUESSES = 5  # random scorings behind the random row


def blames(units: Sequence[ScoredUnit], how: Aggregate, *, plain: bool = False) -> list[Blame]:
    """How well the parts (``plain``: the distances from usual) point at the culprits, of each event that names some."""
    found = []
    for unit in units:
        parts = unit.abs_z if plain else unit.parts
        for event in unit.events or ():
            if parts is not None and event.sensors:
                judged = judge_blame(event_blame(parts, event.start, event.stop, how), event.sensors)
                found += [judged] if judged else []
    return found


def mean_blame(found: Sequence[Blame]) -> Figures:
    """Means over events, None without one."""
    return {name: mean(getattr(one, name) for one in found) for name in CAUSES}


def oracle_f1(series: LabelledSeries) -> float | None:
    """F1 of the threshold that is best on these very labels."""
    best = f1_max(series.scores, series.labels)
    return best.f1 if best else None


def random_row(
    units: Sequence[ScoredUnit], rate: float, policy: Policy, window: int, seed: int, detected: float | None
) -> dict[str, Any]:
    """Means of ``GUESSES`` scorings without looking, of which a share ``rate`` of the steps is flagged."""
    machines = [joined(own, policy) for own in by_machine(units).values()]
    rng, rows = np.random.default_rng([seed, 1]), []
    for _ in range(GUESSES if machines else 0):
        drawn = [rng.random(len(one)) for one in machines]
        guesses = [
            LabelledSeries(scores, policy.raised(scores > 1 - rate), one.labels)
            for scores, one in zip(drawn, machines, strict=True)
        ]
        rows.append(
            combined([measure(one, policy, window=window) for one in guesses])
            | {"f1_best": mean(oracle_f1(one) for one in guesses)}
        )
    guessed = [
        judged
        for unit in units
        for event in unit.events or ()
        if unit.parts is not None and (judged := guessed_blame(unit.parts.shape[1], event.sensors))
    ]
    names = (*FIGURES, "f1_best")
    return {name: mean(row[name] for row in rows) for name in names} | mean_blame(guessed) | {"detected": detected}


def abs_z_row(units: Sequence[ScoredUnit], policy: Policy, window: int) -> dict[str, Any]:
    """The largest distance from usual of any sensor as the score, the distances as parts. It has no calibrated
    threshold: figures that need one are None."""
    names = (*FIGURES, "f1_best")
    found: dict[str, Any] = dict.fromkeys(names)
    machines = by_machine([unit for unit in units if unit.abs_z is not None])
    series = [
        LabelledSeries(
            np.concatenate([unit.abs_z.max(axis=1).astype(float) for unit in own if unit.abs_z is not None]),
            None,
            joined(own, policy).labels,
        )
        for own in machines.values()
    ]
    if series:
        found |= combined([measure(one, policy, window=window) for one in series])
        found["f1_best"] = mean(oracle_f1(one) for one in series)
    event_max, event_mean = (blames(units, how, plain=True) for how in ("event-max", "event-mean"))
    return found | mean_blame(event_max) | {"root_cause": {"event-mean": mean_blame(event_mean)}}
