"""Integrated gradients of detectors that are differentiable (Sundararajan et al., Axiomatic Attribution, ICML 2017).

The gradients of the score along the straight way from a baseline to the window add up to the difference of their
scores, if the way was cut finely enough. How nearly they do is measured every time, and what misses it by more than
5 % is refused.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from core.datasets.wording import percent
from core.detectors.series.contract import Signal
from core.explain.ranking import Ranking
from core.explain.stretch import Stretch, filled

if TYPE_CHECKING:
    from torch import Tensor

STEPS = (32, 128, 512)  # pieces of the way, finer until the gradients add up
REFUSED_ABOVE = 0.05
PROBES = 4  # windows explained: the highest of those probed
BATCH = 512  # windows in a pass


@runtime_checkable
class Differentiable(Protocol):
    """A detector whose score is a torch function."""

    def torch_score(self, windows: Tensor) -> Tensor:
        """(b, t, d) windows to (b,) *now* scores of their last steps."""


@runtime_checkable
class Redrawing(Protocol):
    """A detector that draws what it would have expected."""

    def reconstruct(self, windows: Signal) -> Signal:
        """(b, ``delay`` + 1, d) windows redrawn, in scaled units."""


def integrated_gradients(stretch: Stretch) -> Ranking | None:
    """Blame of the sensors, summed over the steps of the highest windows; None for a detector without gradients.

    The baseline is the detector's own redrawing of the window, or the training median where it redraws none.
    """
    detector = stretch.member.detector
    if not isinstance(detector, Differentiable):
        return None
    started = time.perf_counter()
    now = stretch.now[stretch.probed]
    windows = filled(stretch.windows[np.argsort(-now, kind="stable")[:PROBES]])
    baseline, name = _baseline(detector, windows, detector.delay + 1)
    for steps in STEPS:
        blame, missing = _attributed(detector, windows, baseline, steps)
        if missing <= REFUSED_ABOVE:
            break
    note = f"from {name}, {steps} steps, completeness missed by {percent(missing, 1)}"
    refused = None
    if missing > REFUSED_ABOVE:
        refused = (
            f"The gradients miss the score they should add up to by {percent(missing, 0)}, more than "
            f"{percent(REFUSED_ABOVE, 0)}."
        )
    seconds = time.perf_counter() - started
    return Ranking(
        "gradients", blame, "share of the score's rise from the baseline", seconds, note=note, refused=refused
    )


def _baseline(detector: object, windows: Signal, length: int) -> tuple[Signal, str]:
    if not isinstance(detector, Redrawing):
        return np.zeros_like(windows), "the training median"
    baseline = windows.copy()
    baseline[:, -length:] = detector.reconstruct(windows[:, -length:])
    return baseline, "the window as redrawn"


def _attributed(
    detector: Differentiable, windows: Signal, baseline: Signal, steps: int
) -> tuple[NDArray[np.float64], float]:
    """(d,) summed over windows and steps, and the share of the scores' difference that they miss."""
    import torch
    from captum.attr import IntegratedGradients

    inputs, origin = torch.from_numpy(windows), torch.from_numpy(baseline.astype(np.float32))
    found, delta = IntegratedGradients(detector.torch_score).attribute(
        inputs, origin, n_steps=steps, internal_batch_size=BATCH, return_convergence_delta=True
    )
    with torch.no_grad():
        rise = detector.torch_score(inputs) - detector.torch_score(origin)
    missing = float(delta.abs().sum()) / max(float(rise.abs().sum()), 1e-12)
    return found.detach().numpy().astype(np.float64).sum(axis=(0, 1)), missing
