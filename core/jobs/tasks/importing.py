"""Bring a dataset in: index a folder where it lies, or take over uploaded files or a zip."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from pydantic import model_validator

from core.errors import UserError
from core.jobs.tasks.contract import Spec, TaskInfo
from core.progress import Progress
from core.store.datasets import DatasetStore
from core.store.workspace import Workspace

if TYPE_CHECKING:
    from core.datasets.mapping import TableMapping


class ImportSpec(Spec):
    """One of ``path`` (a folder, or the file of a recording) and ``archive`` (a zip). ``owned`` folders are uploads,
    moved into the workspace. ``mapping`` says what the columns of a table are (``datasets.mapping.TableMapping``)."""

    path: Path | None = None
    archive: Path | None = None
    name: str | None = None
    format: str | None = None
    mapping: dict[str, Any] | None = None
    owned: bool = False

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.path is None) == (self.archive is None):
            raise ValueError("give either a folder (path) or a zip (archive)")
        return self


def run(progress: Progress, spec: Mapping[str, Any], workspace: Workspace) -> dict[str, Any]:
    """``{"dataset_id"}``. An upload that cannot be read is removed: the user is told, and uploads again. Where the
    mapping of its columns may be what is wrong, it stays, to be mapped anew."""
    asked = ImportSpec(**spec)
    source = asked.archive or asked.path
    if source is None:
        raise ValueError("ImportSpec lets no specification without a source through")
    uploaded = source.resolve().is_relative_to(workspace.uploads)
    if asked.owned and not uploaded:
        raise UserError("Only uploaded files can be moved into the workspace", str(source), "Index the folder instead")
    try:
        found = (
            _from_archive(source, asked, progress, workspace)
            if asked.archive
            else _from_folder(source, asked, progress, workspace)
        )
    except UserError:
        if uploaded and asked.mapping is None:
            _drop_upload(source, workspace)
        raise
    if uploaded:
        _drop_upload(source, workspace)
    return {"dataset_id": found}


def _from_folder(folder: Path, asked: ImportSpec, progress: Progress, workspace: Workspace) -> str:
    from core.datasets import readers

    data = readers.read(folder, format=asked.format, name=asked.name, mapping=_mapping(asked), progress=progress)
    store = DatasetStore(workspace)
    return (store.adopt(folder, data, asked.name) if asked.owned else store.add(data, asked.name)).id


def _from_archive(archive: Path, asked: ImportSpec, progress: Progress, workspace: Workspace) -> str:
    from core.datasets import archives, readers

    name = asked.name or archive.stem
    with workspace.temporary() as staging:
        files = staging / "files"
        rejected = archives.unpack(archive, files, progress.part(0.0, 0.4))
        data = readers.read(
            files, format=asked.format, name=name, mapping=_mapping(asked), progress=progress.part(0.4, 1.0)
        )
        data = replace(data, rejected=(*rejected, *data.rejected))
        return DatasetStore(workspace).adopt(files, data, name).id


def _mapping(asked: ImportSpec) -> TableMapping | None:
    from core.datasets.mapping import TableMapping

    return TableMapping.model_validate(asked.mapping) if asked.mapping else None


def _drop_upload(source: Path, workspace: Workspace) -> None:
    """Remove the upload folder that ``source`` is or lies in."""
    token = source.resolve().relative_to(workspace.uploads).parts[0]
    shutil.rmtree(workspace.uploads / token, ignore_errors=True)


TASK = TaskInfo("import", 1, run, ImportSpec)
