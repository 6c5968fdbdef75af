"""The Compare page: what it needs, who is compared and pinned, the answer, where they disagree, the way to a study."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace

import numpy as np
import pytest

from core.datasets.said import Said
from core.detectors import registry
from core.jobs.table import JobTable
from core.jobs.tasks import compare as comparing
from core.progress import Progress
from core.store import RunStore
from core.store.datasets import DatasetRow
from core.store.models import ModelRow
from core.store.runs import RunRow
from core.store.workspace import Workspace
from core.ui.compare import chosen, report, study, table, told
from tests.ui import contest, stock
from tests.ui.conftest import Open


@pytest.fixture(autouse=True)
def contestants_in_the_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, info in contest.INFOS.items():
        monkeypatch.setitem(registry.REGISTRY, name, info)


@pytest.fixture
def pair(workspace: Workspace, parts: DatasetRow) -> list[ModelRow]:
    return contest.trained(workspace, parts, "blunt", "keen")


def html(app: object) -> str:
    return "".join(element.proto.body for element in app.get("html"))  # type: ignore[attr-defined]


def of(workspace: Workspace, parts: DatasetRow, models: list[ModelRow], pinned: int = 0) -> told.Told:
    """What the page makes of these models, without a browser."""
    runs = {run.model_id: run for run in RunStore(workspace).list(parts.id)}
    rows: tuple[RunRow, ...] = tuple(runs[model.id] for model in models)
    names = tuple(model.name for model in models)
    return told.of(chosen.Chosen(parts, rows, tuple(models), names, pinned, 0.2, "settled"))


@pytest.mark.parametrize(
    ("names", "short"),
    [
        (("PatchCore on tiles", "PaDiM on tiles"), ("PatchCore", "PaDiM")),
        (("tiles patchcore", "tiles patchcore paper"), ("patchcore", "patchcore paper")),
        (("tiles a x", "tiles b x"), ("a", "b")),
        (("same", "same (1234)"), ("same", "same (1234)")),
    ],
)
def test_words_that_all_names_share_are_left_out(names: tuple[str, ...], short: tuple[str, ...]) -> None:
    assert chosen.shortened(names) == short


def test_without_runs_one_button_trains_two_detectors(open_page: Open, workspace: Workspace) -> None:
    app = open_page("compare")
    assert not app.exception
    assert "Nothing to compare yet" in stock.texts(app)
    app.button(key="compare-demo-start").click().run()
    assert sorted(job.spec["detector"] for job in JobTable(workspace).list()) == ["padim", "patchcore"]
    assert "Two detectors learn from the sample parts" in stock.texts(app)


def test_one_run_asks_for_a_second(open_page: Open, workspace: Workspace, parts: DatasetRow) -> None:
    contest.trained(workspace, parts, "keen")
    app = open_page("compare")
    assert not app.exception
    assert "One detector is no comparison" in stock.texts(app)
    assert len(app.dataframe[0].value) == 1


def test_a_model_that_is_there_can_judge_the_same_images(
    open_page: Open, workspace: Workspace, parts: DatasetRow, pair: list[ModelRow]
) -> None:
    runs = RunStore(workspace)
    runs.remove(next(run.id for run in runs.list(parts.id) if run.model_id == pair[0].id))
    app = open_page("compare")
    app.button(key="compare-judge").click().run()
    assert not app.exception
    (job,) = JobTable(workspace).list()
    assert (job.kind, job.spec) == ("score", {"model_id": pair[0].id, "dataset_id": parts.id})
    assert "Another detector judges the same images" in [head.value for head in app.subheader]


def test_two_detectors_are_compared(open_page: Open, workspace: Workspace, pair: list[ModelRow]) -> None:
    app = open_page("compare", pin=pair[0].id[:12])
    assert not app.exception and not app.error
    assert "### Keen ranks better than Blunt" in stock.texts(app)
    assert "Counted are 10 images" in stock.texts(app)
    shown = html(app)
    assert "Keen" in shown and "✕ bad" in shown and "✓ good" in shown
    assert f"model={pair[1].id[:12]}" in shown  # each heatmap leads to its detector
    figures = app.table[0].value
    assert figures.loc["Image AUROC"].iloc[1].startswith("**1.000**")
    app.button(key="pin-1").click().run()
    assert "### Nobody ranks better than Keen" in stock.texts(app)
    assert "".join(app.query_params["pin"]) == pair[1].id[:12]
    app.button(key="ask-study").click().run()
    (job,) = JobTable(workspace).list(active=True)
    assert job.kind == "compare" and len(job.spec["run_ids"]) == 2


def test_a_link_says_who_and_in_which_order(open_page: Open, pair: list[ModelRow]) -> None:
    both = f"{pair[1].id[:12]}.{pair[0].id[:12]}.0123456789ab"
    shown = html(open_page("compare", **{"with": both, "view": "Report"}))
    assert shown.index("Keen") < shown.index("Blunt")


def test_a_study_is_found_again_and_fills_the_table(
    workspace: Workspace, parts: DatasetRow, pair: list[ModelRow]
) -> None:
    found = of(workspace, parts, pair)
    assert study.of(found) is None
    assert table.completed(found, None)[0].figures["pixel_auroc"] is None
    comparing.run(Progress(), {**study._spec(found), "seed": 0}, workspace)
    made = study.of(of(workspace, parts, pair[::-1]))  # in whichever order they are shown
    assert made is not None
    assert table.completed(found, made)[1].figures["pixel_auroc"] is not None
    assert not study.other_labels(found, made)
    judged = told.of(replace(found.now, said=Said({"one": "good"})))  # somebody has said something since
    since = study.of(judged)
    assert since is not None and study.other_labels(judged, since)
    comparing.run(Progress(), {**study._spec(judged), "seed": 0}, workspace)
    again = study.of(judged)
    assert again is not None and not study.other_labels(judged, again)
    assert study.of(found).id == made.id  # type: ignore[union-attr]
    recall = study.against(found, made, "recall")
    assert [one.first for one in recall] == [pair[1].id]
    turned = study.against(of(workspace, parts, pair, pinned=1), made, "recall")
    assert turned[0].value == pytest.approx(-recall[0].value)
    assert turned[0].ci95 == pytest.approx([-end for end in recall[0].ci95[::-1]])
    packed = zipfile.ZipFile(io.BytesIO(report.everything(found, made, None)))
    assert {"report.html", "figures.csv", "images.parquet"} <= set(packed.namelist())
    assert b"<html" in report.page(found, made, None)


def test_figures_are_written_without_exponents() -> None:
    assert table._change("recall", 1.0, 0.0) == "+100.0 points"
    assert table._change("ms_per_image", 2500.0, 10.0) == "× 250"
    assert (table.form("ms_per_image", 1234.0), table.form("fit_seconds", 0.5)) == ("1,234", "0.5")


def test_disagreements_are_those_of_the_detectors_asked_for(
    workspace: Workspace, parts: DatasetRow, pair: list[ModelRow]
) -> None:
    found = of(workspace, parts, pair)
    rows = told.disagreeing(found)
    assert rows and all(row.split for row in rows[:1])
    assert [row.item for row in told.disagreeing(found, (0, 1))] == [row.item for row in rows]
    assert np.isfinite([row.spread for row in rows]).all()
