"""The Drift lab: what it needs, a drift dialled in, what follows from it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from core.detectors import registry
from core.drift import imagelab, noticed
from core.drift.detectors import DETECTORS
from core.drift.imagefeatures import Looks, light
from core.progress import Progress
from core.store.datasets import DatasetRow, DatasetStore
from core.store.workspace import Workspace
from tests.store import toy
from tests.ui import stock
from tests.ui.conftest import Open
from tests.ui.test_sensors import pump_data, recordings, run_id, scored_pump  # noqa: F401 - fixtures


def _without_network(pictures: Sequence[NDArray[np.uint8]], progress: Progress) -> Looks:
    return Looks(np.array([light(one) for one in pictures]), np.zeros((len(pictures), 2)))


def test_photographs_are_judged_before_and_after_a_drift(
    open_page: Open, workspace: Workspace, parts: DatasetRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three good photographs: enough to see what a drift does, too few to tell who notices it."""
    monkeypatch.setitem(registry.REGISTRY, "toy", toy.INFO)
    monkeypatch.setattr(imagelab, "FEWEST_GOOD", 2)
    monkeypatch.setattr(imagelab, "looks", _without_network)
    stock.toy_model(workspace, parts)
    app = open_page("drift", drift="Vignette", size="0")
    app.button(key="lab-load").click().run()
    assert not app.exception
    values = {one.label: one.value for one in app.metric}
    assert values["False alarms as they are"] == values["False alarms with the drift"]
    assert values["Missed as they are"] == values["Missed with the drift"]
    assert "too few to tell what is usual" in stock.texts(app)
    assert "no detector of logs" in stock.texts(app)
    app.slider(key="size").set_value(2.0).run()
    assert not app.exception
    assert "corners lose" in stock.texts(app)
    assert "found without it" in stock.texts(app)
    assert "and 7 bad ones" in stock.texts(app)
    store = DatasetStore(workspace)
    out = next(item.name for item in store.get(parts.id).items if item.label == "bad")
    store.set_excluded(parts.id, [out], True)
    app.run()
    assert not app.exception
    assert "and 6 bad ones" in stock.texts(app), "what somebody took out plays no part"


def test_a_model_that_has_seen_every_good_photograph_cannot_be_tried(
    open_page: Open, workspace: Workspace, parts: DatasetRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(registry.REGISTRY, "toy", toy.INFO)
    stock.toy_model(workspace, parts)
    app = open_page("drift")
    app.button(key="lab-load").click().run()
    assert "too few to try a drift on" in stock.texts(app)


def test_without_data_it_leads_to_loading_some(open_page: Open) -> None:
    app = open_page("drift")
    assert not app.exception
    assert app.button(key="gate-load")


def test_a_drift_of_size_none_changes_nothing_and_a_gain_breaks_the_promise(
    open_page: Open,
    workspace: Workspace,
    run_id: str,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """By the quick ones of the detectors, which are all tested elsewhere."""
    quick = {name: DETECTORS[name] for name in ("ks-holm", "page-hinkley", "adwin")}
    monkeypatch.setattr(noticed, "DETECTORS", quick)
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
