"""Methods are settings of one loop: where two coincide, every recorded number is the same."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from core.continual.config import ContinualConfig, check_config
from core.continual.learner import LoopLearner
from core.continual.loop import Walk
from core.continual.methods.options import complete
from core.continual.methods.registry import METHODS, method
from core.continual.streams import build
from core.continual.types import StepRecord, Stream
from core.errors import UserError


@pytest.fixture(scope="module")
def config() -> ContinualConfig:
    stream = {"kind": "plant", "tasks": 2, "steps": 7, "probe_normal": 20, "probe_anomalous": 8, "calibration": 40}
    return check_config({"name": "small", "stream": stream, "methods": ["er"]})


@pytest.fixture(scope="module")
def stream(config: ContinualConfig) -> Stream:
    return build(config, 0)


def _walked(stream: Stream, config: ContinualConfig, name: str, **changes: Any) -> Walk:
    settings = {"hidden": 16, "replay": 12, "memory_bytes": 20_000, **method(name).settings, **changes}
    walk = Walk(stream, LoopLearner(complete(settings), stream, 0), config.evaluation)
    while walk.step < stream.steps:
        walk.advance()
    return walk


def _same(first: Walk, second: Walk) -> bool:
    def equal(one: StepRecord, other: StepRecord) -> bool:
        return np.array_equal(one.score, other.score) and np.array_equal(one.probability, other.probability)

    return all(equal(*both) for both in zip(first.records, second.records, strict=True))


def test_scmt_like_with_a_horizon_of_0_is_er_bit_for_bit(stream: Stream, config: ContinualConfig) -> None:
    er = _walked(stream, config, "er")
    assert _same(er, _walked(stream, config, "scmt-like", horizon=0.0))
    assert not _same(er, _walked(stream, config, "scmt-like"))


def test_dynamad_without_value_drift_and_tail_is_scmt_like_bit_for_bit(stream: Stream, config: ContinualConfig) -> None:
    """Its weighted reservoir stays in place: with a constant utility it keeps what a uniform one keeps."""
    plain = {
        "utility": "constant", "kappa": 0.0, "tail_weight": 0.0, "divergence_weight": 0.0, "short_share": 0.0,
        "normal_quota": 0.0, "concept_quota": 0.0,
    }  # fmt: skip
    assert _same(_walked(stream, config, "dynamad", **plain), _walked(stream, config, "scmt-like"))
    assert not _same(_walked(stream, config, "dynamad"), _walked(stream, config, "scmt-like"))


def test_der_without_logits_is_er_and_er_without_labels_is_fine_tuning(stream: Stream, config: ContinualConfig) -> None:
    er = _walked(stream, config, "er")
    assert _same(er, _walked(stream, config, "derpp", logit_weight=0.0, label_weight=1.0))
    assert not _same(er, _walked(stream, config, "derpp"))
    assert _same(_walked(stream, config, "finetune"), _walked(stream, config, "er", rehearsal="none"))


def test_dcmt_like_is_scmt_like_without_noise(stream: Stream, config: ContinualConfig) -> None:
    assert _same(_walked(stream, config, "dcmt-like"), _walked(stream, config, "scmt-like", sigma=0.0))


def test_interference_of_one_candidate_each_replays_what_er_replays(stream: Stream, config: ContinualConfig) -> None:
    """The order differs, and with it the last digits: the scores agree to rounding."""
    first, second = _walked(stream, config, "mir", candidates=1), _walked(stream, config, "er")
    for one, other in zip(first.records[:12], second.records[:12], strict=True):
        assert one.score == pytest.approx(other.score, abs=1e-3)


def test_memory_is_equal_in_bytes_and_dynamad_pays_for_its_statistics(stream: Stream, config: ContinualConfig) -> None:
    er, dynamad = _walked(stream, config, "er").memory[-1], _walked(stream, config, "dynamad").memory[-1]
    assert er.nbytes <= 20_000 >= dynamad.nbytes
    assert len(dynamad.ids) < len(er.ids)
    assert abs(er.nbytes - dynamad.nbytes) < 500  # less than one sample
    assert np.isnan(er.utility).all()
    assert np.isfinite(dynamad.utility).all()


def test_what_a_learner_tells_is_recorded(stream: Stream, config: ContinualConfig) -> None:
    state = next(one for one in reversed(_walked(stream, config, "dynamad").records) if one.kind == "stream").state
    assert {"hellinger", "sigma", "bound", "alarm", "loss"} <= set(state)
    assert state["sigma"] >= 0.25


def test_every_method_has_options_that_the_loop_knows() -> None:
    for one in METHODS.values():
        one.options({})


def test_unknown_names_and_keys_are_refused_in_a_sentence() -> None:
    with pytest.raises(UserError, match=r"no continual method «dynamda».*dynamad"):
        method("dynamda")
    with pytest.raises(UserError, match="no option «hiden»"):
        complete({"hiden": 3})
    with pytest.raises(UserError, match="«hidden»"):
        complete({"hidden": -3})
