"""Training imitates, repeats itself to the bit, also where it was interrupted, and says what is missing.

The bundled backbone is the teacher here: it is always there, and quicker than ResNet-18.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from core.datasets.readers import read_images
from core.errors import Cancelled, UserError
from core.features import backbones
from core.features.backbones import load_backbone, load_compact
from core.features.backbones_info import BUNDLED
from core.features.compact import to_weights
from core.features.distill import teacher as teacher_module
from core.features.distill import training
from core.features.distill.candidate import write_candidate
from core.features.distill.config import RECORD, WEIGHTS, Architecture, DistillConfig
from core.features.distill.crops import Photographs
from core.features.distill.teacher import as_input, measured
from core.features.distill.training import Distilled, distil, unexplained_variance
from core.progress import Progress
from core.settings import Settings
from tests.features.test_distill_parts import folder

__all__ = ["folder"]
TINY = Architecture(stem=8, blocks=(1, 1, 1), widths=(8, 12, 16), outputs=(10, 20))
CONFIG = DistillConfig(
    architecture=TINY, start="random", norms="learnt", learning_rate=2e-3, steps=8, batch_size=2, size=64, warm_up=2,
    averaging=0.5,
)  # fmt: skip


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "load_backbone", lambda name: load_backbone("compact"))
    monkeypatch.setattr(training, "CHECK_EVERY", 3)
    monkeypatch.setattr(training, "MEASURED_ON", 3)


@pytest.fixture
def photographs(folder: Path) -> Photographs:
    return Photographs(read_images(folder, format="parts").items, 0)


def weights(distilled: Distilled) -> dict[str, Tensor]:
    return to_weights(distilled.network)


def equal(ours: dict[str, Tensor], theirs: dict[str, Tensor]) -> bool:
    return ours.keys() == theirs.keys() and all(torch.equal(ours[key], theirs[key]) for key in ours)


def test_it_repeats_and_resumes_to_the_bit(photographs: Photographs, tmp_path: Path) -> None:
    """Cancelled in its fifth step and asked again, it gives the weights and the curve of a run that was left alone."""
    whole = distil(CONFIG, photographs, Progress())

    def stop(fraction: float, stage: str, metrics: dict[str, float]) -> None:
        if "step 5 " in stage:
            raise Cancelled

    with pytest.raises(Cancelled):
        distil(CONFIG, photographs, Progress(stop), folder=tmp_path)
    said: list[str] = []
    resumed = distil(CONFIG, photographs, Progress(log=said.append), folder=tmp_path)
    assert said == ["Training resumes after step 5 of 8"]
    assert equal(weights(whole), weights(resumed)) and whole.curve == resumed.curve
    assert [row["step"] for row in whole.curve] == [3, 6, 8] and whole.steps == 8
    again = distil(CONFIG, photographs, Progress(), folder=tmp_path)  # finished: nothing is left to do
    assert equal(weights(again), weights(whole))
    other = distil(CONFIG.model_copy(update={"seed": 1}), photographs, Progress(), folder=tmp_path)
    assert not equal(weights(other), weights(whole))


def test_it_learns(photographs: Photographs) -> None:
    """A few dozen steps explain features that random weights do not."""
    found = distil(CONFIG.model_copy(update={"steps": 60, "averaging": 0.9}), photographs, Progress())
    first, last = found.curve[0], found.curve[-1]
    assert last["val_loss"] < 0.9 * first["val_loss"]
    assert last["train_loss"] < first["train_loss"]


def test_time_that_is_over_ends_it_early(photographs: Photographs) -> None:
    found = distil(CONFIG.model_copy(update={"steps": 10_000}), photographs, Progress(), minutes=1e-4)
    assert found.steps == 1 and found.curve[-1]["step"] == 1


@pytest.mark.parametrize("fast", [False, True])
def test_a_copy_of_the_teacher_leaves_nothing_unexplained(
    fast: bool, photographs: Photographs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In either precision, whatever this processor would take."""
    monkeypatch.setattr(teacher_module, "has_fast_bfloat16", lambda: fast)
    loaded = load_backbone("compact")
    pixels = photographs.held_out_crops(64)
    teacher = measured(loaded, [pixels], (128, 256), "cpu")
    assert unexplained_variance(loaded.stages, teacher, pixels, 3) == pytest.approx((0, 0, 0), abs=1e-3)


