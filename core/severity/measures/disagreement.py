"""When measures disagree about a part, and the likely reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

RISE = 0.05  # of the part: a measure that rose by so much says that the part changed
STEADY = 0.01  # a measure that rose by less says that it did not


def rises(values: Mapping[str, Sequence[float]]) -> dict[str, float]:
    """How much each area measure rose from its first value to the mean of its last two; values in order of time."""
    risen = {}
    for name, series in values.items():
        known = np.array([value for value in series if np.isfinite(value)])
        if len(known) >= 2:
            risen[name] = float(known[-2:].mean() - known[0]) if len(known) > 2 else float(known[1] - known[0])
    return risen


def peak(series: Sequence[float]) -> float:
    """How far a measure ever rose above its first value."""
    known = np.array([value for value in series if np.isfinite(value)])
    return float(known.max() - known[0]) if len(known) else 0.0


def disagreement(values: Mapping[str, Sequence[float]], *, dark: bool) -> tuple[str, ...]:
    """Sentences on how the measures of one part contradict each other; none where they agree.

    ``values`` holds each measure's fractions in order of time. ``dark`` says that the part's surface is black or nearly
    so, which hides the colour of thin rust.
    """
    risen = rises(values)
    colour, zinc = risen.get("colour"), risen.get("zinc")
    surface = [name for name in ("memory", "texture") if risen.get(name, 0.0) >= RISE]
    said = []
    if colour is not None and colour < STEADY and surface:
        seen = " and ".join({"memory": "the look", "texture": "the roughness"}[name] for name in surface)
        if zinc is not None and zinc >= RISE:
            said.append(
                f"Colour sees no red rust, but {seen} changed and pale deposits grew: zinc corrodes white first."
            )
        elif dark:
            said.append(f"Colour sees no rust, but {seen} changed: on a black coating colour is blind to thin rust.")
        else:
            said.append(f"Colour sees no rust, but {seen} changed: handling, dirt, light or pose may be the reason.")
    if colour is not None and colour >= RISE and "texture" in risen and risen["texture"] < STEADY:
        if peak(values["texture"]) < STEADY:
            said.append(
                "Colour sees rust, but the roughness is unchanged: a film or stain of rust, or a change of lamp."
            )
        else:
            said.append(
                "Colour sees rust; the roughness rose and fell back, as where rust covers all that it looks at."
            )
    if colour is not None and colour >= RISE and "memory" in risen and risen["memory"] < STEADY:
        said.append("Colour sees rust, but the look is unchanged: compare the photographs before acting on it.")
    return tuple(said)
