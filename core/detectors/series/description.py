"""What a saved model over time says about itself: cheap to read, and checked, for it may come from a stranger."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from core.datasets.series import Kind, Sensor, TimeUnit
from core.errors import UserError
from core.features.signals.front_end import FrontEnd

FILE = "model.json"
REMEDY = "Train it again or upload it again"


class Description(BaseModel):
    """Everything about a ``SeriesModel`` but its members themselves, which are named."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    sensors: tuple[Sensor, ...]
    raw_sensors: tuple[Sensor, ...]
    kind: Kind
    time_unit: TimeUnit
    rate: float | None = Field(gt=0)
    raw_rate: float | None = Field(gt=0)
    frontend: FrontEnd
    members: tuple[str, ...] = Field(min_length=1)
    refused: dict[str, str] = Field(default_factory=dict, description="machines that could not be learned, and why")

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if list(self.members) != sorted(set(self.members)):
            raise ValueError("the members are not in order, or named twice")
        if self.frontend.kind != "none" and self.raw_rate is None:
            raise ValueError("raw signals without a sampling rate")
        return self

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Of the model in ``folder``. UserError where there is none, or one that cannot be trusted."""
        try:
            return cls.model_validate_json((folder / FILE).read_bytes())
        except (OSError, ValidationError):
            raise UserError("The model's description is missing or damaged", str(folder), REMEDY) from None

    def write(self, folder: Path) -> None:
        """Into an existing folder."""
        (folder / FILE).write_text(self.model_dump_json(), encoding="utf-8")

    @property
    def columns(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Of ``sensors``: those that are judged, and the conditions."""
        places = {
            role: tuple(i for i, sensor in enumerate(self.sensors) if sensor.role == role)
            for role in ("signal", "condition")
        }
        return places["signal"], places["condition"]
