"""ARIMA per sensor: fitted once by exact likelihood (statsmodels), rolled without refitting by our own recursion.

Orders are ranked by AIC (``order.py``). The best is fitted; where its likelihood cannot be maximised, the second and
then the third; where none can, the sensor gets the first's regression estimates, and provenance says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from core.detectors.arima.info import INFO, ArimaParams
from core.detectors.arima.order import Array, Candidate, candidates
from core.detectors.base import DetectorInfo
from core.detectors.series.innovations import Fitted, InnovationDetector
from core.detectors.series.likelihood import maximise, without_holes
from core.detectors.series.statespace import Systems
from core.progress import Progress

TRIED = 3  # orders


class Arima(InnovationDetector):
    """Readings less their training mean follow an ARIMA(p, d, q) without a constant."""

    info: ClassVar[DetectorInfo] = INFO
    params: ArimaParams

    def fit_sensor(self, stretches: Sequence[Array], progress: Progress) -> Fitted:
        mean = float(np.nanmean(np.concatenate(stretches)))
        centred = [one - mean for one in stretches]
        limits = (self.params.max_p, self.params.max_d, self.params.max_q)
        ranked = candidates([without_holes(one) for one in centred], limits)
        for candidate in ranked[:TRIED]:
            progress.checkpoint()
            models = [_model(one, candidate) for one in centred]
            found = maximise(models, _start(candidate))
            if found.converged:
                return Fitted(Systems.of(models[0], found.params, mean), _name(candidate), True)
            progress.log(f"{_name(candidate)}: the likelihood could not be maximised")
        best = ranked[0]
        return Fitted(Systems.of(_model(centred[0], best), _start(best), mean), _name(best), False)


def _model(values: Array, candidate: Candidate) -> object:
    from statsmodels.tsa.statespace.sarimax import SARIMAX

    return SARIMAX(values, order=candidate.order)


def _start(candidate: Candidate) -> Array:
    return np.array([*candidate.ar, *candidate.ma, candidate.variance])


def _name(candidate: Candidate) -> str:
    return "ARIMA({}, {}, {})".format(*candidate.order)
