"""Measures of rust on drawn parts whose rusted area is known."""

from __future__ import annotations

import numpy as np
import pytest

from core.errors import UserError
from core.progress import Progress
from core.severity.background import relative_lab
from core.severity.measures.base import Measure
from core.severity.measures.colour import Colour
from core.severity.measures.disagreement import disagreement, rises
from core.severity.measures.excess import corrected_share
from core.severity.measures.memory import Memory
from core.severity.measures.registry import MEASURES, create, default_measures, infos
from core.severity.measures.texture import Texture
from core.severity.measures.zinc import Zinc
from core.severity.normalise import cast
from core.severity.types import Rgb
from tests.severity.scenes import RADIUS, disc, scene, view

CASTS = [(1, 1, 1), (1.12, 0.86, 1.12), (0.85, 1, 1.05), (0.7, 0.7, 0.7), (1.05, 1, 0.8)]


def fitted(measure: Measure) -> Measure:
    measure.fit([view(scene())])
    return measure


@pytest.mark.parametrize("gain", CASTS)
@pytest.mark.parametrize("radius", [0, 12, 40, 70])
def test_colour_finds_the_rusted_share_under_any_light(radius: float, gain: tuple[float, float, float]) -> None:
    rust = disc(radius) if radius else None
    reading = fitted(Colour()).read(view(scene(rust=rust, gain=gain, seed=1), 24))
    assert reading.value == pytest.approx((radius / RADIUS) ** 2, abs=0.02)
    assert reading.heat.min() >= 0 and reading.heat.max() <= 1


def test_red_paint_from_the_first_is_not_rust() -> None:
    painted = scene()
    painted[disc(30)] = (165, 45, 45)
    colour = Colour()
    colour.fit([view(painted)])
    assert colour.read(view(painted)).value < 0.01
    rusted = painted.copy()
    rusted[disc(20, (160, 170))] = (150, 82, 40)
    assert colour.read(view(rusted, 24)).value == pytest.approx((20 / RADIUS) ** 2, abs=0.02)


def test_a_part_that_is_rusted_at_first_stays_rusted() -> None:
    colour, all_over = Colour(), view(scene(rust=disc(RADIUS)))
    colour.fit([all_over])
    assert colour.read(all_over).value > 0.9


def test_the_cast_of_a_burnt_out_picture_shows_in_its_shadow() -> None:
    lit = view(scene(shadow=True, table=250, gain=(1.1, 1.02, 1.1)))
    a, b = cast(lit.rgb, relative_lab(lit.rgb, lit.part.light), lit.part)
    assert a > 2 and b < -1  # towards purple
    plain = view(scene(shadow=True))
    assert np.hypot(*cast(plain.rgb, relative_lab(plain.rgb, plain.part.light), plain.part)) < 1


def test_white_corrosion() -> None:
    zinc = fitted(Zinc())
    patch = disc(34, (140, 100)) | disc(26, (185, 150))
    share = patch.sum() / disc(RADIUS).sum()
    assert zinc.read(view(scene(seed=1), 24)).value < 0.02
    assert zinc.read(view(scene(pale=patch, seed=1), 24)).value == pytest.approx(share, abs=0.05)
    assert zinc.read(view(scene(rust=disc(40), seed=1), 24)).value < 0.02
    black = Zinc()
    black.fit([view(scene(metal=40))])
    assert np.isnan(black.read(view(scene(metal=40))).value)


def test_white_corrosion_is_told_from_light_that_the_table_does_not_show() -> None:
    """A burnt-out table, as photographed and darkened afterwards: a part lit otherwise is not corroded."""
    for dimmed in (1.0, 0.85):
        first, near, far = (_cut_off(metal, dimmed) for metal in (165, 155, 115))
        zinc = Zinc()
        zinc.fit([view(first)])
        assert zinc.read(view(near, 24)).value < 0.02, dimmed
        assert np.isnan(zinc.read(view(far, 24)).value), dimmed


