"""From images to patch features: rows that describe one place of an image and its surroundings."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import Literal, TypeVar

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from core.datasets.images import load_rgb
from core.datasets.types import ImageItem
from core.features.backbones import DEVIATION, MEAN, LoadedBackbone, load_backbone
from core.features.backbones_info import Backbone
from core.features.inorder import in_order

Made = TypeVar("Made")
Layers = Literal["2", "3", "2+3"]
BATCH, SIDE = 8, 256  # so many images of this side pass through a network at once


@lru_cache(maxsize=1)
def has_fast_bfloat16() -> bool:
    """Whether this processor multiplies bfloat16 matrices in hardware (AMX): the trunk then runs about 3x as fast."""
    return bool(torch.cpu._is_amx_tile_supported())


def product_precision() -> torch.dtype:
    """What large matrix products are made in here: bfloat16 where that is quick, else float32."""
    return torch.bfloat16 if has_fast_bfloat16() else torch.float32


class PatchExtractor:
    """Locally averaged features of a backbone's stages, one row a patch.

    ``centre`` is the weight of a patch's own features against the mean over its ``neighbourhood`` (patches a side): 0
    is the published mean. A fine defect lies in one patch, and the mean dilutes it.

    A patch has ``channels`` values. There are ``grid`` patches a side: stride 8 where stage 2 takes part (stage 3 is
    then interpolated onto it), else stride 16. The result does not depend on how images are batched, but for the last
    digits where a processor's convolutions sum a single image in another order (5e-7 of a feature, seen with AVX2).
    """

    def __init__(
        self,
        backbone: Backbone | LoadedBackbone,
        image_size: int,
        layers: Layers = "2+3",
        neighbourhood: int = 3,
        centre: float = 0.0,
    ) -> None:
        self.backbone = backbone if isinstance(backbone, LoadedBackbone) else load_backbone(backbone)
        self.size = image_size
        self.layers = layers
        self.neighbourhood = neighbourhood
        self.centre = centre
        self.channels = sum(c for stage, c in zip("23", self.backbone.channels, strict=True) if stage in layers)
        self.grid = image_size // (16 if layers == "3" else 8)
        self.precision = "bfloat16" if has_fast_bfloat16() else "float32"
        # Pixels less the mean, over the deviation, as one multiplication and one addition.
        self._scale = 1 / torch.tensor(DEVIATION).mul(255)
        self._shift = -torch.tensor(MEAN).mul(255) * self._scale

    def provenance(self) -> dict[str, str]:
        """What a manifest remembers of the features."""
        loaded = self.backbone
        return {
            "backbone": loaded.name,
            "backbone_sha256": loaded.sha256,
            "backbone_source": loaded.source,
            "precision": self.precision,
        }

    @torch.inference_mode()
    def stages(self, pixels: NDArray[np.uint8]) -> tuple[Tensor, Tensor]:
        """Stages 2 and 3, (b, c, h, w) float32, of RGB images (b, size, size, 3)."""
        b, h, w, _ = pixels.shape
        rows = torch.from_numpy(pixels).reshape(b, h, 3 * w).float()  # long rows, not triples, are quick to scale
        rows = torch.addcmul(self._shift.repeat(w), rows, self._scale.repeat(w))
        x = rows.view(b, h, w, 3).permute(0, 3, 1, 2)  # channels last in memory, as the trunk wants it
        if self.precision == "float32":
            second, third = self.backbone.stages(x)
            return second, third
        second, third = self.backbone.halved(x.bfloat16())
        return second.float(), third.float()

    @torch.inference_mode()
    def patches(self, pixels: NDArray[np.uint8]) -> Tensor:
        """(b, grid * grid, d) float32 of RGB images (b, size, size, 3), patches in row-major order."""
        second, third = self.stages(pixels)
        parts = []
        if "2" in self.layers:
            parts.append(self._average(second))
        if "3" in self.layers:
            third = self._average(third)
            if "2" in self.layers:
                third = F.interpolate(third, second.shape[-2:], mode="bilinear", align_corners=False)
            parts.append(third)
        return torch.cat(parts, 1).flatten(2).transpose(1, 2).contiguous()

    def _average(self, features: Tensor) -> Tensor:
        """The patches themselves, at the weight ``centre``, and the means over their neighbourhoods.

        Both are damped at the border, where the network's own zero padding disturbs the features: on the magnetic tiles
        the mean over what lies inside the border costs 0.15 of image AUROC, undamped patches alone cost 0.1.
        """
        mean = self._mean(features)
        if self.centre == 0:
            return mean
        return torch.lerp(mean, features * self._mean(torch.ones_like(features[:1, :1])), self.centre)

    def _mean(self, features: Tensor) -> Tensor:
        """Mean over the neighbourhood, with zeros beyond the border as in the published code."""
        side = self.neighbourhood
        if side % 2 == 0:
            features = F.pad(features, (0, 1, 0, 1))  # an even window reaches one patch farther right and down
        return F.avg_pool2d(features, side, 1, padding=(side - 1) // 2)


def at_once(size: int) -> int:
    """How many squares of ``size`` pass through a network at once: fewer of large ones, so that memory stays as it
    is, of which every thread takes its part."""
    return min(max(BATCH * SIDE**2 // size**2, 1), BATCH)


def each_batch(
    items: Sequence[ImageItem], size: int, work: Callable[[NDArray[np.uint8]], Made]
) -> Iterator[tuple[Sequence[ImageItem], Made]]:
    """Items with what ``work`` makes of their pixels (b, size, size, 3), on every core at once.

    Images are squeezed to a square: a part keeps its place in the frame, its proportions are those of the set.
    """

    def made(part: Sequence[ImageItem]) -> tuple[Sequence[ImageItem], Made]:
        return part, work(np.stack([load_rgb(item.path, (size, size)) for item in part]))

    batch = at_once(size)
    return in_order(made, [items[start : start + batch] for start in range(0, len(items), batch)])
