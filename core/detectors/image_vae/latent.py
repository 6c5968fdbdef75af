"""The space of codes, to look at: what the network can draw, and what lies between two parts."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.detectors.image_vae.model import SIZE, ConvVae
from core.detectors.image_vae.pixels import as_tensor
from core.errors import UserError

KEPT_CODES = 512  # codes of training images that tell where the good parts lie; more add little

Pixels = NDArray[np.uint8]


class LatentSpace:
    """Draws from the decoder of a fitted network.

    New parts are drawn from a Gaussian fitted to the codes of training images, not from the prior N(0, 1), which the
    codes fill unevenly (Ghosh et al., From Variational to Deterministic Autoencoders, ICLR 2020, arXiv:1903.12436).
    """

    def __init__(self, network: ConvVae, codes: Tensor) -> None:
        """``codes`` (n, latent): means of the codes of training images."""
        self._network = network
        self._centre = codes.mean(0)
        self._spread = (codes - self._centre) / max(1, len(codes) - 1) ** 0.5  # spread.T @ spread is the covariance

    def encode(self, image: Pixels) -> NDArray[np.float32]:
        """The code (latent,) of an RGB image (224, 224, 3): the mean of q(z | x)."""
        if image.shape != (SIZE, SIZE, 3):
            raise ValueError(f"images here are ({SIZE}, {SIZE}, 3), not {image.shape}")
        with torch.inference_mode():
            return np.asarray(self._network.encode(as_tensor(image[None]))[0][0].numpy(), np.float32)

    def sample(self, n: int, temperature: float = 1.0, seed: int = 0) -> Pixels:
        """``n`` parts (n, 224, 224, 3) that were never photographed; ``temperature`` 0 draws the average code only."""
        if n < 1 or temperature < 0:
            raise UserError(
                f"Cannot draw {n} samples at temperature {temperature:g}", "", "Ask for 1 or more, 0 or above"
            )
        noise = torch.randn(n, len(self._spread), generator=torch.Generator().manual_seed(seed))
        return self._draw(self._centre + temperature * noise @ self._spread)

    def interpolate(self, first: Pixels, last: Pixels, steps: int) -> Pixels:
        """``steps`` pictures (steps, 224, 224, 3) along the straight line between two images' codes, ends included."""
        if steps < 2:
            raise UserError(f"Cannot interpolate in {steps} steps", "", "Ask for 2 or more")
        ends = [torch.from_numpy(self.encode(image)) for image in (first, last)]
        shares = torch.linspace(0, 1, steps)[:, None]
        return self._draw(ends[0] * (1 - shares) + ends[1] * shares)

    @torch.inference_mode()
    def _draw(self, codes: Tensor) -> Pixels:
        images = torch.cat([self._network.decode(part) for part in torch.split(codes, 16)]).clamp(0, 1)
        return np.ascontiguousarray(images.mul(255).round().byte().permute(0, 2, 3, 1).numpy())
