"""Do labels stay true under a drift of this stream? Asked of every drift when the stream is made."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.continual.config import TaskDrift
from core.continual.drifting import view_of
from core.continual.source import described
from core.continual.tasks import TaskWorld
from core.continual.types import View
from core.drift.scenarios.neutrality import FOLDS, Neutrality, neutrality

NORMALS, OF_EACH = 150, 50  # samples that the oracle sees
VISIBLE = 0.7  # AUROC from which a fault can be seen in this modality at all


def label_check(world: TaskWorld, drift: TaskDrift) -> str:
    """A sentence on the fault that a drift hides most, among those that can be seen in the modality that drifts."""
    view = view_of(drift.kind)
    if view not in world.source.describe:
        return "nothing here drifts"
    found: dict[int, Neutrality] = {}
    for fault in world.source.faults("probe")[1:]:
        counts = (world.at_most("probe", 0, NORMALS), world.at_most("probe", int(fault), OF_EACH))
        if min(counts) >= FOLDS:
            classes = np.repeat([0, fault], counts)
            drawn = world.source.draw(classes, "probe", np.random.default_rng([world.seed, 12, int(fault)]))
            changed = world.drifting.applied(drift, drawn.raw, classes, np.full(len(classes), drift.magnitude), [])
            rows = [
                _rows(view, described({view: world.source.describe[view]}, raw)[view]) for raw in (drawn.raw, changed)
            ]
            one = neutrality(rows[0], rows[1], classes > 0)
            if one.clean >= VISIBLE:
                found[int(fault)] = one
    if not found:
        return "no fault can be told in this modality, or there are too few samples to ask"
    worst = min(found.values(), key=lambda one: -one.drop)
    figures = f"AUROC of an oracle on the fault hidden most: {worst.clean:.3f} before, {worst.drifted:.3f} after"
    return f"labels stay true ({figures})" if worst.neutral else f"labels do not stay true, it hides faults ({figures})"


def _rows(view: View, values: NDArray[np.float32]) -> NDArray[np.float64]:
    """Descriptors as vectors in which differences mean something: logarithms of matrices and of counts."""
    found = values.astype(np.float64)
    if view == "image":
        levels, axes = np.linalg.eigh(found)
        found = (axes * np.log(np.maximum(levels, 1e-9))[:, None]) @ axes.transpose(0, 2, 1)
        upper = np.triu_indices(found.shape[-1])
        return np.asarray(found[:, upper[0], upper[1]])
    flat = found.reshape(len(found), -1)
    return np.log1p(flat) if view == "log" else flat
