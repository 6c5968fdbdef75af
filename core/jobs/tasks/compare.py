"""Compare several models' runs over one dataset: what takes longer than a page may."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AfterValidator, Field

from core.datasets.said import Judgement, Said
from core.jobs.tasks.contract import Spec, TaskInfo
from core.progress import Progress
from core.store.datasets import DatasetStore
from core.store.runs import RunStore
from core.store.workspace import Workspace

if TYPE_CHECKING:
    from core.store.comparison import StoredComparison
    from core.store.comparisons import ComparisonStore


class CompareSpec(Spec):
    """``rate`` of false alarms that verdicts are held to; ``resamples`` behind intervals and tests
    (``core.store.comparisons`` has the usual numbers). ``labels`` and ``excluded``: what people say of the images by
    hand; ``by_hand`` fills them in from the workspace."""

    # In one order: the same runs asked for in another are the same work.
    run_ids: Annotated[tuple[str, ...], AfterValidator(lambda ids: tuple(sorted(ids)))] = Field(min_length=2)
    rate: float = Field(gt=0, lt=1)
    resamples: int = Field(ge=0, le=100_000)
    seed: int = Field(default=0, ge=0)
    labels: dict[str, Judgement] = Field(default_factory=dict)
    excluded: Annotated[tuple[str, ...], AfterValidator(lambda names: tuple(sorted(set(names))))] = ()

    @property
    def said(self) -> Said:
        return Said(self.labels, frozenset(self.excluded))


def by_hand(said: Said) -> dict[str, Any]:
    """The part of a specification that holds what people say of the images; empty where they say nothing."""
    return {"labels": dict(said.labels), "excluded": sorted(said.excluded)} if said.id else {}


def run(progress: Progress, spec: Mapping[str, Any], workspace: Workspace) -> dict[str, Any]:
    """``{"comparison_id"}``; what was computed for the same runs and settings before is found."""
    from core.store.comparisons import ComparisonStore

    asked, store = CompareSpec(**spec), ComparisonStore(workspace)
    stored = store.find(asked.run_ids, asked.rate, asked.resamples, asked.seed, asked.said.id)
    if stored is None:
        stored = _studied(asked, store, workspace, progress)
    return {"comparison_id": stored.id}


def _studied(asked: CompareSpec, store: ComparisonStore, workspace: Workspace, progress: Progress) -> StoredComparison:
    progress.report(0, 1, "reading the runs")
    dataset, datasets = RunStore(workspace).row(asked.run_ids[0]).dataset_id, DatasetStore(workspace)
    rate, resamples, seed = asked.rate, asked.resamples, asked.seed
    if datasets.row(dataset).modality == "series":
        from core.compare.contestants import series_contestants
        from core.compare.seriesbyside import align_series
        from core.compare.seriesstudy import study_series

        recordings = align_series(series_contestants(workspace, asked.run_ids))
        return store.add(*study_series(recordings, rate=rate, resamples=resamples, seed=seed, progress=progress))
    from core.compare.contestants import image_contestants
    from core.compare.sidebyside import align
    from core.compare.study import study_images

    side, data = align(image_contestants(workspace, asked.run_ids), asked.said), datasets.get_unchanged(dataset)
    return store.add(*study_images(side, data, rate=rate, resamples=resamples, seed=seed, progress=progress))


def stands(result: Mapping[str, Any], workspace: Workspace) -> bool:
    """Whether the comparison is still there."""
    from core.store.comparisons import ComparisonStore

    return ComparisonStore(workspace).get(result["comparison_id"]) is not None


TASK = TaskInfo("compare", 1, run, CompareSpec, stands)
