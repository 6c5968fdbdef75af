"""Settings of the learners: one set for all methods of a run, so that they differ in nothing but what they are.

What a method changes is in ``methods/registry.py``; defaults come from the design note.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from core.continual.methods.names import known

Method = Annotated[str, AfterValidator(known)]  # a name of the registry; UserError otherwise


class LearnerConfig(BaseModel):
    """Network, memory, transformation and losses."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    hidden: int = Field(64, ge=4, le=1024, title="Hidden units")
    learning_rate: float = Field(3e-3, gt=0, le=1, title="Learning rate", description="of Adam")
    memory_bytes: int = Field(50_000, ge=1, title="Memory", description="bytes of everything that a method keeps")
    replay: int = Field(32, ge=1, le=4096, title="Samples replayed in a step")
    horizon: float = Field(0.05, ge=0, le=1, title="Horizon T0 of the transformation")
    sigma: float = Field(0.25, ge=0, le=5, title="Diffusion sigma0")
    kappa: float = Field(1.8, ge=0, le=20, title="Growth of sigma with the Hellinger distance")
