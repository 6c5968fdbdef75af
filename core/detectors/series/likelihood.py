"""Maximum likelihood of one state-space model over several stretches of the same sensor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.detectors.series.contract import Signal
from core.detectors.series.windows import Fill

Array = NDArray[np.float64]

LONGEST = 500  # steps of a piece
MOST_PIECES = 16  # each costs every evaluation of the likelihood the same again
ITERATIONS = 100
IMPOSSIBLE = 1e10  # negative log-likelihood of parameters that have none


@dataclass(frozen=True)
class Estimate:
    """``params`` in the model's own order; ``converged`` is what the optimiser says of them."""

    params: Array
    converged: bool
    loglikelihood: float


def maximise(models: Sequence[Any], start: Array) -> Estimate:
    """Maximise the summed log-likelihood of statsmodels ``models``, equal but for their data, from ``start``.

    One model over the stretches put end to end would take each seam for a jump of the machine.
    """
    from scipy.optimize import minimize

    steps = sum(model.nobs for model in models)

    def cost(free: Array) -> float:
        try:
            with np.errstate(all="ignore"):
                total = sum(model.loglike(free, transformed=False) for model in models)
        except np.linalg.LinAlgError:
            return IMPOSSIBLE
        return -float(total) / steps if np.isfinite(total) else IMPOSSIBLE

    free = models[0].untransform_params(start)
    found = minimize(cost, free, method="L-BFGS-B", options={"maxiter": ITERATIONS})
    params = np.asarray(models[0].transform_params(found.x), float)
    sound = bool(np.isfinite(params).all() and found.fun < IMPOSSIBLE)
    return Estimate(params, bool(found.success) and sound, -float(found.fun) * steps)


def pieces(normals: Sequence[Signal], shortest: int, most: int) -> list[Signal]:
    """Pieces of the stretches, (n, d) each with n >= ``shortest``, evenly spaced over all, together ``most`` steps at
    most. At least one stretch is that long."""
    cut: list[Signal] = []
    for one in normals:
        cut += [part for part in np.array_split(one, -(-len(one) // LONGEST)) if len(part) >= shortest]
    for count in range(min(len(cut), MOST_PIECES), 1, -1):
        chosen = [cut[index] for index in np.linspace(0, len(cut) - 1, count).round().astype(int)]
        if sum(map(len, chosen)) <= most:
            return chosen
    return [cut[0][:most]]


def without_holes(stretch: Array) -> Array:
    """(n,) with holes that take the last reading: for starting values alone, the likelihood knows holes for holes."""
    filled, _ = Fill(1, len(stretch)).push(stretch[:, None].astype(np.float32))
    return filled[:, 0].astype(np.float64)
