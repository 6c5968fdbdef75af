"""What a drift monitor says: in figures, and in words."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

Verdict = Literal["watching", "steady", "anomaly", "suspected", "drift"]
ViewName = Literal["input", "bulk", "latent"]
VIEW_WORDS: dict[ViewName, str] = {"input": "sensors", "bulk": "bulk of the score", "latent": "code of the network"}


@dataclass(frozen=True)
class Moved:
    """A sensor that moved for good: by ``shift`` of its usual spreads, its spread within a block times ``ratio``.
    ``p`` is the smaller of both tests, corrected for all sensors. ``since``: number and time of the step at which the
    change began, as far as the blocks that are kept can tell."""

    sensor: str
    shift: float
    ratio: float
    p: float
    since_step: int
    since_time: float


@dataclass(frozen=True)
class View:
    """One of the three ways to look. ``p``: chance of so large a difference without drift, in the last test;
    ``drifted``: it was small in several blocks in a row; ``suspected``: a quick detector has spoken lately.
    ``figure``: standardised shift of the median surprise (bulk), nats of the codes' distribution from the usual one
    (latent), the largest shift of a sensor (input)."""

    name: ViewName
    p: float
    figure: float
    suspected: bool
    drifted: bool
    since_step: int | None
    since_time: float | None


@dataclass(frozen=True)
class DriftState:
    """``blocks`` of ``block`` steps so far; no verdict but ``watching`` before there are ``window`` of them.
    ``confirmed``: two views agree, which is what retraining waits for. ``unusual``: blocks of the window in which
    alarms came in numbers. ``silent``: sensors without readings in most of the window; ``unjudged``: those that swing
    too slowly for the reference. ``views`` has no ``latent`` where the detector has no code."""

    verdict: Verdict
    confirmed: bool
    block: int
    window: int
    blocks: int
    steps: int
    unusual: int
    views: tuple[View, ...]
    moved: tuple[Moved, ...]
    silent: tuple[str, ...]
    unjudged: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        return asdict(self) | {"words": self.words()}

    def words(self) -> str:
        """The verdict as a sentence or two."""
        return " ".join([_SENTENCES[self.verdict](self), *_remarks(self)])


def _watching(state: DriftState) -> str:
    return f"Too early to tell: {state.blocks} of {state.window} blocks of {state.block} steps have been seen."


def _steady(state: DriftState) -> str:
    return f"No drift: the last {state.window} blocks of {state.block} steps are like normal running."


def _anomaly(state: DriftState) -> str:
    return (
        f"Short anomaly, no drift: {_counted(state.unusual, 'block')} of the last {state.window} with alarms, while "
        + ("the bulk is as usual.")
    )


def _suspected(state: DriftState) -> str:
    views = " and the ".join(VIEW_WORDS[view.name] for view in state.views if view.suspected)
    return f"Perhaps drift: the {views} may have moved, but it has not lasted long enough to tell from a fault."


def _drift(state: DriftState) -> str:
    drifted = [view for view in state.views if view.drifted]
    starts = [view.since_step for view in drifted if view.since_step is not None]
    since = f" since step {min(starts):,}" if starts else ""
    if state.moved:
        names = ", ".join(_one(moved) for moved in state.moved[:3])
        more = f" and {len(state.moved) - 3} more" if len(state.moved) > 3 else ""
        return f"The machine drifted: {_counted(len(state.moved), 'sensor')} moved{since}: {names}{more}."
    views = " and the ".join(VIEW_WORDS[view.name] for view in drifted)
    return f"The machine drifted: the {views} moved{since}, and no single sensor explains it."


_SENTENCES = {
    "watching": _watching, "steady": _steady, "anomaly": _anomaly, "suspected": _suspected, "drift": _drift,
}  # fmt: skip


def _one(moved: Moved) -> str:
    if abs(moved.shift) >= 0.1:
        return f"{moved.sensor} ({moved.shift:+.1f} usual spreads)"
    return f"{moved.sensor} ({moved.ratio:.2g} times its usual stir)"


def _remarks(state: DriftState) -> list[str]:
    found = []
    if state.verdict == "drift":
        found.append(
            "Two views agree: retraining is worth a try." if state.confirmed else "Only one view of it, so far."
        )
    if not any(view.name == "latent" for view in state.views):
        found.append("This detector has no latent code to watch.")
    if state.silent:
        found.append(f"Without readings: {', '.join(state.silent[:5])}.")
    if state.unjudged:
        found.append(f"Not judged, too slow for the reference: {', '.join(state.unjudged[:5])}.")
    return found


def _counted(n: int, word: str) -> str:
    return f"{n} {word}{'' if n == 1 else 's'}"
