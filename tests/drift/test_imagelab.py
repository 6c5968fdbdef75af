"""A drift by hand for detectors of images: the sample, its light, the stream, who notices."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.datasets.readers import read
from core.datasets.said import Said
from core.datasets.synthetic.parts import write_parts
from core.datasets.types import ImageItem, ImageSet
from core.drift import imagelab, noticed
from core.drift.detectors import DETECTORS
from core.drift.imagefeatures import LIGHT, Looks, components, light
from core.drift.imagelab import STAGES, JudgedImages, course, drifted, example, judge, sample, who_noticed
from core.drift.scenarios import Drift
from core.errors import UserError
from core.progress import Progress
from tests.store import toy

QUICK = ("ks-holm", "kswin", "page-hinkley")


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> ImageSet:
    folder: Path = tmp_path_factory.mktemp("lab") / "parts"
    write_parts(folder, train=12, test_good=9, per_defect=1, size=96)
    return read(folder)


def test_the_sample_holds_nothing_that_was_learned_and_is_parted(parts: ImageSet) -> None:
    roles = {item.sha256: "fit" for item in parts.normals().items[:6]}
    roles |= {item.sha256: "calibration" for item in parts.normals().items[6:]}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(imagelab, "FEWEST_REFERENCE", 5)
        found = sample(parts, roles)
    assert {item.label for item in found.good} == {"good"}
    assert {item.split for item in found.good} == {"test"}
    assert len(found.bad) == sum(item.label == "bad" for item in parts.items)
    assert {roles[item.sha256] for item in found.reference} == {"calibration"}
    with pytest.raises(UserError, match="too few to try a drift on"):
        sample(parts, {item.sha256: "fit" for item in parts.items})


def test_without_enough_that_calibrate_half_of_the_good_ones_tell_what_is_usual(parts: ImageSet) -> None:
    found = sample(parts, {})
    names = [{item.name for item in side} for side in (found.good, found.bad, found.reference)]
    assert len(names[0]) == 11
    assert len(names[2]) == 10
    assert not names[0] & names[2]


def test_what_a_person_says_counts_where_the_data_say_nothing(parts: ImageSet) -> None:
    """Of three training images without a label one is called bad and one is doubted; a label of the data stands."""
    blank = [item.name for item in parts.normals().items[:3]]
    named = next(item.name for item in parts.test().items if item.label == "good")
    unlabelled = tuple(replace(item, label=None) if item.name in blank else item for item in parts.items)
    out = next(item.name for item in parts.test().items if item.label == "bad")
    said = Said({blank[0]: "bad", blank[1]: "unsure", named: "bad"}, frozenset({out}))
    found = sample(replace(parts, items=unlabelled), {}, said=said)
    bad, good = ({item.name for item in side} for side in (found.bad, (*found.good, *found.reference)))
    assert blank[0] in bad and not {blank[1], out} & (bad | good) and {blank[2], named} <= good


def test_both_sides_go_the_same_way(parts: ImageSet, tmp_path: Path) -> None:
    """Without a drift, a detector sees the photograph as it is; with one, what ``drifted`` shows."""
    detector = toy.Toy(toy.ToyParams())
    detector.fit(parts.normals(), Progress())
    items = parts.test().items[:3]
    before = judge(detector, items, "brightness", 0.0, tmp_path, Progress())
    after = judge(detector, items, "brightness", 1.0, tmp_path, Progress())
    assert before.looks.light.shape == (3, len(LIGHT))
    assert (after.looks.light[:, 0] > before.looks.light[:, 0]).all()
    assert before.looks.code.shape[0] == 3
    assert np.array_equal(drifted(items[0], "pose", 1.0), drifted(items[0], "pose", 1.0))
    assert example(detector, items[0], "brightness", 1.0, tmp_path).map.ndim == 2


def _large(item: ImageItem) -> ImageItem:
    return replace(item, width=item.width * 100, height=item.height * 100)


def test_large_photographs_are_drifted_at_a_bounded_size(parts: ImageSet) -> None:
    assert max(drifted(_large(parts.items[0]), "blur", 1.0).shape) == imagelab.SIDE


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("brightness", lambda x: np.clip(x * 1.5, 0, 255)),
        ("warmth", lambda x: np.clip(x * np.array([1.25, 1.0, 0.75]), 0, 255)),
        ("contrast", lambda x: (x - 128) * 2 + 128),
    ],
)
def test_each_figure_of_light_rises_with_what_it_is_called(name: str, change: object) -> None:
    rng = np.random.default_rng(0)
    picture = (128 + 20 * rng.standard_normal((64, 64, 3))).clip(0, 255)
    changed = change(picture)  # type: ignore[operator]
    k = LIGHT.index(name)
    assert light(np.clip(changed, 0, 255).astype(np.uint8))[k] > light(picture.astype(np.uint8))[k] + 0.01


def test_the_stream_has_each_good_photograph_once_and_drifts_from_its_onset() -> None:
    found = course(60, 20, Drift(kind="blur", shape="incremental", width=10), 0.5, order=3)
    assert sorted(place for place in found.place if place < 60) == list(range(60))
    assert (found.place >= 60).sum() == 3
    assert found.onset == 32
    assert not found.stage[:32].any()
    assert found.stage[32:42].max() == STAGES
    assert (np.diff(found.stage[32:42]) >= 0).all()
    late = course(8, 0, Drift(kind="blur"), 0.95, order=1)
    assert late.onset == 7 and late.stage[-1] == STAGES, "a short stream has something drifted at its end"


@pytest.fixture(scope="module")
def streamed() -> Iterator[tuple[JudgedImages, dict[int, JudgedImages]]]:
    rng = np.random.default_rng(1)

    def one(n: int, shift: float) -> JudgedImages:
        look = Looks(rng.standard_normal((n, 6)) + shift, rng.standard_normal((n, 12)) + shift)
        return JudgedImages(rng.standard_normal(n) + shift, look)

    yield one(64, 0.0), {0: one(100, 0.0), STAGES: one(100, 3.0)}


def test_a_plain_drift_is_noticed_in_every_view(
    streamed: tuple[JudgedImages, dict[int, JudgedImages]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the quick ones of the detectors, which are all tested elsewhere."""
    reference, stages = streamed
    monkeypatch.setattr(noticed, "DETECTORS", {name: DETECTORS[name] for name in QUICK})
    found = who_noticed(reference, stages, course(96, 4, Drift(kind="blur", shape="abrupt"), 0.5, order=0))
    assert {one.view for one in found if one.after is not None} == {"input", "bulk", "latent"}
    assert {one.detector for one in found if one.after is not None} == set(QUICK)
    assert sum(one.alarms for one in found) <= 2
    few = JudgedImages(reference.score[:20], Looks(reference.looks.light[:20], reference.looks.code[:20]))
    with pytest.raises(UserError, match="too few to tell what is usual"):
        who_noticed(few, stages, course(96, 4, Drift(kind="blur"), 0.5, order=0))


def test_components_are_the_leading_directions() -> None:
    rng = np.random.default_rng(2)
    values = rng.standard_normal((50, 1)) * np.array([[3.0, 4.0, 0.0]]) + 0.01 * rng.standard_normal((50, 3)) + 7
    centre, directions = components(values, 1)
    assert np.abs(directions[:, 0]) == pytest.approx([0.6, 0.8, 0.0], abs=0.01)
    assert centre == pytest.approx(values.mean(axis=0))