def test_principal_directions_hold_the_most_variance(photographs: Photographs) -> None:
    """Their variances are the largest eigenvalues, and what they keep of a distance is never more than all of it."""
    loaded, pixels = load_backbone("compact"), photographs.held_out_crops(64)
    whole, reduced = (measured(loaded, [pixels], outputs, "cpu") for outputs in ((128, 256), (16, 24)))
    x = as_input(pixels, torch.device("cpu"))
    for full, fewer, count in zip(whole(x), reduced(x), (16, 24), strict=True):
        rows = full.movedim(1, -1).flatten(0, 2).double()
        eigenvalues = torch.linalg.eigvalsh(rows.T.cov(correction=0)).flip(0)
        short = fewer.movedim(1, -1).flatten(0, 2).double()
        np.testing.assert_allclose(short.var(0, correction=0), eigenvalues[:count], rtol=0.02, atol=1e-4)
        assert (short.norm(dim=1) <= rows.norm(dim=1) * 1.001).all()


def test_a_candidate_on_disk_loads_and_tells_how_it_came_about(photographs: Photographs, tmp_path: Path) -> None:
    found = distil(CONFIG, photographs, Progress())
    record = write_candidate(tmp_path / "out", found, CONFIG, photographs.described("pictures", "id"))
    loaded = load_compact(tmp_path / "out" / WEIGHTS)
    assert loaded.sha256 == record["sha256"] and loaded.channels == (10, 20)
    assert json.loads((tmp_path / "out" / RECORD).read_text()) == record
    assert DistillConfig.model_validate(record["config"]) == CONFIG
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted((RECORD, WEIGHTS))


def test_it_starts_from_the_bundled_weights_of_the_same_shape(photographs: Photographs) -> None:
    """With norms frozen and a rate of almost nothing it is still the bundled backbone."""
    config = DistillConfig(norms="frozen", steps=1, batch_size=2, size=64, learning_rate=1e-12, weight_decay=0)
    found, bundled = weights(distil(config, photographs, Progress())), load_file(BUNDLED)
    assert all(torch.equal(found[key], bundled[key].to(found[key].dtype)) for key in found)


def test_it_starts_from_the_bundled_weights_as_far_as_they_fit(photographs: Photographs) -> None:
    shape = Architecture(strided=True, blocks=(2, 2, 3))
    config = DistillConfig(
        architecture=shape, norms="learnt", steps=1, batch_size=2, size=64, learning_rate=1e-12, weight_decay=0
    )
    found, bundled = weights(distil(config, photographs, Progress())), load_file(BUNDLED)
    alike = [key for key in found if torch.equal(found[key], bundled.get(key, torch.empty(0)).to(found[key].dtype))]
    convolutions = [key for key in bundled if bundled[key].ndim == 4 and key != "conv1.weight"]
    assert set(convolutions) <= set(alike) and "layer3.2.conv1.weight" not in alike
    assert found["conv1.weight"].shape == (32, 3, 11, 11)
    with pytest.raises(UserError, match=r"another shape.*bn1, .*layer3.2.*Let the norms be learnt"):
        distil(config.model_copy(update={"norms": "frozen"}), photographs, Progress())
    fewer = config.model_copy(update={"norms": "frozen", "architecture": Architecture(blocks=(2, 2, 1))})
    with pytest.raises(UserError, match=r"another shape.*layer3.1.bn1"):
        distil(fewer, photographs, Progress())


def test_divergence_is_told(photographs: Photographs, tmp_path: Path) -> None:
    wild = CONFIG.model_copy(update={"learning_rate": 1.0, "warm_up": 0, "averaging": 0.0, "loss": "standardised"})
    monstrous = {key: value * float("nan") for key, value in training._student(wild).state_dict().items()}
    with pytest.MonkeyPatch.context() as patch:
        network = training._student(wild)
        network.load_state_dict(monstrous)
        patch.setattr(training, "_student", lambda config: network)
        with pytest.raises(UserError, match=r"diverged.*lower learning rate"):
            distil(wild, photographs, Progress(), folder=tmp_path)
    assert not list(tmp_path.glob("training*"))


def test_a_missing_teacher_and_a_missing_device_are_told(
    photographs: Photographs, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    if not torch.cuda.is_available():
        with pytest.raises(UserError, match="no CUDA device"):
            distil(CONFIG.model_copy(update={"device": "cuda"}), photographs, Progress())
    monkeypatch.setattr(training, "load_backbone", load_backbone)
    monkeypatch.setattr(backbones, "settings", lambda: Settings(weights_dir=tmp_path, download_timeout_s=0.5))
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path / "hub"))
    load_backbone.cache_clear()
    with pytest.raises(UserError, match="resnet18 could not be downloaded"):
        distil(CONFIG, photographs, Progress())
    load_backbone.cache_clear()
