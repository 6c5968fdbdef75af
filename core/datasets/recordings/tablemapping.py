"""What the columns of a table mean: guessed, corrected by a person, remembered for tables with the same header."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from core.datasets.series import Kind

TimeFormat = Literal["text", "s", "ms", "us", "ns", "number", "cycle"]


class TableMapping(BaseModel):
    """The columns of a table, by name. ``model_dump_json`` and ``model_validate_json`` take it to disk and back.

    The first four fields are for text only. Without ``time``, steps are counted; without ``unit``, a file is one
    recording.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    separator: str = Field(",", min_length=1, max_length=1)
    decimal: Literal[".", ","] = "."
    encoding: str = "utf-8"
    header: bool = Field(True, description="the first line names the columns")

    time: str | None = None
    time_format: TimeFormat = Field(
        "text",
        description="text: dates; s, ms, us, ns: since 1970; number: seconds from any origin; cycle: a count",
    )
    date_pattern: str | None = Field(None, description="as in strptime; None: ISO 8601")
    zone: str = Field("UTC", description="where dates were written that do not say it themselves")
    unit: str | None = Field(None, description="which machine or run a row belongs to")
    label: str | None = Field(None, description="whether a row is anomalous")
    normal_label: str | None = Field(None, description="the label of normal rows; None: 0, normal and alike")
    sensors: tuple[str, ...] = Field(min_length=1)
    conditions: tuple[str, ...] = ()
    train_share: float = Field(
        0.5, gt=0, lt=1, description="of the units where there are many, else of each one's steps"
    )
    train_until: str | None = Field(None, description="train before this date or time, instead of a share")
    kind: Kind = "series"

    @field_validator("encoding")
    @classmethod
    def _known(cls, encoding: str) -> str:
        try:
            "".encode(encoding)
        except LookupError:
            raise ValueError(f"there is no encoding {encoding}") from None
        return encoding

    @model_validator(mode="after")
    def _each_column_once(self) -> Self:
        used = [*self.sensors, *self.conditions, *(c for c in (self.time, self.unit, self.label) if c is not None)]
        twice = sorted({column for column in used if used.count(column) > 1})
        if twice:
            raise ValueError(f"the column {twice[0]} is given two meanings")
        return self


@dataclass(frozen=True)
class Guess:
    """A mapping to begin with, and a sentence for each thing that was assumed."""

    mapping: TableMapping
    reasons: tuple[str, ...]
