"""What a continual run is to do, as YAML: one file per dataset in ``assets/continual``, unknown keys refused.

name: plant
stream: {kind: plant, tasks: 4, steps: 200, setting: incremental, label_delay: 0, label_rate: 1.0}
drifts: [{kind: gain, shape: abrupt, task: 3, at: 0.5}]
methods: [er, scmt-like, dynamad]
seeds: [0, 1, 2]
learner: {memory_bytes: 50000}
severity: plant
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from core.continual.learnerconfig import LearnerConfig, Method
from core.continual.types import Setting
from core.drift.scenarios import SCENARIOS, Drift
from core.errors import UserError
from core.validation import place, remedy

Layers = Literal["2", "3", "2+3"]
MOST_SAMPLES = 600_000  # of a task: its samples are numbered
ASSETS = Path(__file__).resolve().parents[2] / "assets" / "continual"


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _StreamSpec(_Model):
    """What all streams have. Label settings are part of every result: full labels at once are a strong assumption."""

    steps: int = Field(200, ge=2, le=100_000, title="Steps of each task")
    batch: int = Field(16, ge=2, le=1024, title="Samples in a step")
    setting: Setting = Field("incremental", title="What is told about tasks")
    label_delay: int = Field(0, ge=0, le=10_000, title="Steps until a label is known")
    label_rate: float = Field(1.0, ge=0, le=1, title="Share of samples that are ever labelled")
    anomaly_share: float = Field(0.08, gt=0, lt=0.5, title="Share of anomalies in the stream")
    critical_share: float = Field(0.2, gt=0, lt=1, title="Share of the anomalies that are critical")
    probe_normal: int = Field(240, ge=20, le=20_000, title="Normals in a probe set")
    probe_anomalous: int = Field(80, ge=4, le=20_000, title="Anomalies in a probe set")
    calibration: int = Field(120, ge=20, le=20_000, title="Normals that set the threshold")

    @model_validator(mode="after")
    def _numbered(self) -> Self:
        if self.steps * self.batch > MOST_SAMPLES:
            raise ValueError(f"a task has {self.steps * self.batch:,} samples, and {MOST_SAMPLES:,} is the most")
        return self


class PlantSpec(_StreamSpec):
    """The synthetic plant: vibration, images and event logs of the same moments, known densities and severities."""

    kind: Literal["plant"] = "plant"
    tasks: int = Field(4, ge=1, le=12, title="Tasks (operating regimes)")
    difficulty: float = Field(1.0, gt=0.1, le=10, title="Effect of a fault is divided by it")
    missing: float = Field(0.0, ge=0, lt=1, title="Share of samples that lack each modality")


class RecordedSpec(_StreamSpec):
    """Recorded signals or logs below a folder: CWRU bearings, SMAP telemetry, BGL events."""

    kind: Literal["cwru", "smap", "bgl"]
    path: Path = Field(title="Folder of the dataset")
    tasks: int = Field(4, ge=1, le=60, title="Tasks at most")
    snr_db: float | None = Field(
        None,
        ge=-40,
        le=60,
        title="Signal to noise ratio, dB",
        description="bearings: windows of equal loudness with white noise on top; empty: as recorded",
    )

    @model_validator(mode="after")
    def _noise_is_for_bearings(self) -> Self:
        if self.snr_db is not None and self.kind != "cwru":
            raise ValueError("noise is added to bearings alone: leave snr_db out")
        return self


class Category(_Model):
    """One task of an image stream. ``domain`` shows all its images through a drift of the given size."""

    path: Path
    name: str = ""
    domain: str = Field("", description="kind of image drift, empty for none")
    magnitude: float = Field(1.0, gt=0, le=3)
    good: str = Field("", description="pattern of the names of good images, where folders do not say which are good")
    defect: str = Field("defect", description="what the others are, where good ones are told by their names")

    @field_validator("domain")
    @classmethod
    def _image_drift(cls, domain: str) -> str:
        known = [name for name, one in SCENARIOS.items() if one.modality == "image"]
        if domain and domain not in known:
            raise ValueError(f"there is no drift of images «{domain}»; choose one of {', '.join(known)}")
        return domain

    @field_validator("good")
    @classmethod
    def _pattern(cls, good: str) -> str:
        try:
            re.compile(good)
        except re.error as error:
            raise ValueError(f"no pattern: {error}") from None
        return good


class ImagesSpec(_StreamSpec):
    """A sequence of image categories, each in any layout that Faultline reads (MVTec, MPDD, Real-IAD, good and bad).
    ``vibration``: CWRU recordings paired with the images by severity, for MVTec with vibration."""

    kind: Literal["images"]
    categories: tuple[Category, ...] = Field(min_length=1)
    image_size: int = Field(128, ge=32, le=512, multiple_of=16, title="Side of an image, pixels")
    layers: Layers = Field("3", title="Stages of the backbone")
    patches: bool = Field(False, title="Patch features too, for memory banks")
    vibration: Path | None = None


StreamSpec = Annotated[PlantSpec | RecordedSpec | ImagesSpec, Field(discriminator="kind")]


class TaskDrift(Drift):
    """A drift inside one task, from ``at`` (share of the task) to its end."""

    task: int = Field(ge=0, title="Task, from 0")
    at: float = Field(0.5, ge=0, lt=1, title="Begins after this share of the task")


class EvaluationConfig(_Model):
    """How and how often a run is measured."""

    false_alarm_rate: float = Field(0.05, gt=0, lt=0.5, title="False alarms that thresholds are set for")
    every: int = Field(5, ge=1, title="Steps between looks at the drifted probe")
    memory_every: int = Field(20, ge=1, title="Steps between records of the memory")
    bootstrap: int = Field(2000, ge=100, le=100_000, title="Resamples behind the intervals")


class ContinualConfig(_Model):
    """A whole run. The same configuration gives the same records."""

    name: str = Field(min_length=1)
    stream: StreamSpec
    drifts: tuple[TaskDrift, ...] = ()
    methods: tuple[Method, ...] = Field(min_length=1)
    seeds: tuple[int, ...] = Field((0,), min_length=1)
    learner: LearnerConfig = LearnerConfig()
    evaluation: EvaluationConfig = EvaluationConfig()
    severity: str = Field("", description="name of a table in assets, or a CSV file; empty: that of the stream")
    processes: int = Field(
        0, ge=0, le=64, title="Processes that share each training step",
        description="0: one for each GPU where there are two or more, else one",
    )  # fmt: skip

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if len(set(self.seeds)) != len(self.seeds) or min(self.seeds) < 0:
            raise ValueError("seeds must differ and be 0 or more")
        if len(set(self.methods)) != len(self.methods):
            raise ValueError("a method is named twice")
        return self

    def sha256(self) -> str:
        """Of everything that a result depends on; how many processes share the work changes its rounding alone."""
        text = json.dumps(self.model_dump(mode="json", exclude={"name", "processes"}), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()

    def checkpoint_name(self, seed: int, method: str) -> str:
        """The file in which the loop keeps one method's course on one seed. It does not depend on which other methods
        and seeds are asked for: one that is added later finds the others done."""
        content = self.model_dump(mode="json", exclude={"name", "methods", "seeds", "processes"})
        digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
        return f"{digest[:16]}-{seed}-{method}.npz"


def read_config(path: Path, data: Path | None = None) -> ContinualConfig:
    """The configuration in a YAML file. Relative paths of data start at ``data``, or else at the file's folder.
    UserError in one sentence."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError("The configuration cannot be read", str(path), "Check the path") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UserError("The configuration is not valid YAML", str(path), "Mend the file") from error
    return check_config(content, str(path), path.resolve().parent if data is None else data.resolve())


