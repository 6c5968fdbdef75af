"""What a live feed is asked to be: its source, its detectors, and when it raises an alarm."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from core.errors import UserError
from core.settings import settings
from core.streaming.rule import ENSEMBLE, Rule
from core.validation import refused

SPEEDS = (1.0, 10.0, 100.0, 1000.0)
SHORT_NAMES = {"series-vae": "vae"}  # what the interface calls a detector, where that is not its own name
Speed = Annotated[float, Field(gt=0, le=1e6)] | Literal["max"]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ReplaySource(_Part):
    """Recordings of the workspace, played back."""

    kind: Literal["replay"] = "replay"
    dataset_id: str = Field(description="id of a dataset of recordings")
    units: list[str] = Field(default_factory=list, max_length=1000, description="names; empty: the test recordings")
    loop: bool = Field(False, description="begin again after the last unit")


class FileSource(_Part):
    """A CSV or JSONL file on the server that grows."""

    kind: Literal["file"] = "file"
    path: str = Field(min_length=1, max_length=4096, description="absolute, below one of FAULTLINE_ALLOWED_ROOTS")


class PushSource(_Part):
    """Samples sent to POST /api/samples."""

    kind: Literal["push"] = "push"


class FeedSpec(_Part):
    """A live feed. The false-alarm ``rate`` is promised for each step of normal running."""

    source: ReplaySource | FileSource | PushSource = Field(discriminator="kind")
    models: list[str] = Field(min_length=1, max_length=8, description="ids of models trained on the same sensors")
    speed: Speed = Field(1.0, description="of a replay, relative to real time; «max» for as fast as can be")
    rate: float = Field(1e-3, gt=1e-9, le=0.1, description="false-alarm rate promised for each step")
    threshold: Literal["fixed", "adaptive"] = Field("fixed", description="adaptive: follows each machine's quiet steps")
    decides: str = Field(ENSEMBLE, description="whose score raises alarms: «ensemble» or one detector")
    gap: int = Field(30, ge=1, le=10_000, description="quiet steps that part two alarms")
    half_life: int = Field(50, ge=1, le=10_000, description="of the smoothing behind the health, in steps")

    def rule(self) -> Rule:
        return Rule(self.rate, self.threshold, self.decides, self.gap, self.half_life)


def checked(value: Any) -> FeedSpec:
    """The specification, or a UserError that says in a sentence what is wrong with it."""
    try:
        return FeedSpec.model_validate(value)
    except ValidationError as error:
        found = refused(error, value, "its specification")
        raise UserError(f"The feed cannot be started: {found.what}", found.where, found.remedy) from None


def speed_of(value: Any) -> float:
    """A speed as a number, inf for «max». UserError for what is none."""
    if value == "max":
        return math.inf
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value <= 1e6:
        return float(value)
    raise UserError("That is no speed", str(value)[:40], "Give a number above 0, such as 10, or «max»")


def allowed_file(typed: str) -> Path:
    """The file to follow, which need not be there yet. UserError outside the allowed folders."""
    path = Path(typed)
    resolved = path.resolve()
    roots = [root.resolve() for root in settings().allowed_roots]
    if not path.is_absolute() or not any(resolved.is_relative_to(root) for root in roots):
        listed = ", ".join(map(str, roots))
        raise UserError(
            "This file lies outside the folders that may be read",
            typed[:200],
            f"Give an absolute path below {listed}, or let FAULTLINE_ALLOWED_ROOTS name more",
        )
    if not resolved.parent.is_dir():
        raise UserError("There is no such folder on the server", str(resolved.parent), "Check the spelling")
    return resolved


def shown_names(detectors: Iterable[str]) -> list[str]:
    """What each model is called in the feed: its detector, with a number where one comes again."""
    found: list[str] = []
    seen: Counter[str] = Counter()
    for detector in detectors:
        seen[detector] += 1
        name = SHORT_NAMES.get(detector, detector)
        found.append(name if seen[detector] == 1 else f"{name}-{seen[detector]}")
    return found