def _cut_off(metal: int, dimmed: float) -> Rgb:
    """A part of grey ``metal`` on a table that is cut off at white, darkened afterwards."""
    return np.asarray(np.round(scene(metal=metal, grain=20, table=300) * dimmed), np.uint8)


def test_memory_sees_what_is_new_and_not_the_part_put_down_anew() -> None:
    memory = fitted(Memory())
    assert memory.read(view(scene())).value < 0.01
    assert memory.read(view(scene(seed=1, gain=(0.9, 0.9, 0.9)), 24)).value < 0.05
    assert 0.1 < memory.read(view(scene(rust=disc(40), seed=1), 24)).value < 0.5


def test_texture_sees_roughness_in_part_of_a_part() -> None:
    texture = fitted(Texture())
    assert texture.read(view(scene(seed=1), 24)).value < 0.03
    rough = scene(seed=1).astype(float)
    noise = np.random.default_rng(2).normal(0, 45, rough.shape[:2])
    rough[disc(40)] += noise[disc(40), None]
    assert 0.15 < texture.read(view(np.clip(rough, 0, 255).astype(np.uint8), 24)).value < 0.4


def test_the_vae_learns_from_the_first_times(monkeypatch: pytest.MonkeyPatch) -> None:
    """That it redraws healthy parts better takes more training than a test has: this is its machinery."""
    monkeypatch.setattr("core.severity.measures.vae.PASSES", 16)
    monkeypatch.setattr("core.severity.measures.vae.PICTURES", 8)
    vae, healthy = create(("vae",), 0)[0], view(scene())
    vae.prepare([], Progress())
    assert np.isnan(vae.read(healthy).value)
    vae.prepare([healthy], Progress())
    reading = vae.read(healthy)
    assert 0 < reading.value < 1 and reading.mask is None
    assert not reading.heat[~healthy.part.mask].any() and reading.heat[healthy.part.mask].any()


def test_measures_say_nothing_where_no_part_is() -> None:
    empty = view(np.full((240, 320, 3), 220, np.uint8))
    for measure in create(("colour", "zinc", "memory", "texture"), 0):
        measure.fit([])
        assert np.isnan(measure.read(empty).value)


def test_the_chance_share_is_taken_off() -> None:
    assert corrected_share(0.05, 0.05) == 0
    assert corrected_share(0.02, 0.05) == 0
    assert corrected_share(0.5 + 0.5 * 0.05, 0.05) == pytest.approx(0.5)


def test_the_registry() -> None:
    assert [info.name for info in infos()] == list(MEASURES)
    assert "vae" not in default_measures() and "colour" in default_measures()
    assert all(info.sentence.endswith(".") and len(info.sentence) < 120 for info in infos())
    with pytest.raises(UserError, match="no measure named hue"):
        create(("hue",), 0)
    with pytest.raises(UserError, match="No measure is switched on"):
        create((), 0)


def test_disagreement_is_explained() -> None:
    blind = {"colour": [0, 0, 0.001], "memory": [0, 0.1, 0.3], "texture": [0, 0.0, 0.0]}
    assert "black coating" in disagreement(blind, dark=True)[0]
    assert "handling" in disagreement(blind, dark=False)[0]
    assert "white first" in disagreement({**blind, "zinc": [0, 0.1, 0.2]}, dark=False)[0]
    assert "film or stain" in disagreement({"colour": [0, 0.1, 0.2], "texture": [0, 0, 0]}, dark=False)[0]
    assert "rose and fell back" in disagreement({"colour": [0, 0.1, 0.2], "texture": [0, 0.07, 0, 0]}, dark=False)[0]
    assert disagreement({"colour": [0, 0.1, 0.2], "memory": [0, 0.1, 0.2]}, dark=True) == ()
    assert rises({"colour": [0.1, float("nan"), 0.3]}) == {"colour": pytest.approx(0.2)}
