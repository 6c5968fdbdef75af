"""A stored model takes in new images: honest calibration, what was forgotten, its folder and the way to read it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.continual import recalibrated
from core.continual.forgetting import Counted, Forgetting, Judged, told
from core.continual.stored import Continued, Parent, extend, good_of
from core.datasets.readers import read
from core.datasets.synthetic.parts import write_parts
from core.datasets.types import ImageSet
from core.detectors import training
from core.detectors.base import ImageDetector
from core.detectors.image_vae.info import INFO as VAE
from core.detectors.patchcore.info import PatchCoreParams
from core.errors import UserError
from core.progress import Progress
from core.store.continuedmodel import continuation, read_forgetting, read_parent, write_continued
from core.store.manifest import model_id, read_manifest
from core.store.modelfolder import verify, write_model

SMALL = PatchCoreParams(image_size=64, bank_size=400)


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> ImageSet:
    folder: Path = tmp_path_factory.mktemp("stored") / "parts"
    write_parts(folder, seed=3, train=20, test_good=3, per_defect=1, size=96)
    return read(folder)


@pytest.fixture(scope="module")
def halves(parts: ImageSet) -> tuple[ImageSet, ImageSet]:
    """What a model begins with, tests included, and ten good images that come later."""
    later = {item.name for item in parts.normals().items[10:]}
    return parts.where(lambda item: item.name not in later), parts.where(lambda item: item.name in later)


def trained(data: ImageSet) -> Parent:
    fitted = training.train("patchcore", SMALL, 0, data.normals(), Progress())
    return Parent("first", fitted.detector, fitted.calibration, fitted.roles)


@pytest.fixture(scope="module")
def held_out(halves: tuple[ImageSet, ImageSet]) -> Iterator[tuple[Parent, Continued]]:
    """A parent that holds images out, and what comes of it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training, "ENOUGH_TO_HOLD_OUT", 5)
        parent = trained(halves[0])
    yield parent, extend(parent, [halves[0]], halves[1], Progress())


def test_nobody_is_calibrated_by_what_was_learned(
    halves: tuple[ImageSet, ImageSet], held_out: tuple[Parent, Continued]
) -> None:
    parent, found = held_out
    fitted, old, new = found.fitted, *halves
    assert fitted.calibration.scheme == "held-out"
    assert (found.taken_in, found.held_out) == (8, 2)
    assert fitted.calibration.n == parent.calibration.n + 2
    for sha, role in parent.roles.items():
        assert fitted.roles[sha] == role  # an image that was held out stays so
    assert {item.sha256 for item in new.items} <= fitted.roles.keys()
    judged = {one.item: one for one in found.forgetting.judged}
    held = [one for one in judged.values() if one.part.endswith("held-out")]
    assert sorted(one.after for one in held) == pytest.approx(fitted.calibration.scores.tolist())
    then = [one.before for one in held if one.part == "old held-out"]
    assert sorted(then) == pytest.approx(parent.calibration.scores.tolist())
    tested = {item.name for item in old.test().items if item.label}
    assert {one.item for one in judged.values() if not one.part.endswith("held-out")} == tested


def test_a_cross_fitted_parent_has_a_cross_fitted_child(
    halves: tuple[ImageSet, ImageSet], monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (training, recalibrated):
        monkeypatch.setattr(module, "FOLDS", 2)
    parent = trained(halves[0])
    found = extend(parent, [halves[0]], halves[1], Progress())
    assert found.fitted.calibration.scheme == "cross-fitted"
    assert found.fitted.calibration.n == 20
    assert set(found.fitted.roles.values()) == {"fit"}
    counts = found.forgetting.counts()
    assert told(counts, "old held-out") is None
    assert told(counts, "new held-out") is not None


def test_what_comes_of_it_is_a_model_like_any_other_and_can_go_on(
    halves: tuple[ImageSet, ImageSet], held_out: tuple[Parent, Continued], tmp_path: Path
) -> None:
    parent, found = held_out
    old, new = halves
    first = training.Fitted("patchcore", parent.detector, SMALL, 0, parent.calibration, parent.roles, 1.0, 1.0)
    before = write_model(tmp_path / "first", first, name="first", dataset=old)
    parent_id = model_id(tmp_path / "first")
    write_continued(tmp_path / "next", found, name="next", parent=parent_id, before=before, old=[old], added=new)
    verify(tmp_path / "next")
    again, manifest = read_parent(tmp_path / "next")
    said = continuation(manifest)
    assert said is not None
    assert (said.parent, said.parent_name, said.taken_in) == (parent_id, "first", 8)
    assert said.datasets == (old.content_id, new.content_id)
    assert said.rows_kept + said.rows_added <= 400
    assert manifest.dataset.fit == 16
    assert continuation(before) is None
    assert read_forgetting(tmp_path / "next") == found.forgetting
    scores = {one.name: one.score for one in again.detector.score(old.test(), Progress())}
    assert scores == {one.name: one.score for one in found.fitted.detector.score(old.test(), Progress())}
    with pytest.raises(UserError, match="has 0 good images that the model does not know"):
        extend(again, [old, new], new, Progress())
    (tmp_path / "next" / "state" / "forgetting.json").write_text("{}")
    with pytest.raises(UserError, match="cannot be read"):
        read_forgetting(tmp_path / "next")
    assert read_manifest(tmp_path / "first") == before


def test_others_are_refused_in_a_sentence(
    halves: tuple[ImageSet, ImageSet], held_out: tuple[Parent, Continued]
) -> None:
    parent, _ = held_out

    class Fixed:
        info = VAE

    other: ImageDetector = Fixed()  # type: ignore[assignment]
    with pytest.raises(UserError, match="cannot take in images"):
        extend(Parent("x", other, parent.calibration, parent.roles), [halves[0]], halves[1], Progress())


def test_images_that_are_not_at_hand_are_counted(
    halves: tuple[ImageSet, ImageSet], held_out: tuple[Parent, Continued]
) -> None:
    with pytest.raises(UserError, match="2 of the 2 images that the model is calibrated by are not at hand"):
        extend(held_out[0], [halves[1]], halves[1], Progress())


def test_a_persons_word_counts_before_labels(parts: ImageSet) -> None:
    train, tested = parts.normals().items[0].name, parts.test().items
    bad = next(item.name for item in tested if item.label == "bad")
    good = next(item.name for item in tested if item.label == "good")
    found = good_of(parts, {train: "bad", bad: "good"})
    assert (train in found.by_name, bad in found.by_name, good in found.by_name) == (False, True, False)
    assert len(good_of(parts, {}, [train])) == 19
    assert len(good_of(parts, {good: "unsure"}, everything=True)) == 22


def test_counts_and_auroc_by_hand() -> None:
    judged = (
        Judged("a", "old good", "", 0.0, 2.0),
        Judged("b", "old good", "", 1.0, 0.0),
        Judged("c", "old bad", "crack", 3.0, 3.0),
        Judged("d", "old bad", "hole", 3.0, 1.0),
    )
    found = Forgetting(0.05, 1.5, 1.5, judged)
    assert [(one.part, one.defect, one.n, one.before, one.after) for one in found.counts()] == [
        ("old good", "", 2, 0, 1),
        ("old bad", "", 2, 2, 1),
        ("old bad", "crack", 1, 1, 1),
        ("old bad", "hole", 1, 1, 0),
    ]
    assert isinstance(found.counts()[0], Counted)
    assert found.aurocs() == (1.0, 0.75)
    assert Forgetting.from_json(found.to_json()) == found
