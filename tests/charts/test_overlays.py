"""Overlays: calm below the limit, the same colour for the same value on every picture."""

from __future__ import annotations

import time

import cv2
import numpy as np
import pytest

from core.charts import overlays
from core.charts.overlays import encode_jpeg, encode_png, outlines, overlay

GREY = np.full((64, 96, 3), 128, np.uint8)
SCALE = {"median": 1.0, "limit": 2.0}


def flat(value: float) -> np.ndarray:
    return np.full((8, 12), value, np.float32)


@pytest.mark.parametrize("value", [-50.0, 0.0, 1.0, 1.5])
def test_usual_values_leave_the_picture_as_it_is(value):
    assert np.array_equal(overlay(GREY, flat(value), **SCALE), GREY)


def test_just_below_the_limit_there_is_no_hue():
    shown = overlay(GREY, flat(1.98), **SCALE).astype(int)
    assert np.ptp(shown, axis=2).max() <= 2
    assert np.abs(shown - 128).max() < 8


def layer(value: float) -> tuple[np.ndarray, float]:
    """Colour and opacity of a value, from the same map over black and over white."""
    black, white = (
        overlay(np.full((4, 4, 3), ground, np.uint8), flat(value), outline=False, **SCALE)[0, 0].astype(float)
        for ground in (0, 255)
    )
    opacity = 1 - float(np.mean(white - black)) / 255
    return black / opacity, opacity


def test_above_the_limit_the_hue_is_vermillion_and_grows_lighter_and_more_opaque():
    layers = [layer(value) for value in (2.05, 2.5, 3.0, 3.5, 4.0)]
    for (red, green, blue), _ in layers:
        assert red > 1.5 * green > 1.5 * blue
    lightness = [0.2126 * r + 0.7152 * g + 0.0722 * b for (r, g, b), _ in layers]
    assert lightness == sorted(lightness)
    assert [opacity for _, opacity in layers] == sorted(opacity for _, opacity in layers)
    assert np.array_equal(overlay(GREY, flat(4), **SCALE), overlay(GREY, flat(4000), **SCALE))


def test_colours_do_not_depend_on_the_rest_of_the_picture():
    calm, loud = flat(1.0), flat(1.0)
    calm[:, :4] = loud[:, :4] = 2.6
    loud[:, 10:] = 900
    shown = [overlay(GREY, found, outline=False, **SCALE) for found in (calm, loud)]
    assert np.array_equal(shown[0][:, :40], shown[1][:, :40])


def test_opacity_scales_and_the_input_is_kept():
    before = GREY.copy()
    assert np.array_equal(overlay(GREY, flat(9), opacity=0, outline=False, **SCALE), GREY)
    half, full = (overlay(GREY, flat(9), opacity=opacity, **SCALE).astype(int) for opacity in (0.5, 1.0))
    assert np.abs(half - 128).sum() < np.abs(full - 128).sum()
    assert np.array_equal(GREY, before)


def test_outlines_are_drawn_where_they_belong():
    found = flat(1.0)
    found[:, :6] = 5
    with_line = overlay(GREY, found, **SCALE)
    without = overlay(GREY, found, outline=False, **SCALE)
    changed = (with_line != without).any(axis=2)
    assert changed.any()
    assert not changed[:, 60:].any()
    mask = np.zeros((64, 96), bool)
    mask[20:40, 30:60] = True
    drawn = outlines(GREY, mask)
    assert (drawn > 230).all(axis=2).any()  # white dashes
    assert (drawn < 60).all(axis=2).any()  # on a dark edge
    assert np.array_equal(drawn[25:35, 40:50], GREY[25:35, 40:50])
    assert np.array_equal(outlines(GREY, np.zeros((64, 96), bool)), GREY)


def test_a_mask_of_one_pixel_is_seen():
    mask = np.zeros((64, 96), bool)
    mask[10, 10] = True
    assert not np.array_equal(outlines(GREY, mask), GREY)


def test_a_limit_at_the_median_neither_fails_nor_colours_the_usual():
    assert np.array_equal(overlay(GREY, flat(1), median=1.0, limit=1.0), GREY)
    assert not np.array_equal(overlay(GREY, flat(1.1), median=1.0, limit=1.0), GREY)


@pytest.mark.parametrize("shape", [(1, 1), (3, 200), (224, 224)])
def test_any_map_size_fits(shape):
    assert overlay(GREY, np.ones(shape, np.float32), **SCALE).shape == GREY.shape


def test_a_strided_map_is_accepted():
    assert overlay(GREY, np.ones((8, 24), np.float32)[:, ::2].T, **SCALE).shape == GREY.shape


def test_encoders_keep_the_order_of_the_colours():
    red = np.zeros((16, 16, 3), np.uint8)
    red[..., 0] = 255
    back = cv2.imdecode(np.frombuffer(encode_jpeg(red), np.uint8), cv2.IMREAD_COLOR_RGB)
    assert back[8, 8, 0] > 240
    assert back[8, 8, 2] < 20
    back = cv2.imdecode(np.frombuffer(encode_png(red), np.uint8), cv2.IMREAD_COLOR_RGB)
    assert np.array_equal(back, red)


def test_the_legend_begins_transparent_and_turns_at_the_limit():
    css = overlays.scale_css()
    assert css.startswith("linear-gradient(to right, rgba(96,108,120,0) 0.0%")
    assert f" {1 / overlays.SATURATED:.1%}" in css


def test_a_large_picture_is_quick():
    image = np.random.default_rng(0).integers(0, 255, (1024, 1024, 3), dtype=np.uint8)
    found = np.random.default_rng(1).normal(1, 0.4, (256, 256)).astype(np.float32)
    found[100:140, 80:160] = 3
    overlay(image, found, **SCALE)
    took = []
    for _ in range(5):
        # Time of this thread: what other processes do on the machine is not what is tested.
        started = time.thread_time()
        overlay(image, found, **SCALE)
        took.append(time.thread_time() - started)
    assert min(took) < 0.03
