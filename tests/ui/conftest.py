"""The app under Streamlit's own test driver, on a workspace of its own."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest

from core.datasets import readers
from core.datasets.synthetic.parts import write_parts
from core.settings import PROJECT, settings
from core.store.datasets import DatasetRow, DatasetStore
from core.store.workspace import Workspace

ROUTER = str(PROJECT / "core" / "ui" / "main.py")
Open = Callable[..., AppTest]
PATIENCE_S = 200  # many times what a free machine needs


@pytest.fixture(scope="session", autouse=True)
def _installed_once() -> Iterator[None]:
    """Every ``AppTest`` reads the metadata of all installed packages for components of theirs: six times the page's own
    work. They are the same for every test, so that they are read once."""
    with pytest.MonkeyPatch.context() as patch:
        once = functools.cache(manifest_scanner.scan_component_manifests)
        patch.setattr(manifest_scanner, "scan_component_manifests", once)
        yield


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workspace]:
    """The empty workspace that the app will use; typed paths may lie in the test's folder."""
    monkeypatch.setenv("FAULTLINE_DATA_DIR", str(tmp_path / "workspace"))
    monkeypatch.setenv("FAULTLINE_ALLOWED_ROOTS", f'["{tmp_path}"]')
    settings.cache_clear()
    st.cache_data.clear()
    st.cache_resource.clear()
    yield Workspace.default()
    settings.cache_clear()


@pytest.fixture(scope="session")
def parts_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Small sample parts: 6 good to learn from, 3 good and 7 bad to test on."""
    folder = tmp_path_factory.mktemp("samples") / "parts"
    write_parts(folder, train=6, test_good=3, per_defect=1, size=96)
    return folder


@pytest.fixture
def parts(workspace: Workspace, parts_folder: Path) -> DatasetRow:
    """The small sample parts in the workspace."""
    return DatasetStore(workspace).add(readers.read(parts_folder, name="parts"))


@pytest.fixture
def open_page(workspace: Workspace) -> Open:
    """Open a page by its file's name, with a query string: ``open_page("data", section="Copies")``."""

    def opened(name: str, **query: str) -> AppTest:
        app = AppTest.from_file(ROUTER, default_timeout=PATIENCE_S)
        for key, value in query.items():
            app.query_params[key] = value
        return app.switch_page(f"../../pages/{name}.py").run()

    return opened
