"""run.json: what a run says about itself."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from core.errors import UserError

FILE = "run.json"

Info = TypeVar("Info", bound=BaseModel)


def read_info(folder: Path, kind: type[Info]) -> Info:
    """The checked ``run.json`` of a run folder. UserError where there is none, or one that cannot be read."""
    try:
        return kind.model_validate_json((folder / FILE).read_bytes())
    except OSError:
        raise UserError("There are no scores here", str(folder), "Score the dataset with a model first") from None
    except ValidationError:
        raise UserError(f"{FILE} is damaged or from another version", str(folder), "Score again") from None
