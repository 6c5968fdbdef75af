"""Models: images added to a model, what it forgot, the way back."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.continual.forgetting import Forgetting, Judged
from core.continual.stored import Continued
from core.detectors import registry
from core.detectors.patchcore.extending import Growth
from core.detectors.training import Fitted
from core.jobs.table import JobTable
from core.store.continuedmodel import read_parent, write_continued
from core.store.datasets import DatasetRow, DatasetStore
from core.store.models import ModelRow, ModelStore
from core.store.workspace import Workspace
from core.ui.models import extend
from tests.store import toy
from tests.ui import stock
from tests.ui.conftest import Open


@pytest.fixture
def parent(workspace: Workspace, parts: DatasetRow, monkeypatch: pytest.MonkeyPatch) -> ModelRow:
    monkeypatch.setitem(registry.REGISTRY, "toy", toy.INFO)
    monkeypatch.setattr(extend, "DETECTORS", frozenset({"toy"}))
    return stock.toy_model(workspace, parts)


@pytest.fixture
def child(workspace: Workspace, parts: DatasetRow, parent: ModelRow, tmp_path: Path) -> ModelRow:
    """As if ``parent`` had taken in five images; what it forgot is made by hand."""
    data, (before, manifest) = DatasetStore(workspace).get(parts.id), read_parent(workspace.models / parent.id)
    judged = (
        Judged("a", "new held-out", "", 9.0, 1.0),
        Judged("b", "old good", "", 1.0, 1.0),
        Judged("c", "old bad", "hole", 9.0, 1.0),
        Judged("d", "old bad", "dent", 9.0, 9.0),
    )
    fitted = Fitted("toy", before.detector, toy.ToyParams(), 0, before.calibration, before.roles, 1.0, 1.0)
    found = Continued(fitted, 4, 1, Growth(100, 80, 20), Forgetting(0.05, 5.0, 6.0, judged))
    write_continued(tmp_path / "model", found, name="Next", parent=parent.id, before=manifest, old=[data], added=data)
    return ModelStore(workspace).add(tmp_path / "model", "Next")


def test_adding_images_asks_for_a_job(open_page: Open, workspace: Workspace, parent: ModelRow) -> None:
    app = open_page("models")
    app.button(key=f"extend-{parent.id}").click().run()
    assert not app.exception
    (job,) = JobTable(workspace).list()
    assert (job.kind, job.spec["model_id"], job.spec["which"]) == ("extend", parent.id, "good")
    result = {"model_id": parent.id, "parent_id": parent.id, "run_id": "none"}
    stock.end(workspace, job.id, "succeeded", result=result)
    app.run()
    assert not app.exception


def test_what_was_forgotten_is_shown_and_the_parent_comes_back(
    open_page: Open, workspace: Workspace, parent: ModelRow, child: ModelRow
) -> None:
    app = open_page("models", models=child.id[:12])
    assert not app.exception
    assert "took in **4 images**" in stock.texts(app)
    shown = next(one.value for one in app.dataframe if "Alarms before" in one.value.columns)
    lines = {line["Images"]: line["Change"] for line in shown.to_dict("records")}
    assert lines["New, kept from learning"] == "-100.0 points"
    assert lines["Old test, bad: hole"] == "-100.0 points"
    assert lines["Old test, bad: dent"] == "+0.0 points"
    app.button(key="forgot-back").click().run()
    assert not app.exception
    assert [row.id for row in ModelStore(workspace).list()] == [parent.id]
    assert [row.id for row in ModelStore(workspace).list(deleted=True)] == [child.id]
