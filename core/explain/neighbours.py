"""The normal window most like the one to be explained: what should it have looked like?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from core.detectors.series.contract import Signal
from core.explain.reference import CLIP, Place, Reference
from core.explain.stretch import Stretch, filled

MOST = 4096  # normal windows compared with
CHUNK = 256


@runtime_checkable
class Coding(Protocol):
    """A detector that describes a window by a few numbers."""

    def latents(self, windows: Signal) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """(b, ``delay`` + 1, d) windows to means and log-variances (b, k) of their codes."""


@dataclass(frozen=True, eq=False)
class Neighbour:
    """``window`` and ``nearest`` are (t, d), scaled; ``window`` ends in the stretch's highest step (``last`` of the
    unit). ``distance`` is the root mean square difference in usual spreads, and ``usual`` what that is between a normal
    window and its own nearest one from elsewhere (median)."""

    window: Signal
    nearest: Signal
    place: Place
    last: int
    distance: float
    usual: float
    by: str


def nearest_normal(stretch: Stretch, reference: Reference) -> Neighbour:
    """By distance in the code where the detector has one, else in the readings."""
    detector = stretch.member.detector
    length = detector.delay + 1
    window = filled(stretch.windows[stretch.peak : stretch.peak + 1])[:, -length:]
    normal, places = reference.windows(window.shape[1], MOST)
    if isinstance(detector, Coding):
        codes, own = detector.latents(normal)[0], detector.latents(window)[0][0]
        best, by = int(((codes - own) ** 2).sum(axis=1).argmin()), "the code"
    else:
        best, by = int(_distances(normal, window[0]).argmin()), "the readings"
    some = np.linspace(0, len(normal) - 1, min(len(normal), 32)).astype(int)
    apart = np.array([[_apart(places[a], places[b], window.shape[1]) for b in range(len(normal))] for a in some])
    between = np.stack([_distances(normal, normal[a]) for a in some])
    own_nearest = np.where(apart, between, np.inf).min(axis=1)
    known = own_nearest[np.isfinite(own_nearest)]
    return Neighbour(
        window[0],
        normal[best],
        places[best],
        stretch.start + int(stretch.probed[stretch.peak]),
        float(_distances(normal[best : best + 1], window[0])[0]),
        float(np.median(known)) if len(known) else float("nan"),
        by,
    )


def _apart(one: Place, other: Place, length: int) -> bool:
    return one.unit != other.unit or abs(one.start - other.start) >= length


def _distances(windows: Signal, one: Signal) -> NDArray[np.float64]:
    """(b,) root mean square difference to (t, d), each reading cut off at ``CLIP`` spreads."""
    near = np.clip(one, -CLIP, CLIP)
    found = [
        ((np.clip(windows[a : a + CHUNK], -CLIP, CLIP) - near) ** 2).mean(axis=(1, 2), dtype=np.float64)
        for a in range(0, len(windows), CHUNK)
    ]
    return np.asarray(np.sqrt(np.concatenate(found)))
