"""How a drift comes over time: the amount of it, 0 to 1, at each step (Gama et al., A Survey on Concept Drift
Adaptation, ACM Computing Surveys 46, 2014)."""

from __future__ import annotations

from typing import Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

Shape = Literal["abrupt", "gradual", "incremental", "recurring", "none"]


class Drift(BaseModel):
    """What drifts, how it comes, and how far. ``width`` and ``period`` are in steps."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: str = Field(title="Kind")
    shape: Shape = Field("abrupt", title="Course over time")
    magnitude: float = Field(1.0, ge=-3, le=3, title="Size, in the kind's own unit")
    width: int = Field(50, ge=1, title="Steps until a gradual or incremental drift is complete")
    period: int = Field(100, ge=2, title="Steps from one coming of a recurring drift to the next")

    @field_validator("kind")
    @classmethod
    def _known(cls, kind: str) -> str:
        from core.drift.scenarios.registry import SCENARIOS

        if kind not in SCENARIOS:
            raise ValueError(f"there is no drift «{kind}»; choose one of {', '.join(SCENARIOS)}")
        return kind

    @model_validator(mode="after")
    def _some(self) -> Self:
        if self.magnitude == 0:
            raise ValueError("a drift of magnitude 0 is none: take the shape «none»")
        return self


def amounts(drift: Drift, since: ArrayLike, generator: np.random.Generator) -> NDArray[np.float64]:
    """The amount in [0, 1] for each sample, ``since`` steps after the onset (negative: before it, always 0).

    ``abrupt`` is all at once; ``incremental`` grows evenly over ``width``; ``gradual`` mixes old and new samples, the
    chance of a new one rising from 2 to 98 % over ``width``; ``recurring`` comes and goes every half ``period``.
    """
    steps = np.asarray(since, np.float64)
    begun = steps >= 0
    if drift.shape == "none":
        return np.zeros(steps.shape)
    if drift.shape == "abrupt":
        return begun.astype(np.float64)
    if drift.shape == "incremental":
        return np.clip((steps + 1) / drift.width, 0.0, 1.0)
    if drift.shape == "recurring":
        return (begun & (np.mod(steps, drift.period) < drift.period / 2)).astype(np.float64)
    chance = 1 / (1 + np.exp(-8 * np.clip(steps / drift.width - 0.5, -4, 4)))
    return (begun & (generator.random(steps.shape) < chance)).astype(np.float64)
