"""A space that all modalities share: regularised canonical correlation of normals that were seen by several at once.

Each modality is reduced to its leading principal components and whitened; the shared coordinates are the left singular
vectors of all of them side by side (MAXVAR, Kettenring, Biometrika 58, 1971). Closed form and deterministic. A sample
lies where the modalities that saw it say on average: one that is missing drops out of the mean, it is never filled in.
How far the modalities disagree is a figure of its own: a part that looks well and sounds wrong.

Where modalities were paired synthetically (by class or severity), only what the pairing put in can be found.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.continual.types import Array

Floats = NDArray[np.float64]
ROWS_PER_COMPONENT = 10  # normals that each principal component must rest on
RIDGE = 0.05  # of the leading variance, added before whitening


@dataclass(frozen=True, eq=False)
class Alignment:
    """Linear maps (w_m, k) of centred embedded rows into the shared space, one a modality; ``centres`` (w_m,)."""

    maps: tuple[Array, ...]
    centres: tuple[Array, ...]

    @property
    def shared(self) -> int:
        """Coordinates k."""
        return int(self.maps[0].shape[1])

    def project(self, rows: Sequence[Array]) -> Array:
        """Shared coordinates (modalities, n, k) as each modality alone sees them; NaN where a row is NaN."""
        parts = zip(rows, self.maps, self.centres, strict=True)
        return np.stack([(row - centre) @ weights for row, weights, centre in parts])

    def fuse(self, rows: Sequence[Array]) -> tuple[Array, Array]:
        """Mean over the modalities present (n, k), and their disagreement (n,): the root mean squared distance of each
        from that mean; 0 where fewer than two are present."""
        seen = self.project(rows)
        present = np.asarray(np.isfinite(seen).all(axis=2), np.bool_)
        count = np.maximum(present.sum(axis=0), 1)
        values = np.where(present[:, :, None], seen, 0)
        mean = values.sum(axis=0) / count[:, None]
        off = np.where(present[:, :, None], values - mean, 0)
        return mean, np.sqrt((off**2).sum(axis=(0, 2)) / count)


def align(rows: Sequence[Array], shared: int) -> Alignment:
    """Fit on embedded normals, one (n, w_m) a modality; rows with a modality missing (NaN) take no part.

    One modality is its own shared space: its whitened principal components. Where too few samples were seen by all,
    the maps are those of each modality alone, and disagreement means nothing: `paired` tells beforehand.
    """
    joint = paired(rows)
    enough = int(joint.sum()) > ROWS_PER_COMPONENT
    reduced, maps, centres = [], [], []
    for values in rows:
        use: Array = values[joint] if enough else values[_whole(values)]
        centre = use.mean(axis=0, dtype=np.float64)
        _, spread, axes = np.linalg.svd(use - centre, full_matrices=False)
        k = max(1, min(shared, len(use) // ROWS_PER_COMPONENT, int((spread > 1e-9).sum())))
        variance = spread[:k] ** 2 / max(len(use) - 1, 1)
        whitening = axes[:k].T / np.sqrt(variance + RIDGE * variance[0])
        maps.append(whitening)
        centres.append(centre.astype(np.float32))
        reduced.append((use - centre) @ whitening)
    if len(rows) > 1 and enough:
        _, _, right = np.linalg.svd(np.concatenate(reduced, axis=1), full_matrices=False)
        cuts = np.cumsum([one.shape[1] for one in reduced])[:-1]
        maps = [weights @ part.T for weights, part in zip(maps, np.split(right, cuts, axis=1), strict=True)]
    width = min(shared, *(weights.shape[1] for weights in maps))
    return Alignment(tuple(weights[:, :width].astype(np.float32) for weights in maps), tuple(centres))


def paired(rows: Sequence[Array]) -> NDArray[np.bool_]:
    """(n,) the samples that every modality has seen."""
    return np.asarray(np.stack([_whole(values) for values in rows]).all(axis=0), np.bool_)


def _whole(values: Array) -> NDArray[np.bool_]:
    """(n,) rows without NaN."""
    return np.asarray(np.isfinite(values).all(axis=1), np.bool_)
