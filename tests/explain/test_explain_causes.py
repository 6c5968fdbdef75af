from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.datasets.series import Event
from core.datasets.synthetic.machines import pump
from core.datasets.synthetic.machines.faults import inject
from core.detectors.registry import parameters
from core.detectors.series.training import train_series
from core.errors import UserError
from core.explain.accuracy import accuracy
from core.explain.causes import METHODS, causes
from core.explain.record import record
from core.explain.reference import Reference
from core.explain.wording import agreed, sentence, strayed
from core.progress import Progress
from tests.explain.toys import correlated, data, model


@pytest.fixture(scope="module")
def faulty_pump():
    """A pump whose sensors lie by 2 sd, one at a time, sixty times a minute long."""
    normal = pump.make(1)
    rng, room, events = np.random.default_rng(1), 420, 60
    unit = pump.record(1, 2, room * events)
    for number in range(events):
        start = number * room + int(rng.integers(200, room - 110))
        unit = inject(unit, int(rng.integers(13)), start, start + 60, "bias", 2 * rng.choice((-1, 1)), 1)
    return normal.of([normal.units[0], replace(unit, name="faulty", split="test")])


def test_the_culprit_of_a_2_sd_fault_is_named_first(faulty_pump) -> None:
    fitted = train_series("pca-t2q", parameters("pca-t2q", {}), 0, faulty_pump, Progress())
    rows = {one.method: one for one in accuracy(fitted.model, fitted.model.prepared(faulty_pump))}
    assert rows["counterfactual"].top1 > 0.95
    assert rows["evidence"].top1 > 0.95
    assert rows["counterfactual"].events == 60
    assert rows["random"].top1 == pytest.approx(1 / 13)
    assert rows["random"].seconds is None
    assert rows["|z|"].top1 < rows["counterfactual"].top1
    assert "gradients" not in rows


def test_accuracy_without_named_culprits_is_refused() -> None:
    found = data(correlated(300), (Event(100, 150),))
    with pytest.raises(UserError, match="No labelled event names the sensors"):
        accuracy(model(found), found)


@pytest.mark.parametrize("mode", ["now", "settled"])
def test_an_explanation_is_whole(mode) -> None:
    values = correlated(600, seed=11)
    values[300:380, 4] += np.linspace(0, 8, 80, dtype=np.float32)
    found = data(values, (Event(300, 380, (4,)),))
    fitted = model(found)
    said = causes(fitted, found.units[1], 300, 380, mode, Reference.of(fitted, found, "m"))
    assert [one.method for one in said.rankings] == [one for one in METHODS if one != "gradients"]
    assert all(one.order[0] == 4 for one in said.rankings)
    assert all(one.seconds > 0 for one in said.rankings)
    words = sentence(
        fitted.signals[4], said.counterfactual.explains(4), strayed(said.onsets[4], found.units[1], "cycle")
    )
    assert words.startswith("s4 explains ")
    assert said.counterfactual.explains(4) > 0.9
    assert said.counterfactual.explains(0) < 0.5
    assert (
        "which go if it reads as expected; it drifted to " in words and "sd above what the other sensors let" in words
    )
    assert agreed(list(said.rankings), fitted.signals) == f"All {len(said.rankings)} methods name s4 first."
    assert said.latent is None
    assert said.neighbour.distance > said.neighbour.usual
    assert len(said.moments.fall) == len(said.moments.edges) - 1


def test_a_silent_sensor_is_told() -> None:
    values = correlated(400, seed=13)
    values[200:260, 2] = np.nan
    found = data(values)
    fitted = model(found)
    said = causes(fitted, found.units[1], 200, 260, "now", Reference.of(fitted, found, "m"))
    assert said.silent == (2,)
    assert said.rankings[0].order[0] == 2
    assert said.onsets[2] is not None
    assert said.onsets[2].manner == "fell silent"
    assert record(said, fitted, found.units[1])["sentence"] == "s2 is not read here; it fell silent at cycle 300."


def test_moments_of_a_score_of_one_step_are_that_step() -> None:
    values = correlated(400, seed=12)
    values[200, 3] += 9
    found = data(values)
    fitted = model(found)
    said = causes(fitted, found.units[1], 190, 210, "now", Reference.of(fitted, found, "m"), methods=("|z|",))
    assert said.moments.edges.tolist() == [200, 201]
    assert said.moments.fall[0] > 0
    assert [one.method for one in said.rankings] == ["|z|"]
