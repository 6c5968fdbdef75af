"""The networks: tensors in, tensors out. Windows are (b, t, d), in usual spreads of each sensor, without holes."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from core.detectors.series_vae.info import STRIDE, SeriesVaeParams

SLOPE = 0.1
LINEAR = 5.0  # spreads up to which a reading counts in full
SLOPE_BEYOND = 0.1
FARTHEST = 105.0  # spreads beyond which it makes no difference
SCALE_SPEED = 10.0  # Adam moves a weight by its rate per step at most; scales must cross decades in time
MODEL_WIDTH = 64  # d_model of the transformer
HEADS, LAYERS, PATCH = 4, 2, 4


def compress(values: Tensor) -> Tensor:
    """Readings as they are up to 5 spreads, a tenth of what exceeds that, at most 15: one sensor far out must not drown
    all others in the code, and every score stays finite."""
    return torch.lerp(values.clamp(-LINEAR, LINEAR), values.clamp(-FARTHEST, FARTHEST), SLOPE_BEYOND)


def expand(values: Tensor) -> Tensor:
    """The inverse of ``compress``, as far as it has one."""
    near = values.clamp(-LINEAR, LINEAR)
    return near + (values - near) / SLOPE_BEYOND


class CnnEncoder(nn.Module):
    """Convolutions over time of strides 4, 2 and 2, sensors as channels; features (b, ``size``)."""

    def __init__(self, sensors: int, window: int, width: int) -> None:
        super().__init__()
        self.size = 2 * width * (window // STRIDE)
        self.layers = nn.Sequential(
            *_reduced(sensors, width, 4),
            *_reduced(width, 2 * width, 2),
            *_reduced(2 * width, 2 * width, 2),
            nn.Flatten(),
        )

    def forward(self, windows: Tensor) -> Tensor:
        found: Tensor = self.layers(_as_image(windows))
        return found


class TransformerEncoder(nn.Module):
    """Two pre-norm attention blocks (Vaswani et al., 2017) over patches of 4 steps; features (b, ``size``)."""

    def __init__(self, sensors: int, window: int) -> None:
        super().__init__()
        patches = window // PATCH
        self.size = MODEL_WIDTH * patches
        self.embed = nn.Conv1d(sensors, MODEL_WIDTH, PATCH, stride=PATCH)
        self.place = nn.Parameter(0.02 * torch.randn(patches, MODEL_WIDTH))
        self.blocks = nn.Sequential(*(_Block() for _ in range(LAYERS)))
        self.norm = nn.LayerNorm(MODEL_WIDTH)

    def forward(self, windows: Tensor) -> Tensor:
        tokens = self.embed(windows.transpose(1, 2)).transpose(1, 2) + self.place
        found: Tensor = self.norm(self.blocks(tokens)).flatten(1)
        return found


class _Block(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.before, self.after = nn.LayerNorm(MODEL_WIDTH), nn.LayerNorm(MODEL_WIDTH)
        self.project, self.join = nn.Linear(MODEL_WIDTH, 3 * MODEL_WIDTH), nn.Linear(MODEL_WIDTH, MODEL_WIDTH)
        self.dense = nn.Sequential(
            nn.Linear(MODEL_WIDTH, 2 * MODEL_WIDTH), nn.GELU(), nn.Linear(2 * MODEL_WIDTH, MODEL_WIDTH)
        )

    def forward(self, tokens: Tensor) -> Tensor:
        batch, count, _ = tokens.shape
        parts = self.project(self.before(tokens)).view(batch, count, 3, HEADS, MODEL_WIDTH // HEADS)
        query, key, value = parts.permute(2, 0, 3, 1, 4).unbind(0)
        seen = F.scaled_dot_product_attention(query, key, value)
        tokens = tokens + self.join(seen.transpose(1, 2).reshape(batch, count, MODEL_WIDTH))
        found: Tensor = tokens + self.dense(self.after(tokens))
        return found


class SeriesVaeNetwork(nn.Module):
    """Encoder, decoder and, for a ``horizon``, a head that draws the steps after the window from the same code.

    Each sensor has one learned scale for its reconstruction and one for its forecast (Rybkin et al., Simple and
    Effective VAE Training with Calibrated Decoders, ICML 2021, arXiv:2006.13202, here one per sensor).
    """

    def __init__(self, sensors: int, params: SeriesVaeParams) -> None:
        super().__init__()
        self.sensors, self.window, self.horizon = sensors, params.window, params.horizon
        width = params.width
        self._floor = params.scale_floor
        self._grid = (params.window // (2 * PATCH), 2 * width)
        self.encoder: CnnEncoder | TransformerEncoder = (
            CnnEncoder(sensors, params.window, width)
            if params.encoder == "cnn"
            else TransformerEncoder(sensors, params.window)
        )
        self.code = nn.Linear(self.encoder.size, 2 * params.latent)
        self.expand = nn.Linear(params.latent, self._grid[0] * self._grid[1])
        self.upper = nn.ConvTranspose2d(2 * width, width, (1, 4), (1, 2), (0, 1))
        self.lower = nn.ConvTranspose2d(width, sensors, (1, PATCH), (1, PATCH))
        self.log_scale = nn.Parameter(torch.zeros(sensors))
        if self.horizon:
            self.forecaster = nn.Sequential(
                nn.Linear(params.latent, 4 * params.latent),
                nn.LeakyReLU(SLOPE),
                nn.Linear(4 * params.latent, self.horizon * sensors),
                nn.Unflatten(1, (self.horizon, sensors)),
            )
            self.log_forecast_scale = nn.Parameter(torch.zeros(sensors))
        self.to(memory_format=torch.channels_last)

    def encode(self, windows: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log-variance (b, latent) of q(z | x) of compressed windows."""
        mean, log_variance = self.code(self.encoder(windows)).chunk(2, dim=1)
        return mean, log_variance.clamp(-8.0, 8.0)

    def decode(self, codes: Tensor) -> Tensor:
        """Windows (b, t, d), compressed, of codes (b, latent)."""
        columns = self.expand(codes).view(-1, *self._grid)
        drawn: Tensor = self.lower(F.leaky_relu(self.upper(_as_image(columns)), SLOPE, inplace=True))
        return drawn.squeeze(2).transpose(1, 2)

    def decode_last(self, codes: Tensor) -> Tensor:
        """The last step (b, d) of what ``decode`` draws, for a fraction of its work.

        One column of the code's grid and one tap of each transposed convolution lead to it: tap 2 of the first (4 wide,
        stride 2, 1 of padding cut off), the last tap of the second.
        """
        column = self._grid[1]
        last = F.linear(codes, self.expand.weight[-column:], self.expand.bias[-column:])
        hidden = F.leaky_relu(F.linear(last, self.upper.weight[:, :, 0, 2].T, self.upper.bias), SLOPE)
        return F.linear(hidden, self.lower.weight[:, :, 0, -1].T, self.lower.bias)

    def forecast(self, codes: Tensor) -> Tensor:
        """The ``horizon`` steps (b, h, d) after the window, compressed."""
        drawn: Tensor = self.forecaster(codes)
        return drawn

    def scale(self) -> Tensor:
        """(d,) scale of each sensor's reconstruction, in compressed units."""
        return self._floor + (SCALE_SPEED * self.log_scale).exp()

    def forecast_scale(self) -> Tensor:
        """(d,) the same of the forecast."""
        return self._floor + (SCALE_SPEED * self.log_forecast_scale).exp()


def _as_image(sequences: Tensor) -> Tensor:
    """(b, t, c) as (b, c, 1, t), without a copy: in memory the channels come last, which the two-dimensional kernels
    take as it is and the one-dimensional ones do not; they are two to three times slower here."""
    return sequences.transpose(1, 2).unsqueeze(2)


def _reduced(before: int, after: int, stride: int) -> list[nn.Module]:
    layer = nn.Conv2d(before, after, (1, 2 * stride), (1, stride), (0, stride // 2))
    return [layer, nn.LeakyReLU(SLOPE, inplace=True)]
