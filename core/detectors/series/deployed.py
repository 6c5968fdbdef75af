"""A detector with its scaler and calibration as one network: raw readings in, surprise out, no Faultline needed."""

from __future__ import annotations

import math
from typing import Protocol, runtime_checkable

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor, nn

from core.detectors.series.holes import carried
from core.detectors.series.model import Member
from core.detectors.series.reconstruction import Usual
from core.detectors.series.scaling import Scaler
from core.errors import UserError
from core.metrics.evt import Pot


@runtime_checkable
class Deployable(Protocol):
    """A detector whose *now* score is a network over the last ``context`` steps."""

    @property
    def context(self) -> int: ...

    @property
    def network(self) -> nn.Module: ...

    @property
    def usual(self) -> Usual: ...

    def newest(self, windows: Tensor, measured: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Score (b,) and parts (b, d) of scaled windows (b, ``context``, d) without holes."""


class Deployed(nn.Module):
    """Windows (b, context, D) of readings, NaN where nothing was measured, to what is known of their last steps:
    ``score`` (b,), ``parts`` (b, d) per signal, ``surprise`` (b,), -log10 p.

    A hole takes the last value before it in the window; without one it is taken for the training median.
    """

    def __init__(self, member: Member) -> None:
        super().__init__()
        if not isinstance(member.detector, Deployable):
            raise UserError(
                f"{member.detector.info.title} is no neural network and cannot be exported",
                "",
                "Export a series VAE or USAD",
            )
        self._detector = member.detector
        self.network = member.detector.network  # so that its weights are this module's
        self.scaling = _Scaling(member.scaler)
        self.tail = _Tail(member.calibration.now)
        mean, spread = (torch.from_numpy(one) for one in member.detector.usual.now)
        self.register_buffer("mean", mean)
        self.register_buffer("spread", spread)
        self.mean: Tensor
        self.spread: Tensor

    def forward(self, values: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        windows, measured = carried(self.scaling(values), self._detector.context - 1)
        score, parts = self._detector.newest(windows, measured)
        excess = measured[:, -1] * ((parts - self.mean) / self.spread)
        return score, excess.float(), self.tail(score.double())


class _Scaling(nn.Module):
    """``Scaler.apply``: (b, t, D) readings to (b, t, d), in double precision as there."""

    def __init__(self, scaler: Scaler) -> None:
        super().__init__()
        self._single = scaler.n_regimes == 1
        self.register_buffer("signals", torch.tensor(scaler.signals, dtype=torch.long))
        self.register_buffer("conditions", torch.tensor(scaler.conditions, dtype=torch.long))
        for name in ("centre", "scale", "settings", "spread"):
            self.register_buffer(name, _double(getattr(scaler, name)))
        self.signals: Tensor
        self.conditions: Tensor
        self.centre: Tensor
        self.scale: Tensor
        self.settings: Tensor
        self.spread: Tensor

    def forward(self, values: Tensor) -> Tensor:
        readings = values.index_select(2, self.signals).double()
        if self._single:
            return ((readings - self.centre[0]) / self.scale[0]).float()
        placed = values.index_select(2, self.conditions).double() / self.spread
        gaps = (placed.unsqueeze(2) - self.settings).square()
        distance = torch.where(torch.isnan(gaps), torch.zeros_like(gaps), gaps).sum(3)
        regime = distance.argmin(2)
        return ((readings - self.centre[regime]) / self.scale[regime]).float()


class _Tail(nn.Module):
    """``Pot.log_survival`` in decades: tables with straight lines between their knots, and the last line goes on."""

    def __init__(self, pot: Pot) -> None:
        super().__init__()
        self.body, self.beyond = _Table(pot.knots, pot.shares), _Table(pot.excesses, pot.logs)
        self._bounded = pot.tail is None  # no step surpassed the usual: nothing is known but how many there were
        self._most, self._end, self._threshold = math.log10(pot.n + 1), float(pot.knots[-1]), float(pot.threshold)

    def forward(self, score: Tensor) -> Tensor:
        counted = -self.body(score, clamped=True).log10()
        if self._bounded:
            return torch.where(score > self._end, torch.full_like(score, self._most), counted)
        excess = (score - self._threshold).clamp_min(0)
        return torch.where(score > self._threshold, self.beyond(excess, clamped=False) / -math.log(10), counted)


class _Table(nn.Module):
    """Piecewise linear: ``numpy.interp`` of ascending knots, as operations that every runtime has."""

    def __init__(self, knots: ArrayLike, values: ArrayLike) -> None:
        super().__init__()
        self._pieces = len(np.asarray(knots)) - 1
        self.register_buffer("knots", _double(knots))
        self.register_buffer("values", _double(values))
        self.knots: Tensor
        self.values: Tensor

    def forward(self, places: Tensor, clamped: bool) -> Tensor:
        """Of (b,) places; beyond the ends the end's value, or unless ``clamped`` along the last line."""
        if not self._pieces:
            return self.values.expand(places.shape[0])
        inside = places.clamp(self.knots[0], self.knots[-1]) if clamped else places
        left = ((inside.unsqueeze(1) >= self.knots).sum(1) - 1).clamp(0, self._pieces - 1)
        low, high = self.knots[left], self.knots[left + 1]
        share = (inside - low) / (high - low)
        return self.values[left] + share * (self.values[left + 1] - self.values[left])


def _double(values: ArrayLike) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(values, np.float64))
