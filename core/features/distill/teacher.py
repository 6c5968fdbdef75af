"""What the student is to give: the features of torchvision's ImageNet ResNet-18, or their principal directions."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from core.features.backbones import DEVIATION, MEAN, LoadedBackbone
from core.features.patches import has_fast_bfloat16

Pair = tuple[Tensor, Tensor]  # of stages 2 and 3


def as_input(pixels: NDArray[np.uint8], device: torch.device) -> Tensor:
    """(b, 3, h, w) normalised as ImageNet's networks want it, channels last in memory, of pixels (b, h, w, 3)."""
    x = torch.from_numpy(pixels).to(device).permute(0, 3, 1, 2).float()
    mean, deviation = (torch.tensor(value, device=device).mul(255).view(3, 1, 1) for value in (MEAN, DEVIATION))
    return x.sub_(mean).div_(deviation)


def half_precision(device: torch.device) -> torch.autocast:
    """bfloat16 where the device multiplies it in hardware."""
    return torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda" or has_fast_bfloat16())


@dataclass
class Teacher:
    """The frozen network. ``bases`` (c, k) turn a stage's channels to its principal directions, None where all stay.

    Directions are not centred: a zero stays a zero, for patches beyond the border count as zeros.
    """

    stages: nn.Module
    sha256: str
    device: torch.device
    bases: tuple[Tensor | None, Tensor | None] = (None, None)
    variances: tuple[Tensor, Tensor] = (torch.empty(0), torch.empty(0))  # of each channel given

    @torch.no_grad()
    def __call__(self, x: Tensor) -> Pair:
        """Stages 2 and 3, float32, of normalised images."""
        with half_precision(self.device):
            second, third = self.stages(x.to(next(self.stages.parameters()).dtype))
        return _turned(second.float(), self.bases[0]), _turned(third.float(), self.bases[1])


def measured(
    loaded: LoadedBackbone, batches: Iterable[NDArray[np.uint8]], outputs: tuple[int, int], device: str
) -> Teacher:
    """The teacher on its device; variances and principal directions of its channels measured on ``batches``."""
    place = torch.device(device)
    if place.type == "cpu":
        stages = loaded.halved if has_fast_bfloat16() else loaded.stages
    else:
        stages = copy.deepcopy(loaded.stages).to(place)
    teacher = Teacher(stages, loaded.sha256, place)
    moments = [_Moments(), _Moments()]
    for pixels in batches:
        for found, features in zip(moments, teacher(as_input(pixels, place)), strict=True):
            found.add(features)
    bases = tuple(one.directions(count) for one, count in zip(moments, outputs, strict=True))
    variances = tuple(one.variances(basis).to(place) for one, basis in zip(moments, bases, strict=True))
    teacher.bases = tuple(None if basis is None else basis.to(place) for basis in bases)  # type: ignore[assignment]
    teacher.variances = variances  # type: ignore[assignment]
    return teacher


class _Moments:
    """First and second moments of the channels of feature maps."""

    def __init__(self) -> None:
        self._n, self._sum, self._products = 0, torch.zeros(1, dtype=torch.float64), torch.zeros(1, dtype=torch.float64)

    def add(self, features: Tensor) -> None:
        rows = features.movedim(1, -1).flatten(0, 2).double().cpu()
        self._n += len(rows)
        self._sum = self._sum + rows.sum(0)
        self._products = self._products + rows.T @ rows

    def _covariance(self) -> Tensor:
        mean = self._sum / self._n
        return self._products / self._n - torch.outer(mean, mean)

    def directions(self, count: int) -> Tensor | None:
        """(c, count) float32, of largest variance first; None where every channel is kept."""
        if count >= len(self._sum):
            return None
        directions: Tensor = torch.linalg.eigh(self._covariance()).eigenvectors
        return directions.flip(1)[:, :count].float().contiguous()

    def variances(self, basis: Tensor | None) -> Tensor:
        covariance = self._covariance()
        if basis is not None:
            covariance = basis.double().T @ covariance @ basis.double()
        return covariance.diagonal().clamp_min(1e-8).float()


def _turned(features: Tensor, basis: Tensor | None) -> Tensor:
    return features if basis is None else torch.einsum("bchw,ck->bkhw", features, basis)
