"""Latent space: what it needs, both views, links that lead nowhere; torch only when it is opened."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from core.datasets import readers
from core.detectors import registry
from core.detectors.calibration import Calibration
from core.detectors.training import Fitted
from core.progress import Progress
from core.store.datasets import DatasetRow, DatasetStore
from core.store.modelfolder import write_model
from core.store.models import ModelRow, ModelStore
from core.store.workspace import Workspace
from core.ui.latent import space
from tests.ui import stock
from tests.ui.conftest import Open

SMALL = {"width": 4, "latent": 2, "epochs": 1, "batch_size": 2}


@pytest.fixture(scope="module")
def fitted(parts_folder: Path) -> Fitted:
    """A small VAE after one epoch: it draws hardly more than noise, but it draws."""
    data = readers.read(parts_folder, name="parts").normals()
    params = registry.parameters(space.DETECTOR, SMALL)
    detector = registry.build(space.DETECTOR, params, seed=0)
    detector.fit(data, Progress())
    scores = np.arange(1.0, 5.0)
    calibration = Calibration(scores, scores, 0.0, "held-out")
    roles = {item.sha256: "fit" for item in data.items}
    return Fitted(space.DETECTOR, detector, params, 0, calibration, roles, 0.1, 64.0)


@pytest.fixture
def vae(workspace: Workspace, parts: DatasetRow, fitted: Fitted) -> ModelRow:
    data = DatasetStore(workspace).get(parts.id)
    with workspace.temporary() as staging:
        write_model(staging / "model", fitted, name="Small VAE", dataset=data)
        return ModelStore(workspace).add(staging / "model", "Small VAE")


def test_without_a_vae_it_leads_to_training_one(open_page: Open, parts: DatasetRow) -> None:
    app = open_page("latent")
    assert not app.exception
    assert "No VAE yet" in app.subheader[0].value
    app.button(key="latent-empty").click().run()
    assert "Settings of Convolutional VAE" in stock.texts(app)


def test_both_views(open_page: Open, vae: ModelRow) -> None:
    app = open_page("latent")
    assert not app.exception
    assert "Parts that were never photographed" in stock.texts(app)
    assert "**Redrawn at 50\u00a0%**" in stock.texts(app)


def test_position_seed_and_temperature_come_from_the_link(open_page: Open, vae: ModelRow) -> None:
    app = open_page("latent", between="75", temperature="0.5", **{"sample-seed": "3"})
    assert not app.exception
    assert "**Redrawn at 75\u00a0%**" in stock.texts(app)
    assert (app.slider(key="temperature").value, app.number_input(key="sample-seed").value) == (0.5, 3)
    app.button(key="draw-others").click().run()
    assert app.number_input(key="sample-seed").value == 4


def test_parts_come_from_the_link(open_page: Open, vae: ModelRow, parts: DatasetRow, workspace: Workspace) -> None:
    items = DatasetStore(workspace).get(parts.id).items
    app = open_page("latent", **{"from": items[3].name, "to": items[4].name})
    captions = [caption.value.replace("\\", "") for caption in app.caption]
    assert items[3].name in captions
    assert items[4].name in captions


def test_bad_links_fall_back(open_page: Open, vae: ModelRow) -> None:
    app = open_page("latent", vae="nonsense", between="900", temperature="hot", **{"from": "gone.png"})
    assert not app.exception
    assert "**Redrawn at 50\u00a0%**" in stock.texts(app)


def test_pictures_are_the_same_for_the_same_seed(vae: ModelRow) -> None:
    first = space.samples(vae, 2, 1.0, 5)
    space._samples.clear()
    assert space.samples(vae, 2, 1.0, 5) == first
    assert len(first) == 2
