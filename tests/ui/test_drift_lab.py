"""The Drift lab: what it needs, a drift dialled in, what follows from it."""

from __future__ import annotations

import pytest

from core.store.workspace import Workspace
from tests.ui import stock
from tests.ui.conftest import Open
from tests.ui.test_sensors import pump_data, recordings, run_id, scored_pump  # noqa: F401 - fixtures


def test_without_recordings_it_leads_to_loading_some(open_page: Open) -> None:
    app = open_page("drift")
    assert not app.exception
    assert app.button(key="gate-load")


def test_a_drift_of_size_none_changes_nothing_and_a_gain_breaks_the_promise(
    open_page: Open,
    workspace: Workspace,
    run_id: str,  # noqa: F811
) -> None:
    app = open_page("drift", drift="gain", size="0")
    app.button(key="lab-load").click().run()
    assert not app.exception
    assert "No drift" in stock.texts(app)
    clean, drifted = (one.value for one in app.metric[2:4])
    assert clean == drifted
    app.slider(key="size").set_value(1.0).run()
    assert not app.exception
    assert "breaks" in stock.texts(app)
    found = app.dataframe[-1].value
    assert found["Noticed after, steps"].notna().any()
    assert set(found["View"]) == {"Sensors", "Bulk of the score"}


@pytest.mark.parametrize("bad", [{"drift": "x"}, {"size": "x"}, {"onset": "999"}, {"unit": "none"}, {"rate": "x"}])
def test_bad_links_fall_back(open_page: Open, run_id: str, bad: dict[str, str]) -> None:  # noqa: F811
    app = open_page("drift", **bad)
    assert not app.exception
    assert app.button(key="lab-load")