def check_config(content: Any, where: str = "configuration", base: Path | None = None) -> ContinualConfig:
    """A configuration from parsed YAML or JSON. UserError that names the first field at fault."""
    if not isinstance(content, Mapping):
        raise UserError("The configuration is not a table of settings", where, "Begin with name, stream and methods")
    try:
        config = ContinualConfig.model_validate(dict(content))
    except ValidationError as error:
        first = error.errors()[0]
        field = place(first) or "the whole"
        what = f"«{field}» is not a setting" if first["type"] == "extra_forbidden" else f"«{field}»: {remedy(first)}"
        raise UserError(what, where, "Correct it, or leave it out for its default") from None
    return config if base is None else _anchored(config, base)


def _anchored(config: ContinualConfig, base: Path) -> ContinualConfig:
    """Relative paths made absolute, so that a run does not depend on the working directory."""
    stream = config.stream
    if isinstance(stream, RecordedSpec):
        stream = stream.model_copy(update={"path": base / stream.path})
    elif isinstance(stream, ImagesSpec):
        moved = tuple(one.model_copy(update={"path": base / one.path}) for one in stream.categories)
        vibration = None if stream.vibration is None else base / stream.vibration
        stream = stream.model_copy(update={"categories": moved, "vibration": vibration})
    severity = str(base / config.severity) if config.severity.endswith(".csv") else config.severity
    return config.model_copy(update={"stream": stream, "severity": severity})


def shipped(name: str, data: Path | None = None) -> ContinualConfig:
    """One of the configurations in ``assets/continual``, its data below ``data``. UserError for an unknown one."""
    path = ASSETS / f"{name}.yaml"
    if not path.is_file():
        known = ", ".join(sorted(one.stem for one in ASSETS.glob("*.yaml")))
        raise UserError(f"There is no configuration named {name}", "assets/continual", f"Choose one of {known}")
    return read_config(path, data)
