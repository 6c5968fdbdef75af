"""Settings from the environment, ``FAULTLINE_*``. Read once a process by ``settings()``."""

from __future__ import annotations

import json
import os
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any

import psutil
from pydantic import AliasChoices, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from core.errors import UserError
from core.validation import remedy

PREFIX = "FAULTLINE_"
PROJECT = Path(__file__).resolve().parent.parent


def _jobs_that_fit() -> int:
    """Concurrent jobs: two cores and three GiB of memory each, at least one."""
    cores = os.cpu_count() or 1
    return max(1, min(cores // 2, int(psutil.virtual_memory().total / 2**30 // 3)))


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True)

    data_dir: Path = Field(PROJECT / "data", description="the workspace: datasets, models, runs, jobs")
    weights_dir: Path | None = Field(None, description="folder with pretrained weights files")
    compact_backbone: Path | None = Field(None, description="a compact backbone that takes the bundled one's place")
    allowed_roots: Annotated[list[Path], NoDecode] = Field(
        default_factory=lambda: [Path.home()],
        description=f"folders that a path typed in the app may lie in, with «{os.pathsep}» between them or as JSON",
    )
    max_jobs: int = Field(default_factory=_jobs_that_fit, ge=1, description="jobs that run at once")
    download_timeout_s: float = Field(8.0, gt=0, description="give up a weights download that has not begun by then")
    max_image_pixels: int = Field(200_000_000, gt=0, description="larger pictures are refused as decompression bombs")
    max_archive_bytes: int = Field(20 * 2**30, gt=0, description="unpacked size over which an archive is refused")
    api_token: SecretStr | None = Field(
        None, description="what /api asks for as «Authorization: Bearer …»; unset: open"
    )
    mlflow_tracking_uri: str | None = Field(
        None,
        validation_alias=AliasChoices(f"{PREFIX}MLFLOW_TRACKING_URI", "MLFLOW_TRACKING_URI"),
        description="the MLflow server that runs can be sent to; unset: none",
    )
    max_archive_files: int = Field(200_000, gt=0, description="entries over which an archive is refused")

    @field_validator("api_token", mode="after")
    @classmethod
    def _set(cls, value: SecretStr | None) -> SecretStr | None:
        """An empty token is none."""
        return value if value is not None and value.get_secret_value() else None

    @field_validator("mlflow_tracking_uri", mode="after")
    @classmethod
    def _named(cls, value: str | None) -> str | None:
        """An empty address is none."""
        return value or None

    @field_validator("allowed_roots", mode="before")
    @classmethod
    def _paths(cls, value: Any) -> Any:
        """A path, paths as in PATH, or a JSON list."""
        if not isinstance(value, str):
            return value
        if value.lstrip().startswith("["):
            return json.loads(value)
        return [path for path in value.split(os.pathsep) if path]


@lru_cache(maxsize=1)
def settings() -> Settings:
    """The settings of this process. UserError, a sentence, for a value that cannot be one."""
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        name = PREFIX + str(first["loc"][0]).upper()
        raise UserError(
            f"The setting {name} is not valid: {remedy(first)}",
            f"got {first['input']!r}",
            f"Correct the environment variable {name}, or unset it",
        ) from None
