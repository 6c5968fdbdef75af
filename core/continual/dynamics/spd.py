"""Images: a flow on symmetric positive definite covariance descriptors, in log-Euclidean coordinates.

``S = log C`` maps the cone of SPD matrices onto a flat space, and ``v = vec(S)`` with off-diagonals times sqrt(2) is an
isometry to R^(d (d + 1) / 2) (Arsigny et al., Magn. Reson. Med. 56, 2006). Geodesics are straight lines there, the
Frechet mean is the mean, and a diffusion of v is a geometric flow: its noise is a Gaussian orthogonal ensemble, and
``C = exp(S)`` is SPD however large a step was. The matrix logarithm is taken once, when a sample is stored.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from core.continual.dynamics.contract import register
from core.continual.dynamics.langevin import Diffusion
from core.continual.types import Array, Modality
from core.errors import UserError

Floats = NDArray[np.float64]
SHRINKAGE = 1e-6  # of the mean eigenvalue, added to the diagonal: a region of one colour is still positive definite


def logarithm(matrices: Floats) -> Floats:
    """Matrix logarithms of SPD matrices (n, d, d). UserError where one is not positive definite."""
    values, vectors = np.linalg.eigh(matrices)
    if (values <= 0).any():
        raise UserError("A covariance is not positive definite", "image descriptor", "Use regions of more pixels")
    return np.asarray((vectors * np.log(values)[:, None]) @ vectors.transpose(0, 2, 1))


def exponential(matrices: Floats) -> Floats:
    """Matrix exponentials of symmetric matrices (n, d, d); SPD."""
    values, vectors = np.linalg.eigh(matrices)
    return np.asarray((vectors * np.exp(values)[:, None]) @ vectors.transpose(0, 2, 1))


def vectorise(symmetric: Floats) -> Floats:
    """(n, d, d) to (n, d (d + 1) / 2), an isometry: off-diagonal entries stand twice in a matrix."""
    d = symmetric.shape[1]
    i, j = np.triu_indices(d)
    return np.asarray(symmetric[:, i, j] * np.where(i == j, 1.0, np.sqrt(2.0)))


def matricise(vectors: Floats) -> Floats:
    """Back from `vectorise`."""
    n, size = vectors.shape
    d = int((np.sqrt(8 * size + 1) - 1) / 2)
    i, j = np.triu_indices(d)
    found = np.zeros((n, d, d))
    found[:, i, j] = vectors / np.where(i == j, 1.0, np.sqrt(2.0))
    found[:, j, i] = found[:, i, j]
    return found


def log_euclidean(first: Floats, second: Floats) -> Floats:
    """(n,) distances ``||log A - log B||_F`` of SPD matrices (n, d, d)."""
    return np.asarray(np.sqrt(((logarithm(first) - logarithm(second)) ** 2).sum(axis=(1, 2))))


@register
class SpdFlow(Diffusion):
    """Covariances of pixel features, (n, d, d)."""

    name: ClassVar[Modality] = "image"

    @property
    def stored(self) -> int:
        d = self.shape[0]
        return d * (d + 1) // 2

    def encode(self, raw: Array) -> Array:
        found = np.full((len(raw), self.stored), np.nan, np.float32)
        present = np.isfinite(raw).all(axis=(1, 2))
        matrices = raw[present].astype(np.float64)
        matrices = (matrices + matrices.transpose(0, 2, 1)) / 2
        trace = np.trace(matrices, axis1=1, axis2=2)[:, None, None]
        d = self.shape[0]
        found[present] = vectorise(logarithm(matrices + SHRINKAGE * trace / d * np.eye(d)))
        return found

    def decode(self, rows: Array) -> Floats:
        """Rows (n, stored) back to covariances (n, d, d)."""
        return exponential(matricise(rows.astype(np.float64)))
