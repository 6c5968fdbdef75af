"""An explanation as plain data: what the command line writes and a job keeps."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.datasets.series import SeriesUnit
from core.detectors.series.model import SeriesModel
from core.explain.causes import Explanation
from core.explain.latent import LatentView
from core.explain.neighbours import Neighbour
from core.explain.onset import Onset
from core.explain.ranking import Ranking
from core.explain.wording import agreed, sentence, strayed


def record(found: Explanation, model: SeriesModel, unit: SeriesUnit) -> dict[str, Any]:
    """JSON without NaN. Sensors are named; lists of one figure per sensor are in the order of ``sensors``."""
    signals, rankings, replaced = model.signals, list(found.rankings), found.counterfactual
    names = [sensor.name for sensor in signals]
    first = int(rankings[0].order[0])
    told = {sensor: strayed(onset, unit, model.time_unit) for sensor, onset in found.onsets.items()}
    return {
        "unit": unit.name,
        "machine": unit.machine,
        "start": found.start,
        "stop": found.stop,
        "time": [float(unit.time[found.start]), float(unit.time[found.stop - 1])],
        "time_unit": model.time_unit,
        "mode": found.mode,
        "sensors": names,
        "sentence": sentence(signals[first], replaced.explains(first), told.get(first), silent=first in found.silent),
        "agreed": agreed(rankings, signals),
        "methods": {one.method: _ranking(one, names) for one in rankings},
        "agreement": [asdict(one) for one in found.agreement],
        "onsets": {
            names[sensor]: None if onset is None else _onset(onset, unit) | {"words": told[sensor]}
            for sensor, onset in found.onsets.items()
        },
        "silent": [names[sensor] for sensor in found.silent],
        "counterfactual": {
            "before": replaced.before,
            "usual": replaced.usual,
            "explains": None if replaced.explains(0) is None else [replaced.explains(k) for k in range(len(names))],
            "culprits": [{"sensor": names[one.sensor], "score": one.score} for one in found.culprits],
        },
        "moments": {"edges": found.moments.edges.tolist(), "fall": _plain(found.moments.fall)},
        "nearest": _nearest(found.neighbour),
        "latent": None if found.latent is None else _latent(found.latent),
    }


def _onset(onset: Onset, unit: SeriesUnit) -> dict[str, Any]:
    return asdict(onset) | {"time": float(unit.time[min(onset.step, len(unit) - 1)])}


def _nearest(near: Neighbour) -> dict[str, Any]:
    return {
        "unit": near.place.unit,
        "start": near.place.start,
        "last": near.last,
        "distance": near.distance,
        "usual": None if np.isnan(near.usual) else near.usual,
        "by": near.by,
        "window": _plain(near.window),
        "normal": _plain(near.nearest),
    }


def _ranking(ranking: Ranking, names: list[str]) -> dict[str, Any]:
    return {
        "first": None if ranking.refused else names[int(ranking.order[0])],
        "shares": None if ranking.refused else _plain(ranking.shares),
        "blame": None if ranking.refused else _plain(ranking.blame),
        "error": None if ranking.error is None else _plain(ranking.error),
        "unit": ranking.unit,
        "seconds": ranking.seconds,
        "note": ranking.note,
        "refused": ranking.refused,
    }


def _latent(view: LatentView) -> dict[str, Any]:
    arrays = {name: _plain(getattr(view, name)) for name in ("kl", "kl_usual", "slope", "shift", "points", "path")}
    return arrays | {"explained": view.explained}


def _plain(values: NDArray[np.floating]) -> list[Any]:
    """With six digits that count: more say nothing and cost room."""
    found: list[Any] = (
        np.vectorize(lambda one: float(f"{one:.6g}"), otypes=[float])(values).tolist() if values.size else []
    )
    return found
