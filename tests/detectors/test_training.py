"""What a model learns from and what it is calibrated on never overlap."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.datasets.types import ImageSet
from core.detectors import training
from core.detectors.registry import parameters
from core.errors import UserError
from core.progress import Progress

QUICK = {"image_size": 64, "bank_size": 200, "dimensions": 16}


def test_few_images_are_cross_fitted(parts: ImageSet) -> None:
    fitted = training.train("patchcore", parameters("patchcore", QUICK), 0, parts.normals(), Progress())
    assert fitted.calibration.scheme == "cross-fitted"
    assert fitted.calibration.n == len(parts.normals())
    assert set(fitted.roles.values()) == {"fit"}


def test_many_images_are_held_out(parts: ImageSet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "ENOUGH_TO_HOLD_OUT", 10)
    seen: list[str] = []
    from core.detectors.patchcore.detector import PatchCore

    fit = PatchCore.fit

    def spy(self: PatchCore, data: ImageSet, progress: Progress) -> None:
        seen.extend(item.sha256 for item in data.items)
        fit(self, data, progress)

    monkeypatch.setattr(PatchCore, "fit", spy)
    fitted = training.train("patchcore", parameters("patchcore", QUICK), 0, parts.normals(), Progress())
    held = {sha for sha, role in fitted.roles.items() if role == "calibration"}
    assert fitted.calibration.scheme == "held-out"
    assert len(held) == fitted.calibration.n == round(0.2 * len(parts.normals()))
    assert not held & set(seen)


def test_copies_of_a_photograph_stay_on_one_side(parts: ImageSet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "ENOUGH_TO_HOLD_OUT", 10)
    normals = parts.normals()
    copies = tuple(replace(item, name=f"copy-{item.name}") for item in normals.items)
    doubled = replace(normals, items=tuple(sorted((*normals.items, *copies), key=lambda item: item.name)))
    fitted = training.train("patchcore", parameters("patchcore", QUICK), 0, doubled, Progress())
    assert fitted.calibration.n == round(0.2 * len(normals))


@pytest.mark.parametrize("count", [1, 2])
def test_one_or_two_images_are_refused(parts: ImageSet, count: int) -> None:
    few = replace(parts.normals(), items=parts.normals().items[:count])
    with pytest.raises(UserError, match=f"{count} different good training images.*at least 3"):
        training.train("patchcore", parameters("patchcore", QUICK), 0, few, Progress())


def test_three_images_give_a_threshold_of_the_size_of_the_scores(parts: ImageSet) -> None:
    few = replace(parts.normals(), items=parts.normals().items[:3])
    fitted = training.train("patchcore", parameters("patchcore", QUICK), 0, few, Progress())
    assert np.abs(fitted.calibration.scores).max() < 20  # standard deviations; hundreds where one is its own measure


def test_progress_runs_from_0_to_1_without_going_back(parts: ImageSet) -> None:
    fractions: list[float] = []
    progress = Progress(lambda fraction, stage, metrics: fractions.append(fraction))
    training.train("patchcore", parameters("patchcore", QUICK), 0, parts.normals(), progress)
    assert fractions[-1] == pytest.approx(1.0)
    assert (np.diff(fractions) >= -1e-9).all()
