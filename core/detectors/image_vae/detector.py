"""The convolutional VAE as a detector: what it cannot redraw is anomalous."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.datasets.types import ImageItem, ImageSet
from core.detectors.base import DetectorInfo, ImageDetector, ImageScore, Params
from core.detectors.image_vae.info import COLLAPSED, INFO, ImageVaeParams
from core.detectors.image_vae.latent import KEPT_CODES, LatentSpace
from core.detectors.image_vae.loss import active_units
from core.detectors.image_vae.model import SIZE, ConvVae
from core.detectors.image_vae.pixels import ImagePool, Pixels, as_tensor
from core.detectors.image_vae.residual import anomaly_map, errors, usual_error
from core.detectors.image_vae.training import Trained, train
from core.detectors.maps import REFERENCE_SIZE
from core.detectors.state import load_tensors, save_tensors
from core.errors import UserError
from core.features.checkpoint import Checkpoint, fingerprint
from core.progress import Progress

MIN_IMAGES = 5  # different ones: four to learn from, one to see when to stop
HELD_OUT = 0.1  # of the images, for early stopping and the usual error
MOST_HELD_OUT = 200
SUMMARY = "training.json"


class ImageVae(ImageDetector):
    """Maps are errors of the reconstruction in units of the usual error of that place; 1 is usual.

    The image score is the map's maximum. Codes are never drawn at random while scoring.
    """

    info: ClassVar[DetectorInfo] = INFO
    params: ImageVaeParams

    def __init__(self, params: Params, seed: int = 0) -> None:
        super().__init__(params, seed)
        self._network = ConvVae(self.params.width, self.params.latent).eval()
        self._usual = np.ones((1, SIZE, SIZE), np.float32)
        self._codes = torch.zeros(1, self.params.latent)
        self._summary: dict[str, Any] = {}

    def fit(self, data: ImageSet, progress: Progress) -> None:
        learn, held_out = split(data, self.seed)
        checkpoint = None
        if progress.scratch is not None:
            progress.scratch.mkdir(parents=True, exist_ok=True)
            hashes = sorted(item.sha256 for item in data.items)
            checkpoint = Checkpoint(progress.scratch, fingerprint(self.params.model_dump(), self.seed, hashes))
        pool, checks = ImagePool(learn), ImagePool(held_out)
        trained = train(self.params, self.seed, pool, checks, checkpoint, progress.part(0.0, 0.95))
        self._network = trained.network
        self._usual = self._usual_error(checks, progress.part(0.95, 0.97))
        self._codes = self._encode(pool, progress.part(0.97, 1.0))
        self._summary = self._summarise(trained, len(learn), len(held_out))
        if self._summary["active_units"] <= COLLAPSED:
            progress.log(
                f"Only {self._summary['active_units']} of {self.params.latent} latent numbers are in use (posterior "
                f"collapse): the reconstruction is much the same for every image. Lower the KL weight or train longer."
            )
        if checkpoint is not None:
            checkpoint.clear()

    def score(self, data: ImageSet, progress: Progress) -> Iterator[ImageScore]:
        pool = ImagePool(data.items, kept=0)
        smoothing = self.params.smoothing * SIZE / REFERENCE_SIZE
        # One image at a time through the network: in a batch the last digits would depend on the company.
        for done, (item, pixels) in enumerate(zip(data.items, pool.batches(range(len(pool)), 1), strict=True), 1):
            image, redrawn = self._redraw(pixels)
            found = anomaly_map(errors(image, redrawn, self.params.measure), self._usual, smoothing)
            picture = np.round(redrawn * 255).astype(np.uint8)
            progress.report(done, len(data), "Scoring images")
            yield ImageScore(item.name, float(found.max()), found, picture)

    def save(self, folder: Path) -> None:
        tensors = {f"network.{key}": value for key, value in self._network.state_dict().items()}
        save_tensors(folder, {**tensors, "usual": torch.from_numpy(self._usual), "codes": self._codes})
        (folder / SUMMARY).write_text(json.dumps(self._summary))

    @classmethod
    def load(cls, folder: Path, params: Params, seed: int) -> Self:
        detector = cls(params, seed)
        network = detector._network.state_dict()
        expected = {f"network.{key}": value.ndim for key, value in network.items()}
        tensors = load_tensors(folder, {**expected, "usual": 3, "codes": 2})
        try:
            detector._network.load_state_dict({key: tensors[f"network.{key}"] for key in network})
            detector._summary = json.loads((folder / SUMMARY).read_text())
        except (RuntimeError, OSError, ValueError) as error:
            raise UserError("The model's state does not fit its parameters", str(folder), "Train it again") from error
        detector._usual, detector._codes = tensors["usual"].numpy(), tensors["codes"]
        blank = np.zeros((SIZE, SIZE, 3), np.float32)
        kinds = errors(blank, blank, detector.params.measure).shape
        if detector._usual.shape != kinds or detector._codes.shape[1] != detector.params.latent:
            raise UserError("The model's state does not fit its parameters", str(folder), "Train it again")
        return detector

    def provenance(self) -> dict[str, Any]:
        return self._summary

    def latent_space(self) -> LatentSpace:
        """What the network can draw."""
        return LatentSpace(self._network, self._codes)

    def _redraw(self, pixels: Pixels) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """One image (1, 224, 224, 3) and its reconstruction, both (224, 224, 3) from 0 to 1."""
        images = as_tensor(pixels)
        redrawn = self._network.reconstruct(images)
        return images[0].permute(1, 2, 0).numpy(), np.ascontiguousarray(redrawn[0].permute(1, 2, 0).numpy())

    def _usual_error(self, held_out: ImagePool, progress: Progress) -> NDArray[np.float32]:
        def samples() -> Iterator[NDArray[np.float32]]:
            for done, pixels in enumerate(held_out.batches(range(len(held_out)), 1), 1):
                progress.report(done, len(held_out), "Measuring the usual error")
                yield errors(*self._redraw(pixels), self.params.measure)

        return usual_error(samples())

    @torch.inference_mode()
    def _encode(self, pool: ImagePool, progress: Progress) -> Tensor:
        """Means of the codes (n, latent) of some images."""
        order = range(min(len(pool), KEPT_CODES))
        means = []
        for pixels in pool.batches(order, self.params.batch_size):
            means.append(self._network.encode(as_tensor(pixels))[0])
            progress.report(len(means) * self.params.batch_size, len(order), "Encoding the training images")
        return torch.cat(means)

    def _summarise(self, trained: Trained, n_fit: int, n_held_out: int) -> dict[str, Any]:
        """What the manifest remembers. Active units over training images: held-out ones may be too few to tell."""
        return {
            "epochs": trained.standing.epoch,
            "best_epoch": trained.standing.best_epoch,
            "validation_loss": trained.standing.best,
            "images_fitted": n_fit,
            "images_held_out_for_early_stopping": n_held_out,
            "active_units": active_units(self._codes),
            "latent": self.params.latent,
        }


def split(data: ImageSet, seed: int) -> tuple[list[ImageItem], list[ImageItem]]:
    """Images to learn from, and held-out ones to judge by; copies of a photograph stay on the same side.

    Which photograph goes where follows from its bytes and the seed, not from names or order.
    """
    unique = sorted({item.sha256 for item in data.items})
    if len(unique) < MIN_IMAGES:
        raise UserError(
            f"The VAE was given {len(unique)} different good images to learn from",
            f"«{data.name}»; at least {MIN_IMAGES} are needed",
            "Add photographs of good parts, or choose PatchCore, which needs fewer",
        )
    order = np.random.default_rng(seed).permutation(np.array(unique, dtype=object)).tolist()
    held = frozenset(order[: min(max(1, round(HELD_OUT * len(order))), MOST_HELD_OUT)])
    items = sorted(data.items, key=lambda item: item.sha256)
    return [item for item in items if item.sha256 not in held], [item for item in items if item.sha256 in held]
