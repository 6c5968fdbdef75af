"""How often a method names the sensors at fault, measured on events whose culprits are labelled.

The methods never see the labels; they are given the labelled stretch, as a person would brush it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np

from core.datasets.series import SeriesSet
from core.detectors.series.calibration import Mode
from core.detectors.series.model import SeriesModel
from core.errors import UserError
from core.explain.causes import METHODS, Method, Methods
from core.explain.ranking import Ranking
from core.explain.reference import Reference
from core.explain.stretch import Stretch
from core.metrics.series.causes import Blame, guessed_blame, judge_blame
from core.progress import Progress

RANDOM = "random"


@dataclass(frozen=True)
class Accuracy:
    """Means over ``events`` of one method (``random``: of blaming all sensors alike); ``seconds`` is the median cost of
    one explanation. ``refused`` events are left out of the means. Figures are None where no event is left."""

    method: str
    events: int
    hitrate_100: float | None
    hitrate_150: float | None
    top1: float | None
    ndcg_100: float | None
    seconds: float | None
    refused: int = 0


def accuracy(
    model: SeriesModel,
    data: SeriesSet,
    *,
    methods: Sequence[Method] = METHODS,
    mode: Mode = "now",
    most: int | None = None,
    seed: int = 0,
    progress: Progress = Progress(),
) -> list[Accuracy]:
    """Over the test events in prepared ``data`` that name culprits among the model's signals, though not all of them;
    with ``most`` over so many of them, evenly spread. A row for guessing comes last.

    UserError where there is no such event.
    """
    place = {column: index for index, column in enumerate(data.signals)}
    cases = []
    for unit in data.units:
        for event in unit.events or () if unit.split == "test" else ():
            culprits = [place[column] for column in event.sensors if column in place]
            if 0 < len(culprits) < len(place):
                cases.append((unit, event, culprits))
    if not cases:
        raise UserError(
            "No labelled event names the sensors at fault", data.name, "How good a cause is can be told where some do"
        )
    if most is not None and len(cases) > most:
        cases = [cases[index] for index in np.linspace(0, len(cases) - 1, most).round().astype(int)]
    found: dict[str, list[Blame]] = {method: [] for method in (*methods, RANDOM)}
    seconds: dict[str, list[float]] = {method: [] for method in found}
    refused = dict.fromkeys(found, 0)
    references: dict[str, Reference] = {}
    for index, (unit, event, culprits) in enumerate(cases):
        progress.report(index, len(cases), "Causes of labelled events")
        if unit.machine not in references:
            references = {unit.machine: Reference.of(model, data, unit.machine)}  # one at a time: they are large
        stretch = Stretch.of(model, unit, event.start, event.stop, mode)
        ways = Methods(stretch, references[unit.machine], seed)
        for method in methods:
            ranking = ways.rank(method)
            if ranking is not None and ranking.refused is not None:
                refused[method] += 1
            elif ranking is not None:
                found[method].append(_judged(ranking, culprits))
                seconds[method].append(ranking.seconds)
        guess = guessed_blame(len(place), culprits)
        if guess is not None:
            found[RANDOM].append(guess)
    progress.report(len(cases), len(cases), "Causes of labelled events")
    return [_mean(name, found[name], seconds[name], refused[name]) for name in found if found[name] or refused[name]]


def _judged(ranking: Ranking, culprits: list[int]) -> Blame:
    judged = judge_blame(ranking.blame, culprits)
    if judged is None:
        raise ValueError("an event without culprits, or with nothing else, has no accuracy")
    return judged


def _mean(method: str, found: list[Blame], seconds: list[float], refused: int) -> Accuracy:
    rows = [asdict(one) for one in found]
    means = {
        name: float(np.mean([row[name] for row in rows])) if rows else None
        for name in ("hitrate_100", "hitrate_150", "top1", "ndcg_100")
    }
    return Accuracy(
        method, len(found), **means, seconds=float(np.median(seconds)) if seconds else None, refused=refused
    )
