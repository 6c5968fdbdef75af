"""Everything there is to say about a stretch, in one object."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, get_args

import numpy as np

from core.datasets.series import SeriesUnit
from core.detectors.series.calibration import Mode
from core.detectors.series.model import SeriesModel
from core.explain import contribution
from core.explain.began import onsets
from core.explain.counterfactual import Counterfactual, Culprit, counterfactual, culprits
from core.explain.evidence import SILENT, evidence
from core.explain.gradients import integrated_gradients
from core.explain.latent import LatentView, latent_view
from core.explain.moments import Moments, moments
from core.explain.neighbours import Neighbour, nearest_normal
from core.explain.onset import Onset
from core.explain.ranking import Agreement, Ranking, agreement
from core.explain.reference import Reference
from core.explain.shapley import shapley
from core.explain.stretch import Stretch
from core.progress import Progress

Method = Literal["evidence", "counterfactual", "contribution", "contribution (mean)", "Shapley", "gradients", "|z|"]
METHODS: tuple[Method, ...] = get_args(Method)
TOLD = 5  # sensors whose onset is told


@dataclass(frozen=True, eq=False)
class Explanation:
    """Steps ``start`` to ``stop - 1`` of a unit. ``rankings`` are in the order of ``METHODS``; a method that the
    detector does not allow is missing. ``onsets`` belong to the first sensors of the first ranking; there is
    none in rows that no time connects. ``silent`` sensors
    gave no reading for most of the stretch: no score can be blamed on them, and they may be the fault all the same."""

    start: int
    stop: int
    mode: Mode
    rankings: tuple[Ranking, ...]
    counterfactual: Counterfactual
    culprits: tuple[Culprit, ...]
    silent: tuple[int, ...]
    agreement: tuple[Agreement, ...]
    onsets: dict[int, Onset | None]
    moments: Moments
    neighbour: Neighbour
    latent: LatentView | None

    def ranking(self, method: str) -> Ranking | None:
        return next((one for one in self.rankings if one.method == method), None)


class Methods:
    """The methods over one stretch; what several of them need is found once."""

    def __init__(self, stretch: Stretch, reference: Reference, seed: int = 0) -> None:
        self.stretch, self.reference, self._seed = stretch, reference, seed

    @cached_property
    def replaced(self) -> Counterfactual:
        return counterfactual(self.stretch, self.reference)

    def rank(self, method: Method) -> Ranking | None:
        """The sensors by blame, by one method; None where the detector does not allow it."""
        ways: dict[Method, Callable[[], Ranking | None]] = {
            "evidence": lambda: evidence(self.stretch, self.reference, self.replaced),
            "counterfactual": lambda: self.replaced.ranking,
            "contribution": lambda: contribution.largest(self.stretch),
            "contribution (mean)": lambda: contribution.average(self.stretch),
            "Shapley": lambda: shapley(self.stretch, self.reference, seed=self._seed),
            "gradients": lambda: integrated_gradients(self.stretch),
            "|z|": lambda: contribution.distance(self.stretch),
        }
        return ways[method]()


def causes(
    model: SeriesModel,
    unit: SeriesUnit,
    start: int,
    stop: int,
    mode: Mode,
    reference: Reference,
    *,
    methods: Sequence[Method] = METHODS,
    seed: int = 0,
    progress: Progress = Progress(),
) -> Explanation:
    """Explain steps ``start`` to ``stop - 1`` of a unit of prepared data; ``reference`` is of the unit's machine.

    UserError for steps that do not exist.
    """
    stretch = Stretch.of(model, unit, start, stop, mode)
    ways, rankings = Methods(stretch, reference, seed), list[Ranking]()
    for index, method in enumerate(methods):
        progress.report(index, len(methods) + 1, f"Causes by {method}")
        found = ways.rank(method)
        if found is not None:
            rankings.append(found)
    progress.report(len(methods), len(methods) + 1, "Moments and likenesses")
    silent = np.flatnonzero(np.isnan(stretch.inside).mean(axis=0) > SILENT).tolist()
    first = rankings[0].order[:TOLD].tolist() if rankings and model.kind != "rows" else []
    guilty = culprits(stretch, reference, ways.replaced)
    return Explanation(
        start=start,
        stop=stop,
        mode=mode,
        rankings=tuple(rankings),
        counterfactual=ways.replaced,
        silent=tuple(silent),
        culprits=guilty,
        agreement=tuple(agreement(rankings)),
        onsets=onsets(stretch, unit, reference, first, [one.sensor for one in guilty]),
        moments=moments(stretch, reference),
        neighbour=nearest_normal(stretch, reference),
        latent=latent_view(stretch, reference),
    )
