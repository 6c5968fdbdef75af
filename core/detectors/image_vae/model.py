"""The network: tensors in, tensors out (Kingma & Welling, Auto-Encoding Variational Bayes, arXiv:1312.6114)."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn

SIZE = 224  # pixels a side
SLOPE = 0.2
GRID = SIZE // 2**4  # cells a side after four strides of 2


class ConvVae(nn.Module):
    """Four stride-2 convolutions to a code of ``latent`` numbers, and their mirror back to an image.

    Images are (b, 3, 224, 224), 0 to 1. ``width`` channels in the first layer, then 2, 4 and 4 times as many: the last
    step does not double, for the two dense layers around the code hold nearly all weights as it is.
    """

    def __init__(self, width: int = 16, latent: int = 512) -> None:
        super().__init__()
        channels = (width, 2 * width, 4 * width, 4 * width)
        self.latent = latent
        self._shape = (channels[-1], GRID, GRID)
        cells = channels[-1] * GRID * GRID
        self.encoder = nn.Sequential(*_blocks(nn.Conv2d, (3, *channels)))
        self.code = nn.Linear(cells, 2 * latent)
        self.expand = nn.Linear(latent, cells)
        mirror = channels[::-1]
        self.decoder = nn.Sequential(
            *_blocks(nn.ConvTranspose2d, mirror), nn.ConvTranspose2d(mirror[-1], 3, kernel_size=4, stride=2, padding=1)
        )

    def encode(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log-variance (b, latent) of q(z | x), a Gaussian with independent axes."""
        mean, log_variance = self.code(self.encoder(images).flatten(1)).chunk(2, dim=1)
        return mean, log_variance.clamp(-20.0, 10.0)  # exp() of anything beyond is no useful variance

    def decode(self, codes: Tensor) -> Tensor:
        """Images (b, 3, 224, 224) of codes (b, latent); not limited to 0 to 1."""
        images: Tensor = self.decoder(self.expand(codes).view(-1, *self._shape))
        return images

    def forward(self, images: Tensor, noise: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Reconstruction, mean, log-variance; z = mean + sigma * noise (the reparameterisation, section 2.4)."""
        mean, log_variance = self.encode(images)
        return self.decode(mean + (0.5 * log_variance).exp() * noise), mean, log_variance

    @torch.inference_mode()
    def reconstruct(self, images: Tensor) -> Tensor:
        """Images redrawn from the mean of their code, 0 to 1: no chance is involved."""
        return self.decode(self.encode(images)[0]).clamp(0.0, 1.0)


def _blocks(layer: type[nn.Conv2d] | type[nn.ConvTranspose2d], channels: tuple[int, ...]) -> list[nn.Module]:
    """A stride-2 (transposed) convolution, batch norm and LeakyReLU for each pair of neighbouring channel counts."""
    blocks: list[nn.Module] = []
    for before, after in pairwise(channels):
        blocks.append(layer(before, after, kernel_size=4, stride=2, padding=1, bias=False))
        blocks += [nn.BatchNorm2d(after), nn.LeakyReLU(SLOPE)]
    return blocks
