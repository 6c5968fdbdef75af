"""Pages for one kind of data, opened with the other, or with none."""

from __future__ import annotations

import pytest

from core.store.datasets import DatasetRow, DatasetStore
from core.store.workspace import Workspace
from core.ui import gates, nav
from tests.ui import recordings, stock
from tests.ui.conftest import Open


@pytest.fixture
def pumps(workspace: Workspace) -> DatasetRow:
    return DatasetStore(workspace).add(recordings.machines())


@pytest.mark.parametrize("name", ["inspect", "check", "latent"])
def test_pages_for_photographs_lead_to_sensors(open_page: Open, pumps: DatasetRow, name: str) -> None:
    app = open_page(name)
    assert not app.exception
    assert "«pumps» holds recordings" in stock.texts(app)
    assert app.button(key="gate-other").label == f"Open {nav.PAGES['sensors'][0]}"


def test_sensors_leads_to_inspect(open_page: Open, parts: DatasetRow) -> None:
    app = open_page("sensors")
    assert not app.exception
    assert "«parts» holds photographs" in stock.texts(app)
    assert app.button(key="gate-other").label == f"Open {nav.PAGES['inspect'][0]}"


def test_without_data_each_leads_to_its_own_form(open_page: Open, workspace: Workspace) -> None:
    for name, kind, form in (
        ("inspect", gates.KINDS["image"], "Photographs"),
        ("sensors", gates.KINDS["series"], "Recordings"),
    ):
        app = open_page(name)
        assert app.button(key="gate-load").label == kind.button
        app.button(key="gate-load").click().run()
        assert not app.exception
        assert [uploader.label for uploader in app.file_uploader] == [form]


@pytest.mark.parametrize("name", [name for name in nav.PAGES if name != "live"])
def test_every_page_opens_on_recordings_without_models(open_page: Open, pumps: DatasetRow, name: str) -> None:
    app = open_page(name)
    assert not app.exception
    assert not app.error


def test_the_bar_counts_in_the_words_of_the_data(open_page: Open, pumps: DatasetRow, parts: DatasetRow) -> None:
    app = open_page("models", dataset=pumps.id[:12])
    options = app.selectbox(key="status.dataset").options
    assert {"pumps · 4 recordings · 2,400 steps", "parts · 16 images"} == set(options)
