"""From windows to scores: one differentiable function, which streaming, explanations and exports all call."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from core.detectors.series_vae.info import SeriesVaeParams
from core.detectors.series_vae.loss import HALF_LOG_2PI, kl_per_latent
from core.detectors.series_vae.model import SeriesVaeNetwork


class Verdict(NamedTuple):
    """``score`` (b, t) of each step of a window and ``parts`` (b, t, d); ``forecast_score`` (b,) and
    ``forecast_parts`` (b, d), what the newest step is charged with for not being as forecast."""

    score: Tensor
    parts: Tensor
    forecast_score: Tensor | None
    forecast_parts: Tensor | None


class Scorer(nn.Module):
    """Judges recordings (b, ``context``, d), compressed and without holes, from the mean of the code: no chance in it.

    The score of a step is the mean error over its measured sensors, plus ``kl_weight`` times the window's KL per
    value (so with 1 a window's mean score is its negative evidence lower bound per value where the error is ``nll``),
    plus ``forecast_weight`` times the mean error of the newest step's forecast, made ``horizon`` steps before it.
    The part of a sensor is half its squared error in units of its learned scale: the NLL without its constants.
    ``measured`` (b, ``context``, d) is 1 where a value was read, 0 where it was filled in; None: all read.
    """

    def __init__(self, network: SeriesVaeNetwork, params: SeriesVaeParams) -> None:
        super().__init__()
        self.network, self.params = network, params
        # One step of a feed is a hundred small operations; what its scales alone decide is worked out once.
        self._redrawn = _Measure(network.scale(), params.error)
        self._foreseen = _Measure(network.forecast_scale(), params.error) if params.horizon else None

    def forward(self, recordings: Tensor, measured: Tensor | None = None) -> Verdict:
        """All steps of the windows."""
        current = recordings[:, self.params.horizon :]
        known = None if measured is None else measured[:, self.params.horizon :]
        codes, kl = self._encode(current)
        score, parts = self._redrawn(current - self.network.decode(codes), known)
        return Verdict(score + kl[:, None], parts, *self._surprise(recordings, measured))

    def newest(self, recordings: Tensor, measured: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Score (b,) and parts (b, d) of the last step, *now*."""
        known = None if measured is None else measured[:, -1]
        codes, kl = self._encode(recordings[:, self.params.horizon :])
        residual = recordings[:, -1] - self.network.decode_last(codes)
        score, parts = self._redrawn(residual, known)
        late_score, late_parts = self._surprise(recordings, measured)
        if late_score is None or late_parts is None:
            return score + kl, parts
        return score + kl + late_score, parts + late_parts

    def slopes(self, recordings: Tensor, measured: Tensor | None = None) -> Tensor:
        """d score / d z (b, latent) of the last step's score, at the mean of the window's code."""
        known = None if measured is None else measured[:, -1]
        mean, log_variance = self.network.encode(recordings[:, self.params.horizon :])
        codes = mean.detach().requires_grad_()
        score = self._redrawn(recordings[:, -1] - self.network.decode_last(codes), known)[0]
        slopes: Tensor = torch.autograd.grad((score + self._charge(codes, log_variance)).sum(), codes)[0]
        return slopes

    def _encode(self, current: Tensor) -> tuple[Tensor, Tensor]:
        """Means of the codes (b, latent) and what they are charged with (b,)."""
        mean, log_variance = self.network.encode(current)
        return mean, self._charge(mean, log_variance)

    def _charge(self, mean: Tensor, log_variance: Tensor) -> Tensor:
        """What codes are charged with (b,)."""
        values = self.params.window * self.network.sensors
        return kl_per_latent(mean, log_variance).sum(1) * (self.params.kl_weight / values)

    def _surprise(self, recordings: Tensor, measured: Tensor | None) -> tuple[Tensor | None, Tensor | None]:
        """What the newest step is charged with for not being as forecast."""
        if self._foreseen is None:
            return None, None
        earlier = self.network.encode(recordings[:, : self.params.window])[0]
        missed = recordings[:, -1] - self.network.forecast(earlier)[:, -1]
        known = None if measured is None else measured[:, -1]
        score, parts = self._foreseen(missed, known)
        return self.params.forecast_weight * score, self.params.forecast_weight * parts


class _Measure(nn.Module):
    """Residuals (…, d) in units of each sensor's learned ``scale`` (d,), as ``error`` counts them."""

    def __init__(self, scale: Tensor, error: str) -> None:
        super().__init__()
        self._error = error
        constant = scale.log() + HALF_LOG_2PI if error == "nll" else torch.zeros_like(scale)
        self.unit = nn.Buffer((0.5**0.5 / scale).detach(), persistent=False)
        self.constant = nn.Buffer(constant.detach(), persistent=False)
        self.mean_constant = nn.Buffer(self.constant.mean(), persistent=False)

    def forward(self, residual: Tensor, measured: Tensor | None) -> tuple[Tensor, Tensor]:
        """The mean error (…) over measured sensors, and the parts (…, d)."""
        parts = (residual * self.unit).square()
        error = parts
        if self._error != "nll":
            error = residual.square() if self._error == "mse" else residual.abs()
        if measured is None:
            return error.mean(-1) + self.mean_constant, parts
        return ((error + self.constant) * measured).sum(-1) / measured.sum(-1).clamp_min(1), parts * measured
