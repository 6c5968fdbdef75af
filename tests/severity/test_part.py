"""Seeing the part: outline, holes, shadow, overlay, and the verdict on the picture."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from core.severity.background import overlay
from core.severity.correction import Correction, corrected_part, drawn, key, load, save
from core.severity.part import find_part
from core.severity.types import Mask, Photo
from tests.severity import scenes


def iou(one: Mask, other: Mask) -> float:
    return float((one & other).sum() / (one | other).sum())


@pytest.mark.parametrize("gain", [(1, 1, 1), (1.1, 0.85, 1.1), (0.6, 0.6, 0.6)])
def test_the_outline_under_any_light(gain: tuple[float, float, float]) -> None:
    part = find_part(scenes.scene(gain=gain))
    assert part.found and not part.cut_off and not part.remarks
    assert iou(part.mask, scenes.disc(scenes.RADIUS)) > 0.96


def test_a_shadow_is_no_part() -> None:
    assert iou(find_part(scenes.scene(shadow=True)).mask, scenes.disc(scenes.RADIUS)) > 0.94


def test_a_hole_is_no_surface_but_inside_the_outline() -> None:
    part = find_part(scenes.scene(hole=24))
    assert iou(part.mask, scenes.disc(scenes.RADIUS) & ~scenes.disc(24)) > 0.94
    assert iou(part.outline, scenes.disc(scenes.RADIUS)) > 0.96


def test_no_part() -> None:
    table = np.clip(np.random.default_rng(0).normal(220, 2, (240, 320, 3)), 0, 255).astype(np.uint8)
    part = find_part(table)
    assert not part.found and not part.mask.any() and "No part" in part.remarks[0]


def test_a_part_cut_off_by_the_frame() -> None:
    part = find_part(np.ascontiguousarray(scenes.scene()[:, :170]))
    assert part.found and part.cut_off and "cut off" in part.remarks[0]


def test_two_parts() -> None:
    part = find_part(np.hstack([scenes.scene(), scenes.scene(seed=1)]))
    assert any("More than one part" in remark for remark in part.remarks)


def test_a_scale_bar_is_seen_and_left_out() -> None:
    picture = scenes.scene()
    cv2.rectangle(picture, (262, 226), (310, 233), (255, 255, 255), -1)
    cv2.rectangle(picture, (262, 226), (310, 233), (0, 0, 0), 1)
    assert overlay(picture)[229, 280]
    assert iou(find_part(picture).mask, scenes.disc(scenes.RADIUS)) > 0.96
    assert not overlay(scenes.scene()).any()


def test_polygons_correct_the_mask_at_any_resolution() -> None:
    add = ((0.0, 0.0), (0.1, 0.0), (0.1, 0.1), (0.0, 0.1))
    remove = ((0.4, 0.4), (0.6, 0.4), (0.6, 0.6), (0.4, 0.6))
    small = scenes.scene()
    large = cv2.resize(small, None, fx=2, fy=2, interpolation=cv2.INTER_LINEAR)
    for picture in (small, large):
        part = corrected_part(picture, Correction(add=(add,), remove=(remove,)))
        height, width = part.mask.shape
        assert part.mask[height // 20, width // 20] and not part.mask[height // 2, width // 2]
    assert drawn((), (4, 4)).sum() == 0


def test_a_shift_asks_for_more_difference() -> None:
    faint = scenes.scene(metal=205)
    areas = [corrected_part(faint, Correction(shift=shift)).mask.sum() for shift in (-12.0, 20.0)]
    assert areas[0] >= areas[1]


def test_corrections_are_kept(tmp_path: Path) -> None:
    photo = Photo("Nut", 24.0, "left", tmp_path / "x.png")
    kept = {key(photo): Correction(4.0, (((0.0, 0.0), (1.0, 0.0), (1.0, 1.0)),), ())}
    save(kept, tmp_path / "corrections.json")
    assert load(tmp_path / "corrections.json") == kept
    assert load(tmp_path / "none.json") == {}
