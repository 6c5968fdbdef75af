"""Layers over photographs: colours that mean the same at every time, and a second sign for what is called rust."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from core.charts import rustlayers
from core.charts.palette import ANOMALOUS

HUE = tuple(int(ANOMALOUS[i : i + 2], 16) for i in (1, 3, 5))


def blob() -> np.ndarray:
    mask = np.zeros((120, 160), np.uint8)
    cv2.circle(mask, (80, 60), 40, 1, -1)
    return mask.astype(bool)


def test_a_heatmap_is_clear_where_nothing_is_and_brighter_where_more_is() -> None:
    ramp = np.tile(np.linspace(0, 1, 100, dtype=np.float32), (20, 1))
    layer = rustlayers.heat_layer(ramp).rgba
    alpha = layer[0, :, 3].astype(int)
    assert alpha[0] == 0
    assert (np.diff(alpha) >= 0).all()
    assert layer[0, -1, :3].sum() > layer[0, 40, :3].sum()


def test_the_same_evidence_has_the_same_colour_in_every_picture() -> None:
    early, late = np.full((8, 8), 0.6, np.float32), np.full((8, 8), 1.0, np.float32)
    late[:4] = 0.6
    assert (rustlayers.heat_layer(early).rgba[0] == rustlayers.heat_layer(late).rgba[0]).all()


@pytest.mark.parametrize("evidence", [0.0, 0.3, 0.48])
def test_a_good_part_stays_calm(evidence: float) -> None:
    layer = rustlayers.heat_layer(np.full((8, 8), evidence, np.float32)).rgba[0, 0]
    assert layer[3] <= 40
    assert np.ptp(layer[:3].astype(int)) < 30


def test_rust_is_hatched_and_outlined_within_its_mask() -> None:
    mask = blob()
    layer = rustlayers.rust_layer(mask)
    assert layer.index.shape == mask.shape
    inside = cv2.erode(mask.astype(np.uint8), np.ones((5, 5), np.uint8)).astype(bool)
    assert set(np.unique(layer.index[inside])) == {rustlayers.FILL, rustlayers.STRIPE}
    assert (layer.rgba[inside][:, :3] == HUE).all()
    far = ~cv2.dilate(mask.astype(np.uint8), np.ones((5, 5), np.uint8)).astype(bool)
    assert not layer.rgba[far][:, 3].any()
    assert (layer.index == rustlayers.EDGE).any()


def test_what_is_no_part_is_veiled() -> None:
    layer = rustlayers.part_layer(blob()).rgba
    assert layer[60, 80, 3] == 0
    assert layer[0, 0, 3] > 0


def test_large_pictures_are_shrunk_small_ones_left_alone() -> None:
    assert rustlayers.fitted(1920, 1440) == (960, 720)
    assert rustlayers.fitted(100, 50) == (100, 50)
    assert rustlayers.rust_layer(np.zeros((1440, 1920), bool)).rgba.shape == (720, 960, 4)


def test_a_layer_survives_its_png() -> None:
    for layer in (rustlayers.rust_layer(blob()), rustlayers.heat_layer(blob().astype(np.float32))):
        back = rustlayers.decode_layer(rustlayers.encode_layer(layer))
        assert (back.rgba == layer.rgba).all()


def test_beneath_a_layer_the_photograph_is_grey() -> None:
    photo = np.full((120, 160, 3), (200, 100, 40), np.uint8)
    flat = rustlayers.flattened(photo, rustlayers.rust_layer(blob()))
    assert len(set(flat[0, 0].tolist())) == 1
    assert flat[60, 80, 0] > flat[60, 80, 2]
    assert rustlayers.flattened(photo, None) is photo


def test_a_veil_leaves_the_part_its_colours() -> None:
    photo = np.full((120, 160, 3), (200, 100, 40), np.uint8)
    veiled = rustlayers.covered(photo, rustlayers.part_layer(blob()))
    assert (veiled[60, 80] == photo[60, 80]).all()
    assert veiled[0, 0].sum() < photo[0, 0].sum()
