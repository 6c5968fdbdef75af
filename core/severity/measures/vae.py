"""What a network that has only seen healthy parts cannot redraw: the reconstruction error of the image VAE.

The figure is the mean absolute difference between a part and its reconstruction, as a share of full scale: what studies
of corrosion by autoencoder report in percent. It is a grade of difference, not an area.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

from core.progress import Progress
from core.severity.measures.base import Measure, MeasureInfo, Reading, View
from core.severity.measures.crop import back, square, variants

if TYPE_CHECKING:
    from core.detectors.image_vae.model import ConvVae

PICTURES = 48  # healthy pictures that the network learns from at least, made up from the first times
PASSES = 1600  # pictures shown in training
LATENT, WIDTH = 64, 8
FULL = 0.25  # of full scale: an error at which heat is 1


class Vae(Measure):
    """Trained once on the first times of all parts, put down anew in many ways."""

    info: ClassVar[MeasureInfo] = MeasureInfo(
        name="vae",
        title="Reconstruction error",
        sentence="How far the part is from what a network trained on the first times can redraw, in percent of white.",
        is_area=False,
        default_on=False,
    )

    learns_from_all: ClassVar[bool] = True

    def __init__(self, seed: int = 0) -> None:
        super().__init__(seed)
        self._network: ConvVae | None = None

    def prepare(self, healthy: Sequence[View], progress: Progress) -> None:
        from core.detectors.image_vae.info import ImageVaeParams
        from core.detectors.image_vae.model import SIZE
        from core.detectors.image_vae.pixels import ImagePool
        from core.detectors.image_vae.training import train

        class Pictures(ImagePool):
            """Pictures in memory as a pool to learn from."""

            def __init__(self, pictures: NDArray[np.uint8]) -> None:
                super().__init__(())
                self._pictures = pictures

            def __len__(self) -> int:
                return len(self._pictures)

            def _one(self, index: int) -> NDArray[np.uint8]:
                return np.asarray(self._pictures[index])

        self._network = None
        if not healthy:
            return
        each = max(3, -(-PICTURES // len(healthy)))
        learn, check = [], []
        for number, view in enumerate(healthy):
            picture, _, _ = square(view, SIZE)
            made = variants(picture, self.seed * 1000 + number, each)
            learn += [picture, *made[1:]]
            check.append(made[0])
        params = ImageVaeParams(
            image_passes=PASSES, latent=LATENT, width=WIDTH, batch_size=16, augmentation=False, patience=1000
        )
        trained = train(params, self.seed, Pictures(np.stack(learn)), Pictures(np.stack(check)), None, progress)
        self._network = trained.network.eval()

    def fit(self, first: Sequence[View]) -> None:
        """Nothing is learnt of a single part: one network has seen the first times of all."""

    def read(self, view: View) -> Reading:
        from core.detectors.image_vae.model import SIZE
        from core.detectors.image_vae.pixels import as_tensor

        if self._network is None or not view.part.found:
            return Reading.nothing(view)
        picture, mask, matrix = square(view, SIZE)
        images = as_tensor(picture[None])
        error = (images - self._network.reconstruct(images)).abs().mean(1)[0].numpy().astype(np.float32)
        heat = np.clip(back(error / np.float32(FULL), matrix, view.part.mask.shape), 0.0, 1.0).astype(np.float32)
        heat[~view.part.mask] = 0.0
        return Reading(float(error[mask].mean()), heat, None)
