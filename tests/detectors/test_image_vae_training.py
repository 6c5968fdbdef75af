"""Training the VAE: it learns, stops, and goes on after a stop as if there had been none."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from core.datasets.types import ImageSet
from core.detectors.image_vae import training
from core.detectors.image_vae.detector import MIN_IMAGES, ImageVae, split
from core.detectors.image_vae.info import ImageVaeParams
from core.errors import Cancelled, UserError
from core.progress import Progress

SMALL = ImageVaeParams(epochs=4, width=4, latent=8, batch_size=8)


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Threads that wait for one another make small networks slow on a busy machine."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(autouse=True)
def eager_checkpoints(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "SECONDS_BETWEEN_CHECKPOINTS", 0.0)
    monkeypatch.setattr(training, "CHECK_EVERY", 1)


def stopping_after(epochs: float) -> Progress:
    """A progress whose user asks to stop once that many epochs are done."""

    def sink(fraction: float, stage: str, metrics: dict[str, float]) -> None:
        nonlocal seen
        seen += "val_loss" in metrics

    def checkpoint() -> None:
        if seen >= epochs:
            raise Cancelled

    seen = 0
    return Progress(sink, checkpoint=checkpoint)


def weights(detector: ImageVae) -> dict[str, torch.Tensor]:
    return dict(detector._network.state_dict())


def test_a_resumed_fit_has_exactly_the_weights_of_one_that_was_never_stopped(parts: ImageSet, tmp_path: Path) -> None:
    whole = ImageVae(SMALL, seed=3)
    whole.fit(parts.normals(), Progress())

    stopped = ImageVae(SMALL, seed=3)
    progress = stopping_after(2)
    progress.scratch = tmp_path
    with pytest.raises(Cancelled):
        stopped.fit(parts.normals(), progress)
    assert any(tmp_path.iterdir())

    said: list[str] = []
    resumed = ImageVae(SMALL, seed=3)
    resumed.fit(parts.normals(), Progress(log=said.append, scratch=tmp_path))
    assert any("resumes after epoch 2 of 4" in line for line in said)
    assert not any(tmp_path.iterdir())
    for (name, one), other in zip(weights(whole).items(), weights(resumed).values(), strict=True):
        assert torch.equal(one, other), name


def test_another_fit_does_not_take_up_the_checkpoint(parts: ImageSet, tmp_path: Path) -> None:
    progress = stopping_after(1)
    progress.scratch = tmp_path
    with pytest.raises(Cancelled):
        ImageVae(SMALL, seed=3).fit(parts.normals(), progress)
    said: list[str] = []
    ImageVae(SMALL, seed=4).fit(parts.normals(), Progress(log=said.append, scratch=tmp_path))
    assert not any("resumes" in line for line in said)


def test_a_torn_checkpoint_means_starting_again(parts: ImageSet, tmp_path: Path) -> None:
    progress = stopping_after(1)
    progress.scratch = tmp_path
    with pytest.raises(Cancelled):
        ImageVae(SMALL, seed=3).fit(parts.normals(), progress)
    (tensors,) = tmp_path.glob("*.safetensors")
    tensors.write_bytes(tensors.read_bytes()[:1000])
    said: list[str] = []
    ImageVae(SMALL, seed=3).fit(parts.normals(), Progress(log=said.append, scratch=tmp_path))
    assert not any("resumes" in line for line in said)


def test_the_curves_are_told(parts: ImageSet) -> None:
    told: list[dict[str, float]] = []
    fractions: list[float] = []

    def sink(fraction: float, stage: str, metrics: dict[str, float]) -> None:
        fractions.append(fraction)
        if "val_loss" in metrics:
            told.append(metrics)

    ImageVae(SMALL).fit(parts.normals(), Progress(sink))
    assert len(told) == SMALL.epochs
    assert {"train_loss", "val_loss", "kl", "active_units"} <= set(told[0])
    assert told[-1]["train_loss"] < told[0]["train_loss"]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0


def test_it_stops_when_held_out_normals_no_longer_improve(parts: ImageSet) -> None:
    """With a vanishing learning rate nothing improves after batch norm has settled, so patience runs out."""
    params = SMALL.model_copy(update={"epochs": 60, "learning_rate": 1e-12, "patience": 2})
    detector = ImageVae(params)
    detector.fit(parts.normals(), Progress())
    assert detector.provenance()["epochs"] < 60
    assert detector.provenance()["best_epoch"] <= detector.provenance()["epochs"] - 2


def test_the_work_limit_bounds_the_epochs(parts: ImageSet) -> None:
    learned = len(split(parts.normals(), 0)[0])
    detector = ImageVae(SMALL.model_copy(update={"image_passes": 2 * learned}))
    detector.fit(parts.normals(), Progress())
    assert detector.provenance()["epochs"] == 2


def test_copies_of_a_photograph_stay_on_one_side(parts: ImageSet) -> None:
    normals = parts.normals()
    doubled = replace(normals, items=(*normals.items, *(replace(i, name=f"copy/{i.name}") for i in normals.items)))
    learn, held_out = split(doubled, seed=1)
    assert {i.sha256 for i in learn}.isdisjoint({i.sha256 for i in held_out})
    assert len(learn) + len(held_out) == len(doubled)


def test_names_and_order_do_not_change_the_split(parts: ImageSet) -> None:
    normals = parts.normals()
    renamed = replace(normals, items=tuple(replace(i, name=f"x/{i.name}") for i in normals.items[::-1]))
    one, other = split(normals, 1), split(renamed, 1)
    assert [[i.sha256 for i in side] for side in one] == [[i.sha256 for i in side] for side in other]


def test_a_loss_that_is_no_number_is_told(parts: ImageSet, monkeypatch: pytest.MonkeyPatch) -> None:
    nowhere = training.Check(loss=float("nan"), kl=0.0, active_units=0.0)
    monkeypatch.setattr(training, "evaluate", lambda *ignored: nowhere)
    with pytest.raises(UserError, match=r"diverged.*lower learning rate"):
        ImageVae(SMALL).fit(parts.normals(), Progress())


@pytest.mark.parametrize("n", [0, 1, MIN_IMAGES - 1])
def test_too_few_images_are_refused_in_a_sentence(parts: ImageSet, n: int) -> None:
    few = replace(parts, items=parts.normals().items[:n])
    with pytest.raises(UserError, match=f"at least {MIN_IMAGES} are needed"):
        ImageVae(SMALL).fit(few, Progress())


def test_the_smallest_set_that_is_accepted_trains(parts: ImageSet) -> None:
    few = replace(parts, items=parts.normals().items[:MIN_IMAGES])
    detector = ImageVae(SMALL.model_copy(update={"epochs": 1}))
    detector.fit(few, Progress())
    (score, *_) = detector.score(few, Progress())
    assert np.isfinite(score.score)
