"""Tables whose columns are asked for: guessed, corrected, remembered when they worked, kept when they did not."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Selectbox

from core.datasets.mapping import TableMapping, signature
from core.errors import UserError
from core.jobs.table import JobTable
from core.jobs.tasks import importing
from core.progress import Progress
from core.store.datasets import DatasetStore
from core.store.mappings import MappingStore
from core.store.workspace import Workspace
from core.ui.dataset import columns, meanings, pending
from tests.ui import stock
from tests.ui.conftest import Open

TABLE = "time;asset;pressure;flow;note;label\n" + "".join(
    f"2025-01-01 00:{k // 60:02}:{k % 60:02};{'AB'[k // 60]};{k % 7},5;{k % 5}.0;ok;{int(k == 100)}\n"
    for k in range(120)
)


@pytest.fixture
def asked(open_page: Open) -> AppTest:
    """The form for a table that was dropped."""
    app = open_page("data", add="Recordings")
    app.file_uploader[0].upload("plant.csv", TABLE.encode()).run()
    assert not app.exception
    return app


def chosen(app: AppTest, label: str) -> Selectbox:
    return next(box for box in app.selectbox if box.label == label)


def imported(app: AppTest) -> None:
    next(button for button in app.button if button.label == "Import").click().run()
    assert not app.exception


def test_the_guess_is_shown_with_its_reasons(asked: AppTest) -> None:
    assert "What do the columns of «plant" in stock.texts(asked)
    assert "«time» is the time, written as dates" in stock.texts(asked).replace("\\", "")
    assert (chosen(asked, "Time").value, chosen(asked, "Machine or run").value) == ("time", "asset")
    assert chosen(asked, "Label").value == "label"
    assert chosen(asked, "Between columns").value == ";"
    assert list(asked.dataframe[0].value.columns) == ["time", "asset", "pressure", "flow", "note", "label"]


def test_what_is_said_becomes_the_import(asked: AppTest, workspace: Workspace) -> None:
    chosen(asked, "Time zone").set_value("Europe/Berlin")
    next(field for field in asked.text_input if field.label == "Name of the dataset").set_value("Plant 7")
    imported(asked)
    (job,) = JobTable(workspace).list()
    mapping = TableMapping.model_validate(job.spec["mapping"])
    assert (job.kind, job.title, job.spec["name"], job.spec["owned"]) == ("import", "Import Plant 7", "Plant 7", True)
    assert (mapping.time, mapping.unit, mapping.label, mapping.zone) == ("time", "asset", "label", "Europe/Berlin")
    assert (mapping.separator, set(mapping.sensors)) == (";", {"pressure", "flow"})
    found = importing.run(Progress(), job.spec, workspace)
    row = DatasetStore(workspace).row(found["dataset_id"])
    assert (row.name, row.modality, row.n_steps) == ("Plant 7", "series", 120)
    assert not Path(job.spec["path"]).exists()


def test_what_worked_is_remembered_for_the_next_table(asked: AppTest, workspace: Workspace, open_page: Open) -> None:
    mark = signature(pending_file(asked, workspace))
    chosen(asked, "Time zone").set_value("Asia/Tokyo")
    imported(asked)
    table = JobTable(workspace)
    (job,) = table.list()
    assert MappingStore(workspace).get(mark) is None  # not before it has worked
    stock.end(workspace, job.id, "succeeded", result=importing.run(Progress(), job.spec, workspace))
    asked.run()
    assert "columns" not in asked.query_params
    remembered = MappingStore(workspace).get(mark)
    assert remembered is not None
    assert remembered.zone == "Asia/Tokyo"
    app = open_page("data", add="Recordings")
    app.file_uploader[0].upload("another.csv", TABLE.encode()).run()
    assert chosen(app, "Time zone").value == "Asia/Tokyo"
    assert "as it was said for the last table" in stock.texts(app)
    app.button(key="guess-anew").click().run()
    assert chosen(app, "Time zone").value == "UTC"


def pending_file(app: AppTest, workspace: Workspace) -> Path:
    token = app.query_params[pending.PARAM].removeprefix("upload:")
    return next((workspace.uploads / token).iterdir())


def test_a_failed_import_keeps_the_table_and_what_was_said(asked: AppTest, workspace: Workspace) -> None:
    chosen(asked, "Time").set_value("pressure")
    imported(asked)
    table = JobTable(workspace)
    (job,) = table.list()
    with pytest.raises(UserError):
        importing.run(Progress(), job.spec, workspace)
    stock.end(workspace, job.id, "failed", error="The time is no time", hint="Map another column")
    asked.run()
    assert "The time is no time\\. Map another column" in stock.texts(asked)
    assert chosen(asked, "Time").value == "pressure"
    assert pending_file(asked, workspace).is_file()
    chosen(asked, "Time").set_value("time")
    imported(asked)
    assert TableMapping.model_validate(table.list()[0].spec["mapping"]).time == "time"


def test_two_meanings_for_a_column_are_refused_in_place(asked: AppTest, workspace: Workspace) -> None:
    chosen(asked, "Label").set_value("time")
    imported(asked)
    assert "The columns are not clear" in stock.texts(asked)
    assert JobTable(workspace).list() == []


def test_another_separator_gives_other_columns(asked: AppTest, workspace: Workspace) -> None:
    chosen(asked, "Between columns").set_value(",").run()
    assert not asked.exception
    assert list(asked.dataframe[0].value.columns) == ["time;asset;pressure;flow;note;label"]
    imported(asked)
    assert "No column is a sensor" in stock.texts(asked)
    assert JobTable(workspace).list() == []


def test_it_can_be_discarded(asked: AppTest) -> None:
    asked.button(key="discard-columns").click().run()
    assert not asked.exception
    assert "columns" not in asked.query_params
    assert "No data yet" in stock.texts(asked)


def test_the_link_opens_the_form_again(asked: AppTest, open_page: Open) -> None:
    app = open_page("data", columns=asked.query_params[pending.PARAM])
    assert "What do the columns of «plant" in stock.texts(app)


@pytest.mark.parametrize("link", ["upload:nonsense", "upload:", "upload:..", "/etc/passwd", "relative"])
def test_a_link_to_no_table_is_told(open_page: Open, workspace: Workspace, link: str) -> None:
    app = open_page("data", columns=link)
    assert not app.exception
    assert len(app.error) == 1
    assert "No data yet" in stock.texts(app)


def test_a_path_to_a_table_is_asked_about(open_page: Open, workspace: Workspace, tmp_path: Path) -> None:
    (tmp_path / "plant.csv").write_text(TABLE)
    app = open_page("data", add="Path")
    next(field for field in app.text_input if field.label == "Path on the server").input(str(tmp_path / "plant.csv"))
    next(button for button in app.button if button.label == "Read it").click().run()
    assert "What do the columns of «plant" in stock.texts(app)
    imported(app)
    (job,) = JobTable(workspace).list()
    assert (job.spec["path"], job.spec["owned"]) == (str(tmp_path / "plant.csv"), False)


def test_zipped_tables_are_asked_about(open_page: Open, workspace: Workspace) -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        for name in ("a.csv", "b.csv"):
            file.writestr(f"line 3/{name}", TABLE)
    app = open_page("data", add="Zip")
    app.file_uploader[0].upload("tables.zip", archive.getvalue()).run()
    assert "The first of 2 tables" in stock.texts(app)
    imported(app)
    (job,) = JobTable(workspace).list()
    assert sorted(path.name for path in Path(job.spec["path"]).rglob("*.csv")) == ["a.csv", "b.csv"]
    assert not list(workspace.uploads.rglob("*.zip"))


def test_a_table_that_is_none_is_told(open_page: Open, workspace: Workspace) -> None:
    app = open_page("data", add="Recordings")
    app.file_uploader[0].upload("empty.csv", b"").run()
    assert not app.exception
    assert "empty" in stock.texts(app)


def test_no_sensor_is_refused() -> None:
    said = {"time": "t", "unit": None, "label": None}
    with pytest.raises(UserError, match="No column is a sensor"):
        columns.checked(said, {"t": "sensor", "x": "leave out"})
    mapping = columns.checked(said, {"t": "sensor", "x": "sensor", "y": "condition"})
    assert (mapping.sensors, mapping.conditions) == (("x",), ("y",))


def test_what_was_chosen_above_is_said_to_be() -> None:
    start = TableMapping(time="t", unit=None, label="y", sensors=("x",), conditions=("c",))
    seen = pd.DataFrame(columns=["t", "x", "c", "y", "remark"], dtype="string")
    assert meanings._roles(start, seen) == [meanings.ABOVE, "sensor", "condition", meanings.ABOVE, "leave out"]


def test_rows_of_other_lengths_can_be_looked_at(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("a,b\n1,2\n3\n4,5,6\n")
    found = meanings.reread(tmp_path / "x.csv", ",")
    assert found.to_numpy().tolist() == [["1", "2"], ["3", ""], ["4", "5"]]
