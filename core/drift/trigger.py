"""When drift is worth a new model."""

from __future__ import annotations

from dataclasses import dataclass

from core.drift.state import DriftState


@dataclass(frozen=True)
class Trigger:
    """``cooldown``: seconds from one attempt to the next. ``blocks``: of running since the drift began that a candidate
    needs to learn from."""

    cooldown: float = 3600.0
    blocks: int = 64

    def reason(self, state: DriftState, last: float | None, now: float) -> str | None:
        """Why a candidate should be trained now, None where it should not: two views have to agree, enough must have
        been seen since, and the last attempt, at ``last`` on the same clock as ``now``, must be long ago."""
        if not state.confirmed or (last is not None and now - last < self.cooldown):
            return None
        begun = self.since(state)
        if state.steps - begun < self.blocks * state.block:
            return None
        names = ", ".join(moved.sensor for moved in state.moved[:3])
        views = ", ".join(view.name for view in state.views if view.drifted)
        return f"drift since step {begun:,} in {views}" + (f": {names}" if names else "")

    @staticmethod
    def since(state: DriftState) -> int:
        """The step at which the latest of the views that drifted began to: from there on the running is new."""
        return max((view.since_step for view in state.views if view.since_step is not None), default=0)
