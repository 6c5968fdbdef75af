"""What every page shares: the current dataset and model in the URL, the status bar, errors, and no torch."""

from __future__ import annotations

import subprocess
import sys
from unittest.mock import patch

import pytest

from core.datasets import readers
from core.errors import UserError
from core.jobs.table import JobTable
from core.settings import PROJECT
from core.store.datasets import DatasetRow, DatasetStore
from core.store.workspace import Workspace
from core.ui import nav, words
from tests.ui.conftest import Open


@pytest.mark.parametrize("name", nav.PAGES)
def test_every_page_opens_on_an_empty_workspace(open_page: Open, name: str) -> None:
    app = open_page(name)
    assert not app.exception
    assert not app.error


@pytest.mark.parametrize("name", nav.PAGES)
def test_every_page_opens_on_a_dataset_without_models(open_page: Open, parts: DatasetRow, name: str) -> None:
    app = open_page(name)
    assert not app.exception
    assert not app.error


@pytest.mark.parametrize("name", nav.PAGES)
def test_the_dataset_is_in_the_url(open_page: Open, parts: DatasetRow, name: str) -> None:
    assert open_page(name).query_params["dataset"] == parts.id[:12]


def test_a_link_chooses_the_dataset(
    open_page: Open, workspace: Workspace, parts: DatasetRow, tmp_path_factory: pytest.TempPathFactory
) -> None:
    from core.datasets.synthetic.parts import write_parts

    folder = tmp_path_factory.mktemp("other") / "other"
    write_parts(folder, seed=1, train=1, test_good=1, per_defect=0, size=96)
    newest = DatasetStore(workspace).add(readers.read(folder))
    assert open_page("data").title[0].value == newest.name
    assert open_page("data", dataset=parts.id[:12]).title[0].value == parts.name
    app = open_page("data", dataset=parts.id[:12])
    app.selectbox(key="status.dataset").select(newest.id).run()
    assert app.title[0].value == newest.name
    assert app.query_params["dataset"] == newest.id[:12]


@pytest.mark.parametrize("asked", ["0123456789ab", "", "%%", "ab"])
def test_a_link_to_an_unknown_dataset_falls_back(open_page: Open, parts: DatasetRow, asked: str) -> None:
    app = open_page("data", dataset=asked)
    assert not app.exception
    assert app.title[0].value == parts.name
    assert "The dataset in this link is not in this workspace. You are looking at «parts»" in app.warning[0].value
    assert app.query_params["dataset"] == parts.id[:12]


def test_waiting_jobs_are_in_the_status_bar(open_page: Open, workspace: Workspace) -> None:
    JobTable(workspace).submit("sample", {"sample": "parts"}, title="Draw the sample parts")
    app = open_page("data")
    assert not app.exception
    assert any("Draw the sample parts" in str(bar.text) for bar in app.get("progress"))


def test_a_mendable_error_is_one_sentence(open_page: Open) -> None:
    with patch("core.ui.onboarding.hero", side_effect=UserError("No more room", "/data", "Free some space")):
        app = open_page("start")
    assert [error.value for error in app.error] == [words.plain("No more room (/data). Free some space.")]
    assert not app.exception


def test_a_bug_shows_a_number_that_is_in_the_log(open_page: Open, caplog: pytest.LogCaptureFixture) -> None:
    with patch("core.ui.onboarding.hero", side_effect=ZeroDivisionError("secret detail")):
        app = open_page("start")
    (shown,) = [error.value for error in app.error]
    assert "secret detail" not in shown
    number = shown.split("**")[1]
    assert any(number in record.getMessage() and record.exc_info for record in caplog.records)


def test_the_pages_import_neither_torch_nor_sklearn() -> None:
    code = (
        "import runpy, sys, pathlib\n"
        "import core.ui.main, app\n"
        "for page in sorted(pathlib.Path('pages').glob('*.py')): runpy.run_path(str(page))\n"
        "heavy = {'torch', 'torchvision', 'sklearn', 'scipy', 'skops', 'statsmodels', 'captum'} & set(sys.modules)\n"
        "print('heavy:', sorted(heavy))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=False)
    assert "heavy: []" in done.stdout, done.stdout + done.stderr[-2000:]


def test_what_was_just_removed_is_no_broken_link(open_page: Open, workspace: Workspace, parts: DatasetRow) -> None:
    app = open_page("data", dataset=parts.id[:12])
    app.button(key="remove").click().run()
    assert not app.warning
    app.button(key="undo-remove").click().run()
    assert not app.warning
    assert app.query_params["dataset"] == parts.id[:12]
