"""The networks: tensors in, tensors out (section 3 of the paper)."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn

HALFWAY = 3.0  # spreads at which a reading has come half the way from the middle to the end of its range
WIDEST = 256  # units of the first layer, however many values a window has


def bounded(values: Tensor) -> Tensor:
    """Scaled readings to (0, 1): the paper's decoders end in a sigmoid. Its min-max scaling would let one extreme
    reading of the training data press all others together."""
    return 0.5 + 0.5 * values / (HALFWAY + values.abs())


class UsadNetwork(nn.Module):
    """One encoder, two decoders; windows are (b, t, d), ``bounded``."""

    def __init__(self, sensors: int, window: int, latent: int) -> None:
        super().__init__()
        size = window * sensors
        wide = min(WIDEST, max(size // 2, latent))
        narrow = max(wide // 2, latent)
        self.encoder = nn.Sequential(nn.Flatten(), *_layers((size, wide, narrow, latent)), nn.ReLU())
        self.first, self.second = (
            nn.Sequential(*_layers((latent, narrow, wide, size)), nn.Sigmoid(), nn.Unflatten(1, (window, sensors)))
            for _ in range(2)
        )

    def redrawn(self, windows: Tensor) -> Tensor:
        """AE1(W)."""
        drawn: Tensor = self.first(self.encoder(windows))
        return drawn

    def judged(self, windows: Tensor) -> Tensor:
        """AE2(W); of windows that AE1 has redrawn, AE2(AE1(W))."""
        drawn: Tensor = self.second(self.encoder(windows))
        return drawn

    def errors(self, windows: Tensor, alpha: float) -> Tensor:
        """(b, t, d) α (W - AE1(W))² + (1 - α) (W - AE2(AE1(W)))²: equation 12, value by value."""
        once = self.redrawn(windows)
        twice = self.judged(once)
        return torch.lerp((windows - twice).square(), (windows - once).square(), alpha)


def _layers(sizes: tuple[int, ...]) -> list[nn.Module]:
    """Linear layers with ReLU between them."""
    layers: list[nn.Module] = []
    for before, after in pairwise(sizes):
        layers += [nn.Linear(before, after), nn.ReLU()]
    return layers[:-1]
