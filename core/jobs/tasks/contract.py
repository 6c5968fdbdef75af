"""What a kind of background work is: a checked specification and a pure function."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from core.errors import UserError
from core.progress import Progress
from core.store.workspace import Workspace
from core.validation import told

Task = Callable[[Progress, dict[str, Any], Workspace], dict[str, Any]]


class Spec(BaseModel):
    """What a job is to do, as JSON. A name that is not a field is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def never(result: Mapping[str, Any], workspace: Workspace) -> bool:
    """For work whose input may have changed since: its earlier result is not offered again."""
    return False


@dataclass(frozen=True)
class TaskInfo:
    """A kind of work.

    ``version`` goes up whenever the same specification would give another result. ``stands`` tells whether the result
    of an earlier job is still there to be offered. ``cosmetic`` names the fields that do not change the result.
    ``quick`` work is mostly done within minutes and somebody waits for it: it need not queue behind what takes hours.
    """

    name: str
    version: int
    function: Task
    spec: type[Spec]
    stands: Callable[[Mapping[str, Any], Workspace], bool] = never
    cosmetic: frozenset[str] = frozenset()
    quick: bool = False

    def checked(self, spec: Mapping[str, Any]) -> dict[str, Any]:
        """The specification with its defaults filled in. UserError for one that the task does not understand."""
        try:
            return self.spec.model_validate(dict(spec)).model_dump(mode="json")
        except ValidationError as error:
            raise UserError(f"The job «{self.name}» cannot be started: {told(error, 'its fields')}") from None

    def identity(self, spec: Mapping[str, Any]) -> str:
        """The same for two checked specifications that ask for the same result."""
        asked = {key: value for key, value in spec.items() if key not in self.cosmetic}
        text = json.dumps([self.name, self.version, asked], sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()
