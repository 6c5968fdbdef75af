"""The code of the stretch: which of its numbers are unusual, and which of them the score hangs on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from core.detectors.series.contract import Signal
from core.explain.reference import Reference
from core.explain.stretch import Stretch, filled

MAPPED = 512  # normal windows on the map


@runtime_checkable
class Encoding(Protocol):
    """A detector with a code z of the last ``delay`` + 1 steps of a window."""

    def latents(self, windows: Signal) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """(b, ``delay`` + 1, d) to means and log-variances (b, k)."""

    def kl_per_latent(self, windows: Signal) -> NDArray[np.float32]:
        """(b, ``delay`` + 1, d) to nats (b, k)."""

    def latent_slopes(self, windows: Signal) -> NDArray[np.float32]:
        """(b, ``context``, d) to d score / d z (b, k), at the mean of the code."""


@dataclass(frozen=True, eq=False)
class LatentView:
    """Per number of the code, (k,): ``kl`` nats in the stretch's windows (mean), ``kl_usual`` in normal windows,
    ``slope`` mean absolute d score / d z, and ``shift`` from its normal mean in its normal spread.

    ``points`` (m, 2) are normal windows and ``path`` (p, 2) the stretch's probed windows, in order of time, on the two
    directions in which normal codes vary most; ``explained`` is the share of their variance on the map.
    """

    kl: NDArray[np.float64]
    kl_usual: NDArray[np.float64]
    slope: NDArray[np.float64]
    shift: NDArray[np.float64]
    points: NDArray[np.float64]
    path: NDArray[np.float64]
    explained: float


def latent_view(stretch: Stretch, reference: Reference) -> LatentView | None:
    """None for a detector without a code."""
    detector = stretch.member.detector
    if not isinstance(detector, Encoding):
        return None
    length = detector.delay + 1
    whole = filled(stretch.windows)
    windows, normal = whole[:, -length:], reference.windows(length, MAPPED)[0]
    codes, usual = detector.latents(windows)[0].astype(float), detector.latents(normal)[0].astype(float)
    centre, spread = usual.mean(axis=0), usual.std(axis=0)
    _, sizes, directions = np.linalg.svd(usual - centre, full_matrices=False)
    plane = directions[:2].T
    variances = sizes**2
    return LatentView(
        kl=detector.kl_per_latent(windows).mean(axis=0, dtype=float),
        kl_usual=detector.kl_per_latent(normal).mean(axis=0, dtype=float),
        slope=np.abs(detector.latent_slopes(whole)).mean(axis=0, dtype=float),
        shift=(codes.mean(axis=0) - centre) / np.maximum(spread, 1e-6),
        points=(usual - centre) @ plane,
        path=(codes - centre) @ plane,
        explained=float(variances[:2].sum() / max(variances.sum(), 1e-12)),
    )
