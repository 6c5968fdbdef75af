"""What the detector would have expected to read: drawn over the signals."""

from __future__ import annotations

import numpy as np

from core.detectors.series.contract import Signal
from core.detectors.series.windows import StepMeans, Windows
from core.explain.gradients import Redrawing
from core.explain.reference import Reference
from core.explain.stretch import Stretch, filled

BLOCK = 1024  # windows redrawn at a time


def expected(stretch: Stretch, reference: Reference) -> tuple[Signal, str]:
    """(m, d) scaled readings in place of ``stretch.values``, and where they come from: the mean of all windows over a
    step as the detector redraws them or, for one that redraws none, what the other sensors at the step let expect."""
    detector = stretch.member.detector
    values = filled(stretch.values)
    if not isinstance(detector, Redrawing):
        return reference.expected(values).astype(np.float32), "by the other sensors at the same step"
    length, width = detector.delay + 1, stretch.width
    windows, means = Windows(length), StepMeans(length, width)
    found = [
        means.push(detector.reconstruct(windows.push(values[a : a + BLOCK]))) for a in range(0, len(values), BLOCK)
    ]
    return np.concatenate([*found, means.close()]).astype(np.float32), "redrawn by the detector"
