"""After drift: train a candidate on recent normal running, try it against the champion on frozen data, and decide.

The candidate has the champion's detector and settings. What it learned from and what it was tried on become a dataset
of the workspace, so that the next succession can begin from there.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pydantic import Field

from core.datasets.wording import percent
from core.errors import UserError
from core.jobs.tasks.contract import Spec, TaskInfo
from core.progress import Progress
from core.store import atomic
from core.store.champions import ChampionStore
from core.store.datasets import DatasetStore
from core.store.models import ModelStore
from core.store.workspace import Workspace

if TYPE_CHECKING:
    from core.datasets.series import SeriesSet, SeriesUnit
    from core.detectors.series.model import SeriesModel
    from core.drift.trial import Holdouts

OLD_KEPT = 0.2  # of each old recording, its end, is for trials where the old data has no normal test recordings


class RetrainSpec(Spec):
    model_id: str = Field(description="a model of the lineage; its champion is what the candidate is tried against")
    dataset_id: str = Field(description="recordings of recent running")
    old_share: float = Field(1.0, ge=0, le=1, description="of the old normal data, its newest part; 0: the old is over")
    rate: float = Field(1e-3, gt=1e-6, le=0.1, description="promised false-alarm rate at which both are tried")
    why: str = Field("asked for", max_length=500)
    said_by: str = Field("local", max_length=120)


@dataclass(frozen=True)
class Material:
    """``whole``: what the candidate learns from and the holdouts, by their splits. ``left_out``: share of the recent
    steps that stand out and are not learned from."""

    whole: SeriesSet
    holdouts: Holdouts
    left_out: float


def run(progress: Progress, spec: Mapping[str, Any], workspace: Workspace) -> dict[str, Any]:
    """``{"action", "champion", "candidate", "dataset_id"}``: action is ``promoted`` or ``rejected``, champion the model
    that judges from now on. The log of the champions holds the reasons and the figures."""
    from core.drift.trial import judge, measure
    from core.store.seriesmodel import load_series_model

    asked, champions = RetrainSpec(**spec), ChampionStore(workspace)
    champion = champions.champion(asked.model_id)
    progress.report(0, 1, "Loading the champion")
    model, manifest = load_series_model(ModelStore(workspace).folder(champion))
    old = _old(workspace, manifest.dataset.id, manifest.dataset.name)
    recent = DatasetStore(workspace).series(asked.dataset_id)
    material = gathered(model, old, recent, asked, progress.part(0.0, 0.1))
    progress.log(f"{percent(material.left_out, 1)} of the recent steps stand out and are not learned from")
    candidate, dataset_id = _candidate(workspace, champion, model, material, progress.part(0.1, 0.6))
    challenger, _ = load_series_model(ModelStore(workspace).folder(candidate))
    seed = int(material.holdouts.digest[:8], 16)
    theirs = measure(model, material.holdouts, asked.rate, seed, progress.part(0.6, 0.8))
    own = measure(challenger, material.holdouts, asked.rate, seed, progress.part(0.8, 1.0))
    decision = judge(theirs, own, asked.rate, old_counts=asked.old_share > 0)
    figures = {
        "rate": asked.rate,
        "old_share": asked.old_share,
        "left_out": material.left_out,
        "holdouts": material.holdouts.digest,
        "dataset_id": dataset_id,
        "champion": theirs.to_json(),
        "candidate": own.to_json(),
    }
    decide = champions.promote if decision.promote else champions.reject
    decide(champion, candidate, said_by=asked.said_by, why=asked.why, verdict=decision.reasons, figures=figures)
    for reason in decision.reasons:
        progress.log(reason)
    return {
        "action": "promoted" if decision.promote else "rejected",
        "champion": champions.champion(champion),
        "candidate": candidate,
        "dataset_id": dataset_id,
    }


def gathered(model: SeriesModel, old: SeriesSet, recent: SeriesSet, asked: RetrainSpec, progress: Progress) -> Material:
    """What is learned from and what is kept for the trial. UserError where the recent running is no good, or nothing of
    it is left for the trial."""
    from core.detectors.series.model import aligned
    from core.drift.recent import KEPT, normal_stretches, recent_running
    from core.drift.trial import Holdouts

    new = recent_running(model, recent, asked.rate, progress)
    before = aligned(old, model.raw_sensors)
    hop = 1 if model.frontend.kind == "none" else model.frontend.samples(before.rate or 1.0)[1]
    shortest = 2 * max(member.detector.context for member in model.members.values()) * hop
    train = [unit for unit in before.units if unit.split == "train"]
    tested = before.test().units
    old_normal = normal_stretches(tested, shortest)
    learned = [_newest(unit, asked.old_share) for unit in train] if asked.old_share > 0 else []
    if not old_normal:
        ends = [unit.cut(_end(unit), len(unit)) for unit in train]
        old_normal = normal_stretches(tuple(replace(end, events=end.events or ()) for end in ends), shortest)
        learned = [_newest(unit.cut(0, _end(unit)), asked.old_share) for unit in train] if learned else []
    recent_normal = normal_stretches(new.kept.units, shortest)
    if not recent_normal:
        raise UserError(
            "The recent running is too short to try a candidate on", f"{recent.name}: {recent.n_steps} steps",
            f"Give at least {4 * shortest} steps of normal running",
        )  # fmt: skip
    labelled = tuple(unit for unit in tested if unit.events)
    test = [replace(unit, split="test", name=f"{KEPT}{unit.name}") for unit in (*old_normal, *recent_normal, *labelled)]
    holdouts = Holdouts(before.of(old_normal), before.of(recent_normal), before.of(labelled))
    units = _unique([*map(_earlier, learned), *new.learn.units, *test])
    whole = replace(before.of(units), name=f"{old.name} and recent running"[:120])
    return Material(whole, holdouts, new.left_out)


def _candidate(
    workspace: Workspace, champion: str, model: SeriesModel, material: Material, progress: Progress
) -> tuple[str, str]:
    """The ids of the trained candidate and of its data; those of an earlier attempt that got so far."""
    from core.detectors import registry
    from core.detectors.series.model import SHARED
    from core.detectors.series.training import train_series
    from core.store.seriesmodel import write_series_model

    note = progress.scratch / "candidate.json" if progress.scratch else None
    models = ModelStore(workspace)
    if note is not None and note.is_file():
        found = json.loads(note.read_text())
        return str(found["model_id"]), str(found["dataset_id"])
    row = models.get(champion)
    manifest = row.manifest
    fitted = train_series(
        manifest.detector,
        registry.parameters(manifest.detector, manifest.params),
        manifest.seed,
        material.whole,
        progress,
        scope="one" if SHARED in model.members else "each",
        frontend=model.frontend,
    )
    dataset_id = DatasetStore(workspace).add(material.whole).id
    name = f"{row.name.removesuffix(' (retrained)')} (retrained)"
    with workspace.temporary() as staging:
        write_series_model(staging / "model", fitted, name=name, dataset=material.whole)
        model_id = models.add(staging / "model", name).id
    if note is not None:
        atomic.write_json(note, {"model_id": model_id, "dataset_id": dataset_id})
    return model_id, dataset_id


def _old(workspace: Workspace, dataset_id: str, name: str) -> SeriesSet:
    try:
        return DatasetStore(workspace).series(dataset_id)
    except UserError:
        raise UserError(
            "The data that the champion was trained on is not in this workspace", name, "Bring it in on the Data page"
        ) from None


def _end(unit: SeriesUnit) -> int:
    """Step from which an old recording is kept for trials: the end of its normal part is what counts."""
    normal = unit.normal().nonzero()[0]
    return int(normal[int((1 - OLD_KEPT) * len(normal))]) if len(normal) else len(unit)


def _newest(unit: SeriesUnit, share: float) -> SeriesUnit:
    return unit.cut(len(unit) - round(share * len(unit)), len(unit))


def _earlier(unit: SeriesUnit) -> SeriesUnit:
    """What was recent at the last succession is so no more."""
    from core.drift.recent import EARLIER, RECENT

    return replace(unit, name=EARLIER + unit.name.removeprefix(RECENT)) if unit.name.startswith(RECENT) else unit


def _unique(units: list[SeriesUnit]) -> list[SeriesUnit]:
    """The same with names that come once."""
    taken: set[str] = set()
    found = []
    for unit in units:
        name, more = unit.name, 1
        while name in taken:
            more += 1
            name = f"{unit.name} ({more})"
        taken.add(name)
        found.append(replace(unit, name=name))
    return found


TASK = TaskInfo("retrain", 1, run, RetrainSpec, cosmetic=frozenset({"why", "said_by"}))
