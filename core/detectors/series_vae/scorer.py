"""From windows to scores: one differentiable function, which streaming, explanations and exports all call."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from core.detectors.series_vae.info import SeriesVaeParams
from core.detectors.series_vae.loss import gaussian_nll, kl_per_latent
from core.detectors.series_vae.model import SeriesVaeNetwork, compress


class Verdict(NamedTuple):
    """``score`` (b, t) of each step of a window and ``parts`` (b, t, d); ``forecast_score`` (b,) and
    ``forecast_parts`` (b, d), what the newest step is charged with for not being as forecast."""

    score: Tensor
    parts: Tensor
    forecast_score: Tensor | None
    forecast_parts: Tensor | None


class Scorer(nn.Module):
    """Judges recordings (b, ``context``, d), scaled and without holes, from the mean of the code: no chance in it.

    The score of a step is the mean error over its measured sensors, plus ``kl_weight`` times the window's KL per
    value (so with 1 a window's mean score is its negative evidence lower bound per value where the error is ``nll``),
    plus ``forecast_weight`` times the mean error of the newest step's forecast, made ``horizon`` steps before it.
    The part of a sensor is its share of the squared error in units of its learned scale, the NLL without constants.
    """

    def __init__(self, network: SeriesVaeNetwork, params: SeriesVaeParams) -> None:
        super().__init__()
        self.network, self.params = network, params

    def forward(self, recordings: Tensor, measured: Tensor | None = None) -> Verdict:
        """``measured`` (b, ``context``, d) is 1 where a value was read, 0 where it was filled in; None: all read."""
        network, horizon, window = self.network, self.params.horizon, self.params.window
        values = compress(recordings)
        current = values[:, horizon:]
        mean, log_variance = network.encode(current)
        residual = current - network.decode(mean)
        known = None if measured is None else measured[:, horizon:]
        parts, score = self._judge(residual, network.scale(), known)
        kl = kl_per_latent(mean, log_variance).sum(1) / current[0].numel()
        score = score + self.params.kl_weight * kl[:, None]
        if not horizon:
            return Verdict(score, parts, None, None)
        earlier = network.encode(values[:, :window])[0]
        missed = values[:, -1] - network.forecast(earlier)[:, -1]
        late, charge = self._judge(missed, network.forecast_scale(), None if measured is None else measured[:, -1])
        weight = self.params.forecast_weight
        return Verdict(score, parts, weight * charge, weight * late)

    def newest(self, recordings: Tensor, measured: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Score (b,) and parts (b, d) of the last step, *now*."""
        verdict = self(recordings, measured)
        score, parts = verdict.score[:, -1], verdict.parts[:, -1]
        if verdict.forecast_score is None:
            return score, parts
        return score + verdict.forecast_score, parts + verdict.forecast_parts

    def _judge(self, residual: Tensor, scale: Tensor, measured: Tensor | None) -> tuple[Tensor, Tensor]:
        """Parts (…, d) and the mean error (…)."""
        parts = 0.5 * (residual / scale).square()
        if self.params.error == "nll":
            error = gaussian_nll(residual, scale)
        else:
            error = residual.square() if self.params.error == "mse" else residual.abs()
        if measured is None:
            return parts, error.mean(-1)
        return parts * measured, (error * measured).sum(-1) / measured.sum(-1).clamp_min(1)


def filled(recordings: Tensor) -> tuple[Tensor, Tensor]:
    """Recordings (b, t, d) with holes to (without, 1 where measured): a hole takes the last value before it in the
    recording, or 0, the training median, where there is none. What is not finite is a hole."""
    finite = torch.isfinite(recordings)
    measured = finite.to(recordings.dtype)
    known, values = measured, torch.where(finite, recordings, torch.zeros_like(recordings))
    reach = 1
    while reach < recordings.shape[1]:  # each round doubles how far a value is carried
        earlier, earlier_known = (F.pad(one[:, :-reach], (0, 0, reach, 0)) for one in (values, known))
        values, known = torch.where(known > 0, values, earlier), torch.maximum(known, earlier_known)
        reach *= 2
    return values, measured
