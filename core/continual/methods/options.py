"""What distinguishes one continual method from another: every method is a setting of the same loop. Free of torch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, ValidationError

from core.continual.learnerconfig import LearnerConfig
from core.errors import UserError
from core.validation import place, remedy

Rehearsal = Literal["none", "memory", "everything", "scratch"]
Retention = Literal["uniform", "utility", "balanced"]
Transform = Literal["none", "dynamics", "sgld"]


class Learner(LearnerConfig):
    """Options of the loop: those shared by a comparison, then what the registry sets for a method. The defaults of the
    latter are those of experience replay."""

    shared: int = Field(8, ge=1, le=64, title="Shared coordinates", description="of the aligned modalities")

    # Memory.
    rehearsal: Rehearsal = Field("memory", title="Rehearsal")
    retention: Retention = Field("uniform", title="Retention")
    sharpness: float = Field(4.0, ge=0, title="Sharpness k", description="weight exp(k U) of a sample to be kept")
    normal_quota: float = Field(0.0, ge=0, le=1, title="Quota of normals", description="least share of the memory")
    concept_quota: float = Field(0.0, ge=0, le=1, title="Quota of each concept", description="least share each")
    short_share: float = Field(0.0, ge=0, lt=1, title="Short-term share", description="of the memory, by recency")
    selection: Literal["uniform", "interference"] = Field("uniform", title="Selection for replay")
    candidates: int = Field(4, ge=1, title="Candidates", description="per replayed sample, of interference selection")
    logit_weight: float = Field(0.0, ge=0, title="Logit weight α", description="of matching remembered outputs")
    label_weight: float = Field(1.0, ge=0, title="Label weight β", description="of the replayed labels")
    epochs: int = Field(60, ge=1, title="Epochs", description="of a training from scratch")

    # Transformation of what is replayed.
    transform: Transform = Field("none", title="Transformation")
    adaptive: Literal["langevin", "diffusion_only"] = Field("langevin", title="Form of the diffusion")
    raw_too: bool = Field(False, title="Replay the unchanged samples too")
    evolved_weight: float = Field(1.0, ge=0, title="Weight of transformed samples")

    # Value.
    utility: Literal["constant", "value"] = Field("constant", title="Utility")
    rarity_weight: float = Field(1.0, ge=0, title="Weight of rarity β")
    severity_weight: float = Field(1.5, ge=0, title="Weight of severity γ")
    gradient_weight: float = Field(0.5, ge=0, title="Weight of the gradient η")
    tail_weight: float = Field(0.0, ge=0, title="CVaR weight λ")
    tail_level: float = Field(0.95, ge=0, lt=1, title="CVaR level")
    divergence_weight: float = Field(0.0, ge=0, title="Jensen-Shannon weight")


def complete(overrides: Mapping[str, Any]) -> Learner:
    """Options from what is given. UserError for an unknown key or an impossible value, with its name."""
    try:
        return Learner(**overrides)
    except ValidationError as error:
        first = error.errors()[0]
        name = place(first)
        known = name in Learner.model_fields
        raise UserError(
            f"«{name}»: {remedy(first)}" if known else f"The learner has no option «{name}»",
            "learner",
            "Correct its value" if known else "Options are: " + ", ".join(Learner.model_fields),
        ) from error
