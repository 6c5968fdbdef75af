"""Papers' tables: the published figures alone, a run asked for, its rows beside them."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from core.jobs.table import JobTable
from core.jobs.tasks import benchmark
from core.progress import Progress
from core.store.workspace import Workspace
from tests.compare.published_layouts import write_skab
from tests.ui.conftest import Open


@pytest.fixture(autouse=True)
def few_resamples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.compare.papers.measure.SERIES_RESAMPLES", 20)


@pytest.fixture
def skab(tmp_path: Path) -> Path:
    return write_skab(tmp_path / "SKAB", "valve1/0", "other/14")


def test_without_a_measurement_the_published_figures_stand_alone(
    open_page: Open, workspace: Workspace, skab: Path
) -> None:
    app = open_page("papers", table="SKAB")
    assert not app.exception and not app.error
    assert any("Nothing of SKAB is measured yet" in one.value for one in app.subheader)
    assert any(one.value == "Reported, not reproduced" for one in app.subheader)
    (published,) = app.dataframe
    assert list(published.value["Reported"])[:2] == ["Conv-AE", "MSET"]
    assert app.button(key="papers-go").disabled
    app.text_input(key="papers-folder").set_value(str(skab)).run()
    app.multiselect(key="papers-methods-skab").set_value(["pca-t2q"]).run()
    app.button(key="papers-go").click().run()
    (job,) = JobTable(workspace).list()
    assert job.kind == "benchmark"
    assert job.spec == {
        "benchmark": "skab", "path": str(skab), "dataset_id": None, "methods": ["pca-t2q"], "limit": None, "seed": 0,
    }  # fmt: skip


def test_a_folder_that_may_not_be_read_is_told(open_page: Open) -> None:
    app = open_page("papers", table="SKAB")
    app.text_input(key="papers-folder").set_value("/etc").run()
    assert "not in a folder that the app may read" in app.error[0].value.replace("\\", "")


def test_measured_rows_stand_beside_what_was_published(open_page: Open, workspace: Workspace, skab: Path) -> None:
    spec = {"benchmark": "skab", "path": str(skab), "methods": ["pca-t2q"]}
    made = benchmark.run(Progress(), spec, workspace)
    app = open_page("papers", table="SKAB", measured=made["plan_id"][:12])
    assert not app.exception and not app.error
    measured, published = (frame.value for frame in app.dataframe)
    assert isinstance(measured, pd.DataFrame)
    assert list(measured["Category"]) == ["valve1/0", "other/14", "all"]
    assert measured["Value"].iloc[-1] > 0.8
    assert measured["Difference"].isna().all()
    assert "2 categories of 34" in " ".join(measured["No difference because"])
    assert len(published) == 10
    assert any("Not measured for want of data" in one.value for one in app.info)
    assert app.get("plotly_chart")


def test_a_job_measures_a_dataset_of_the_workspace(workspace: Workspace, skab: Path) -> None:
    from core.datasets import readers
    from core.store.datasets import DatasetStore

    row = DatasetStore(workspace).add(readers.read(skab, name="rig"))
    spec = {"benchmark": "skab", "dataset_id": row.id, "methods": ["pca-t2q"], "limit": 1}
    made = benchmark.run(Progress(), spec, workspace)
    again = benchmark.run(Progress(), spec | {"dataset_id": None, "path": str(skab)}, workspace)
    assert made == again


@pytest.mark.parametrize("spec", [{}, {"path": "/a", "dataset_id": "b"}])
def test_a_job_is_about_a_folder_or_a_dataset(workspace: Workspace, spec: dict[str, str]) -> None:
    with pytest.raises(Exception, match="a folder or a dataset is measured"):
        benchmark.TASK.checked({"benchmark": "skab", **spec})
