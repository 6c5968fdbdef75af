"""What lasts: datasets, models and runs, as folders on disk with an SQLite index beside them. Free of torch."""

from core.store.datasets import DatasetRow, DatasetStore
from core.store.models import ModelRow, ModelStore
from core.store.runfolder import Run
from core.store.runs import RunRow, RunStore
from core.store.workspace import Workspace

__all__ = ["DatasetRow", "DatasetStore", "ModelRow", "ModelStore", "Run", "RunRow", "RunStore", "Workspace"]
