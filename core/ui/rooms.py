"""The stores behind the pages, opened once for each workspace of this process."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from core.jobs.table import JobTable
from core.settings import settings
from core.store.datasets import DatasetStore
from core.store.mappings import MappingStore
from core.store.models import ModelStore
from core.store.runs import RunStore
from core.store.rustanalyses import RustAnalysisStore
from core.store.rustphotos import RustPhotoStore
from core.store.workspace import Workspace

if TYPE_CHECKING:
    from core.store.continualruns import ContinualStore


@st.cache_resource(max_entries=4, show_spinner=False)
def _open(root: Path) -> tuple[Workspace, DatasetStore, ModelStore, RunStore, JobTable]:
    workspace = Workspace(root)
    return workspace, DatasetStore(workspace), ModelStore(workspace), RunStore(workspace), JobTable(workspace)


def workspace() -> Workspace:
    return _open(settings().data_dir)[0]


def datasets() -> DatasetStore:
    return _open(settings().data_dir)[1]


def models() -> ModelStore:
    return _open(settings().data_dir)[2]


def runs() -> RunStore:
    return _open(settings().data_dir)[3]


def jobs() -> JobTable:
    return _open(settings().data_dir)[4]


def mappings() -> MappingStore:
    return MappingStore(workspace())


def rust_photos() -> RustPhotoStore:
    return RustPhotoStore(workspace())


def rust_analyses() -> RustAnalysisStore:
    return RustAnalysisStore(workspace())


def continual_runs() -> ContinualStore:
    from core.store.continualruns import ContinualStore  # its metrics bring SciPy along

    return ContinualStore(workspace())
