"""Rust: from photographs to a forecast, as far as a page without a browser goes."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from core.charts.rusttime import unit_of
from core.datasets.synthetic.rust import write_rust
from core.jobs.table import JobTable
from core.jobs.tasks import rust
from core.progress import Progress
from core.severity.correction import Correction
from core.severity.settings import RustSettings
from core.severity.types import Forecast
from core.store.rustanalyses import RustAnalysisRow, RustAnalysisStore
from core.store.rustphotos import RustPhotoStore, RustSetRow
from core.store.workspace import Workspace
from core.ui.rust import lasso, wording
from tests.ui import stock
from tests.ui.conftest import Open

QUICK = RustSettings(measures=("colour",), side=160, resamples=100)


@pytest.fixture(scope="session")
def photographs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two flanges at five times from one side; the second does not rust."""
    folder = tmp_path_factory.mktemp("rust") / "flanges"
    write_rust(folder, parts=2, weeks=4, views=1, size=160)
    return folder


@pytest.fixture
def photo_set(workspace: Workspace, photographs: Path) -> RustSetRow:
    return RustPhotoStore(workspace).add(photographs, "Flanges")


@pytest.fixture(scope="session")
def analysed(tmp_path_factory: pytest.TempPathFactory, photographs: Path) -> tuple[Path, str]:
    """A workspace in which they are analysed, to copy from; the id of the analysis."""
    made = Workspace(tmp_path_factory.mktemp("rust") / "workspace")
    spec = rust.from_set(made, RustPhotoStore(made).add(photographs, "Flanges").id, QUICK)
    return made.root, rust.run(Progress(), spec, made)["analysis_id"]


@pytest.fixture
def analysis(workspace: Workspace, analysed: tuple[Path, str]) -> RustAnalysisRow:
    """The analysis in the workspace of the test."""
    root, found = analysed
    shutil.copytree(root / "rust", workspace.root / "rust", dirs_exist_ok=True)
    with sqlite3.connect(root / "index.sqlite") as source, sqlite3.connect(workspace.index) as here:
        source.backup(here)
    source.close()
    here.close()
    return RustAnalysisStore(workspace).row(found)


def test_an_empty_workspace_offers_photographs_and_the_sample(open_page: Open, workspace: Workspace) -> None:
    app = open_page("rust")
    assert not app.exception
    assert app.get("file_uploader")
    app.button(key="rust-sample").click().run()
    assert [(job.kind, job.spec["seed"]) for job in JobTable(workspace).list()] == [("rust-demo", 0)]
    assert "Rusting flanges" in stock.texts(app)


def test_a_drop_becomes_a_job_and_its_result_a_table(
    open_page: Open, workspace: Workspace, photo_set: RustSetRow, photographs: Path
) -> None:
    app = open_page("rust")
    files = sorted(photographs.glob("*.png"))
    for path in files:
        app.file_uploader[0].upload(path.name, path.read_bytes(), "image/png")
    app.run()
    (job,) = JobTable(workspace).list()
    assert (job.kind, len(list(Path(job.spec["path"]).iterdir()))) == ("rust-photos", len(files))
    stock.end(workspace, job.id, "succeeded", result={"set_id": photo_set.id})
    app.run()
    assert not app.exception
    assert photo_set.id in app.query_params["photos"]
    assert "2 parts**, 5 times, 10 photographs" in stock.texts(app)


def test_the_table_starts_the_analysis_with_its_settings(
    open_page: Open, workspace: Workspace, photo_set: RustSetRow
) -> None:
    app = open_page("rust", photos=photo_set.id)
    assert not app.exception
    app.multiselect(key=f"rust-new-{photo_set.id}-measures").set_value(["colour"]).run()
    app.button(key="rust-go").click().run()
    (job,) = JobTable(workspace).list()
    assert (job.kind, job.spec["set_id"]) == ("rust", photo_set.id)
    assert job.spec["settings"]["measures"] == ["colour"]
    assert len(job.spec["rows"]) == 10


def test_photographs_that_are_not_there_are_told(open_page: Open, workspace: Workspace) -> None:
    app = open_page("rust", photos="unknown")
    assert not app.exception
    assert "not in the workspace" in app.error[0].value


def test_the_scene_tells_state_and_forecast_of_the_worst_part(open_page: Open, analysis: RustAnalysisRow) -> None:
    app = open_page("rust")
    assert not app.exception
    assert app.selectbox(key="part").value == "Flange A"
    sent = stage(app)
    assert [moment["when"] for moment in sent["moments"]] == ["Day 0", "Day 7", "Day 14", "Day 21", "Day 28"]
    first, last = sent["moments"][0], sent["moments"][-1]
    assert first["told"] == "0\u00a0% rusted"
    assert first["forecast"] == ""
    assert "The limit of 8\u00a0%" in last["forecast"]
    assert last["status"]["name"] == "rusting"
    assert {"photo", "rust", "heat"} <= set(last)
    assert sent["start"] == 4


