"""The rule that replaces a backbone, on scores with known answers; and a small trial from photographs to scores."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from core.compare.backbones import trial as trials
from core.compare.backbones.forward import time_ratios
from core.compare.backbones.rule import CANDIDATE, PRESENT, TEACHER, judge
from core.compare.backbones.trial import Trial, trial
from core.datasets.readers import read_images
from core.datasets.synthetic.parts import write_parts
from core.detectors.patchcore.info import PatchCoreParams
from core.errors import UserError
from core.features.backbones import load_backbone, load_compact
from core.features.compact import Shape, to_weights
from core.metrics.ranking import auroc
from core.progress import Progress

FAST = {CANDIDATE: 0.3, PRESENT: 0.35, TEACHER: 1.0}
ANOMALOUS = np.repeat([False, True], 40)


def made(candidate: float, present: float = 1.0, *, name: str = "parts", seed: int = 0) -> Trial:
    """Three splits whose anomalous images score higher by so many deviations; the noise is the images' own."""
    rng = np.random.default_rng(seed)
    noise = rng.standard_normal(80) + 0.1 * rng.standard_normal((3, 80))
    shifts = {CANDIDATE: candidate, PRESENT: present, TEACHER: present}
    return Trial(name, 60, ANOMALOUS, {who: noise + shift * ANOMALOUS for who, shift in shifts.items()})


def test_a_plain_gain_on_every_set_replaces() -> None:
    verdict = judge([made(2.0), made(2.0, name="tiles", seed=1)], FAST, 10**6)
    assert (verdict.decision, verdict.reasons) == ("replace", [])
    assert 0 < verdict.over_present.low < verdict.over_present.value < verdict.over_present.high
    assert verdict.over_present == verdict.over_teacher or verdict.over_teacher.low > 0


def test_equal_scores_are_no_gain() -> None:
    verdict = judge([made(1.0)], FAST, 10**6)
    assert verdict.decision == "keep" and "not shown to be higher" in verdict.reasons[0]
    assert (verdict.over_present.value, verdict.over_present.low, verdict.over_present.high) == (0, 0, 0)


def test_equal_scores_in_three_quarters_of_the_time_are_enough() -> None:
    quick = FAST | {CANDIDATE: 0.75 * FAST[PRESENT]}
    assert judge([made(1.0)], quick, 10**6).decision == "replace"
    verdict = judge([made(0.8)], quick, 10**6)
    assert verdict.decision == "keep" and "not shown to be at most 0.01 lower" in verdict.reasons[0]


def test_a_set_that_is_plainly_worse_keeps_the_old_one() -> None:
    verdict = judge([made(3.0), made(0.2, name="tiles", seed=1), made(3.0, 0.2, seed=2)], FAST, 10**6)
    assert verdict.decision == "keep"
    assert [reason for reason in verdict.reasons if "worse on tiles" in reason]


@pytest.mark.parametrize(
    ("time", "size", "reason"), [(0.6, 10**6, "0.60 of ResNet-18's time"), (0.3, 5 * 2**20, "5.0 MiB")]
)
def test_limits_of_time_and_size_hold(time: float, size: int, reason: str) -> None:
    verdict = judge([made(2.0)], FAST | {CANDIDATE: time}, size)
    assert verdict.decision == "keep" and len(verdict.reasons) == 1 and reason in verdict.reasons[0]


def test_the_figures_are_the_mean_over_splits_of_auroc() -> None:
    one = made(1.0, seed=3)
    expected = np.mean([auroc(scores, ANOMALOUS) for scores in one.scores[CANDIDATE]])
    assert judge([one], FAST, 0).auroc[CANDIDATE] == pytest.approx(expected)


def test_the_interval_covers_as_often_as_it_says() -> None:
    """The true difference of these normal scores is Phi(1.5 / sqrt 2) - Phi(1 / sqrt 2) = 0.0954."""
    truth, hits = 0.0954, 0
    for seed in range(20):
        over = judge([made(1.5, seed=seed + 100)], FAST, 0).over_present
        hits += over.low <= truth <= over.high
    assert 16 <= hits <= 20


@pytest.fixture
def parts(tmp_path: Path) -> Path:
    write_parts(tmp_path / "parts", train=6, test_good=2, per_defect=1, size=96)
    return tmp_path / "parts"


def test_a_trial_uses_the_same_images_for_all_and_keeps_scores(
    parts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trials, "PARAMS", PatchCoreParams(image_size=64, bank_size=50))
    data, loaded, cache = read_images(parts), load_backbone("compact"), tmp_path / "scores"
    contenders = {CANDIDATE: loaded, PRESENT: loaded}
    found = trial(data, contenders, splits=2, seed=0, cache=cache, progress=Progress())
    assert found.normals == 5 and found.anomalous.sum() == 7 and (~found.anomalous).sum() == 2
    np.testing.assert_array_equal(found.scores[CANDIDATE], found.scores[PRESENT])
    assert len(list(cache.iterdir())) == 2  # one of each split, for both have the same hash
    assert (found.scores[CANDIDATE][0] != found.scores[CANDIDATE][1]).any()
    monkeypatch.setattr(trials, "_PatchCoreOn", None)  # nothing is fitted again
    again = trial(data, contenders, splits=2, seed=0, cache=cache, progress=Progress())
    np.testing.assert_array_equal(again.scores[PRESENT], found.scores[PRESENT])


def test_each_contender_is_scored_with_its_own_network(
    parts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trials, "PARAMS", PatchCoreParams(image_size=64, bank_size=50))
    torch.manual_seed(0)
    file = tmp_path / "small.safetensors"
    save_file(to_weights(Shape(32, (1, 1, 1), (32, 32, 32), (32, 32)).network()), file)
    contenders = {CANDIDATE: load_compact(file), PRESENT: load_backbone("compact")}
    found = trial(read_images(parts), contenders, splits=1, seed=0, cache=None, progress=Progress())
    assert not np.allclose(found.scores[CANDIDATE], found.scores[PRESENT])


def test_a_set_without_labels_is_refused(parts: Path) -> None:
    data = read_images(parts).where(lambda item: item.split == "train")
    with pytest.raises(UserError, match="no good test images"):
        trial(data, {}, splits=1, seed=0, cache=None, progress=Progress())


def test_a_backbone_takes_as_long_as_itself() -> None:
    loaded = load_backbone("compact")
    assert time_ratios({TEACHER: loaded}, rounds=2) == {TEACHER: 1.0}
