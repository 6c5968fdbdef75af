"""What the interface answers with. Arrays run over steps, oldest first; what is not known is null."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from core.live.table import State

Numbers = list[float | None]


class Trend(BaseModel):
    """Theil-Sen slope of the health, in points per 1,000 steps, with its 95 % interval."""

    direction: Literal["falling", "steady", "rising", "unknown"]
    slope: float | None
    low: float | None
    high: float | None


class Cause(BaseModel):
    """A sensor to blame. ``share``: 0 to 1, the mean over detectors; ``by``: each detector's own share; ``deviation``:
    from its usual value, in usual spreads."""

    sensor: str
    share: float
    by: dict[str, float]
    deviation: float | None
    words: str


class Alarm(BaseModel):
    """Steps ``start`` to ``stop - 1``. ``peak`` is on the calibrated axis; ``detectors``: their highest surprise, of
    those above their own threshold; ``began``: wall clock, seconds since the epoch."""

    key: str
    unit: str
    machine: str
    start: int
    stop: int
    start_time: float
    stop_time: float
    steps: int
    open: bool
    peak: float
    peak_step: int
    peak_time: float
    detectors: dict[str, float]
    causes: list[Cause]
    began: float | None = None


class Unit(BaseModel):
    """A unit under watch. ``health``: 0 to 100, 100 at usual, 50 where the smoothed surprise stands at the limit."""

    unit: str
    machine: str
    steps: int
    time: float | None
    surprise: dict[str, float]
    limits: dict[str, float]
    peaks: dict[str, float]
    health: float
    health_lowest: float
    trend: Trend
    alarms: int
    alarm: str | None = Field(description="key of the alarm that is open")


class Feed(BaseModel):
    """The feed as a whole. ``behind``: steps that are due and not scored yet; ``tally``: what the source could not use
    as it came; ``refused``: units that no model can judge."""

    state: State
    error: str | None
    spec: dict[str, Any] | None
    speed: float | Literal["max"] | None
    detectors: list[str]
    sensors: list[str]
    steps: int
    seconds: float
    steps_per_second: float = Field(description="over the last seconds")
    behind: int
    tally: dict[str, int | str]
    refused: dict[str, str]
    units: list[Unit]


class SensorInfo(BaseModel):
    name: str
    unit: str | None


class SensorData(BaseModel):
    """The last readings of a unit; ``values`` by sensor."""

    unit: str | None
    state: State
    time_unit: str | None
    sensors: list[SensorInfo]
    step: list[int]
    time: Numbers
    values: dict[str, Numbers]


class Score(BaseModel):
    """A detector's score on the calibrated axis, -log10 p: 3 is reached by one normal step in a thousand."""

    score: float | None
    threshold: float | None
    alarm: bool
    title: str
    scores: Numbers
    thresholds: Numbers


class AnomalyScores(BaseModel):
    """One entry for each detector (``vae``, ``kalman``, ``arima``…) and ``ensemble``, beside what they share."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, Score] = Field(init=False)

    unit: str | None
    state: State
    axis: str = "-log10 p over normal steps"
    step: list[int]
    time: Numbers
    health: Numbers
    ensemble: Score


class Analysis(BaseModel):
    """Why a unit scores as it does: the causes of the last steps, of the open alarm, and of alarms before."""

    unit: str | None
    state: State
    causes: list[Cause]
    agreement: str
    alarm: Alarm | None
    alarms: list[Alarm]


class Extremes(BaseModel):
    """A whole run in a few hundred points: the k-th value covers ``stride`` steps from ``k * stride`` on."""

    stride: int
    steps: int
    low: dict[str, list[float]]
    high: dict[str, list[float]]


class CompletedUnit(BaseModel):
    """A unit seen to its end. ``lead_time``: from the start of its first alarm to its failure, in the feed's time unit,
    null where it did not fail. ``peaks`` on the calibrated axis."""

    id: int
    unit: str
    machine: str
    source: str
    finished_at: float
    steps: int
    start: float | None
    end: float | None
    failed: bool
    alarms: int
    first_alarm: float | None
    lead_time: float | None
    health: float
    health_lowest: float
    trend: Literal["falling", "steady", "rising", "unknown"]
    peaks: dict[str, float]


class CompletedUnits(BaseModel):
    units: list[CompletedUnit]


class UnitAnalysis(BaseModel):
    """A unit in full: ``live`` while it is under watch, ``completed`` and its curves afterwards."""

    live: Unit | None
    causes: list[Cause]
    completed: CompletedUnit | None
    curve: Extremes | None
    alarms: list[Alarm]
    alarms_left_out: int


class Accepted(BaseModel):
    """``waiting``: samples that the monitor has not taken yet."""

    accepted: int
    waiting: int


class Error(BaseModel):
    """One sentence: what is wrong, where, how to mend it."""

    error: str