def test_a_link_brings_part_time_and_limit_back(open_page: Open, analysis: RustAnalysisRow) -> None:
    app = open_page("rust", part="Flange B", time="168", limit="3", over="rust", swipe="1")
    sent = stage(app)
    assert "Flange B" in sent["id"]
    assert (sent["start"], sent["layer"], sent["swipe"]) == (1, "rust", True)
    assert "limit 3\u00a0%" in sent["moments"][0]["curve"] or "3\u00a0%" in sent["moments"][-1]["forecast"]


@pytest.mark.parametrize(
    "bad", [{"part": "none"}, {"time": "x"}, {"over": "x"}, {"limit": "x"}, {"analysis": "0" * 12}]
)
def test_bad_links_fall_back(open_page: Open, analysis: RustAnalysisRow, bad: dict[str, str]) -> None:
    app = open_page("rust", **bad)
    assert not app.exception
    assert stage(app)["moments"]


def test_an_analysis_of_another_version_leads_back_to_its_photographs(
    open_page: Open, workspace: Workspace, analysis: RustAnalysisRow
) -> None:
    (workspace.rust_analyses / analysis.id / "judged.json").write_text("{}")
    app = open_page("rust")
    assert "another version" in app.error[0].value
    app.button(key="rust-reopen").click().run()
    assert not app.exception
    assert "10 photographs" in stock.texts(app)


@pytest.mark.parametrize(
    ("view", "said"),
    [
        ("All parts", "Flange B"),
        ("Measures", "gives grades and forecast"),
        ("Outline of the part", "of the photograph"),
        ("Analyse again", "Analyse again"),
        ("Take along", "Take along"),
    ],
)
def test_every_view_opens(open_page: Open, analysis: RustAnalysisRow, view: str, said: str) -> None:
    app = open_page("rust", more=view)
    assert not app.exception
    assert said in stock.texts(app)


def test_a_corrected_outline_is_kept_and_asks_for_another_analysis(
    open_page: Open, workspace: Workspace, analysis: RustAnalysisRow
) -> None:
    app = open_page("rust", more="Outline of the part", time="0")
    assert app.button(key="rust-mask-go").disabled
    app.slider(key="rust-shift-Flange A-T0-1").set_value(5.0).run()
    assert not app.exception
    kept = RustPhotoStore(workspace).corrections(analysis.set_id)
    assert kept == {"Flange A-T0-1": Correction(shift=5.0)}
    app.button(key="rust-mask-go").click().run()
    (job,) = JobTable(workspace).list()
    assert job.spec["corrections"] != {}
    assert job.spec["settings"]["side"] == 160


def test_the_outline_as_it_was_found_comes_back(
    open_page: Open, workspace: Workspace, analysis: RustAnalysisRow
) -> None:
    store = RustPhotoStore(workspace)
    store.set_corrections(analysis.set_id, {"Flange A-T0-1": Correction(shift=5.0)})
    app = open_page("rust", more="Outline of the part", time="0")
    app.button(key="rust-mask-reset").click().run()
    assert not app.exception
    assert store.corrections(analysis.set_id) == {}


@pytest.mark.parametrize(
    "sent", [None, "x", [], [[0, 0], [1, 1]], [[0, 0], [1, 1], [2, 2]], [[0, 0], [1, 1], ["x", 0]], [1, 2, 3]]
)
def test_what_is_no_polygon_is_passed_over(sent: object) -> None:
    assert lasso.polygon(sent) is None
    assert lasso.polygon([[0, 0], [1, 0], [0, 1.0]]) == ((0.0, 0.0), (1.0, 0.0), (0.0, 1.0))


def test_what_the_page_reads_with_loads_no_heavy_library(workspace: Workspace, analysis: RustAnalysisRow) -> None:
    code = (
        "import sys; from core.ui.rust import outlook, page, story; from core.severity import forecast\n"
        "row, = story.rows(); told = story.load(row)\n"
        "outlook.under(told.parts[0], outlook.Rules(0.1, None, None), told.settings, told.id)\n"
        "print([name for name in ('torch', 'sklearn', 'scipy', 'statsmodels', 'captum') if name in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def stage(app):  # type: ignore[no-untyped-def]
    """What the stage was sent."""
    (component,) = app.get("bidi_component")
    return json.loads(component.proto.json)


def test_a_limit_that_is_met_within_the_noise_is_not_told_to_lie_ahead() -> None:
    result: Any = SimpleNamespace(forecast=Forecast(0.08, 500.0, share_reached=0.48, observed=True))
    assert wording.forecast_words(result, unit_of(336.0)).startswith("The limit of 8\u00a0% may have been reached")
    assert wording.interval_words(result, unit_of(336.0)) == "48\u00a0% of the resampled courses reach it."
