"""Memory banks of patches: one budget, old tasks kept, resumable."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from types import MappingProxyType

import numpy as np
import pytest
import torch

from core.continual.config import ContinualConfig, check_config
from core.continual.loop import Walk, run_method
from core.continual.methods.build import strategy
from core.continual.methods.names import BANKS
from core.continual.types import TASK_STRIDE, Batch, Chunk, Stream, Task
from core.detectors.patchcore.coreset import greedy_k_centre
from core.errors import UserError
from core.metrics.ranking import auroc
from core.progress import Progress

PATCHES, DEPTH, STEPS = 16, 8, 4


def _batch(task: int, first: int, n: int, anomalous: np.ndarray) -> Batch:
    """Normal patches lie about a centre of their task; an anomalous image has one patch elsewhere."""
    rng = np.random.default_rng([task, first])
    centre = 6 * np.eye(DEPTH)[task]
    patches = (centre + 0.5 * rng.standard_normal((n, PATCHES, DEPTH))).astype(np.float32)
    patches[anomalous, 0] += 5
    return Batch(
        task * TASK_STRIDE + first + np.arange(n), {"patches": patches}, anomalous, anomalous.astype(np.int16),
        0.8 * anomalous.astype(np.float32), np.ones(n, bool), np.full(n, task, np.int16),
    )  # fmt: skip


def _task(index: int) -> Task:
    normal, probe = np.zeros(10, bool), np.arange(20) % 2 == 0
    seen = [_batch(index, 10 * k, 10, np.arange(10) == 0) for k in range(STEPS)]
    chunks = [Chunk(index * STEPS + k, one, one) for k, one in enumerate(seen)]
    shown = _batch(index, 900, 20, probe)
    return Task(
        index, f"part {index}", index * STEPS, chunks, _batch(index, 500, 10, normal), shown, lambda step: shown,
        lambda sample: {},
    )  # fmt: skip


@pytest.fixture(scope="module")
def stream() -> Stream:
    return Stream(
        "patches", "incremental", tuple(_task(k) for k in range(3)), ("normal", "defect"), (0.0, 0.8),
        MappingProxyType({"patches": (PATCHES, DEPTH)}), 0, 1.0, "none",
    )  # fmt: skip


def _config(vectors: int) -> ContinualConfig:
    learner = {"memory_bytes": 4 * DEPTH * vectors}
    return check_config({"name": "b", "stream": {"kind": "plant"}, "methods": ["er"], "learner": learner})


@pytest.mark.parametrize("name", BANKS)
def test_old_tasks_are_kept_within_one_budget(name: str, stream: Stream) -> None:
    run = run_method(stream, name, 0, _config(60), Progress())
    last = [one for one in run.steps if one.kind == "probe" and one.task == 2]
    assert [auroc(one.score, one.label) for one in last] == pytest.approx([1.0] * 3)
    untrained = [one for one in run.steps if one.kind == "probe" and one.task == -1]
    assert all(auroc(one.score, one.label) == 0.5 for one in untrained)
    if name != "patchcore-joint":
        assert run.memory[-1].nbytes <= 60 * 4 * DEPTH
    assert {0, 1, 2} == set((run.memory[-1].ids // TASK_STRIDE).tolist())


def test_one_bank_only_grows_by_a_share_of_the_budget_a_task(stream: Stream) -> None:
    """What an old task left is never given up, and the first one does not take what later ones need."""
    run = run_method(stream, "patchcore-coreset", 0, _config(60), Progress())
    held = [Counter(one.ids.tolist()) for one in run.memory if (one.step + 1) % STEPS == 0]
    assert [one.total() for one in held] == [20, 40, 60]
    assert all(before <= after for before, after in pairwise(held))


def test_patches_join_a_bank_where_it_does_not_reach() -> None:
    rows = torch.tensor([[0.0, 0.0], [0.1, 0.0], [5.0, 0.0], [5.1, 0.0], [0.0, 9.0]])
    held = torch.tensor([[0.0, 0.0], [5.0, 0.1]])
    assert greedy_k_centre(rows, 1, held=held).tolist() == [4]
    assert greedy_k_centre(rows, 2, held=held).tolist()[0] == 4
    assert torch.equal(greedy_k_centre(rows, 3, held=held[:0]), greedy_k_centre(rows, 3))


@pytest.mark.parametrize("name", BANKS)
def test_banks_resume_bit_identically(name: str, stream: Stream) -> None:
    config = _config(40)

    def walk() -> Walk:
        return Walk(stream, strategy(name, config.learner, stream, 0), config.evaluation)

    first, second = walk(), walk()
    for _ in range(STEPS + 2):
        first.advance()
    second.restore(first.arrays())
    for one in (first, second):
        while one.step < stream.steps:
            one.advance()
    pairs = zip(first.records, second.records, strict=True)
    assert all(np.array_equal(one.score, other.score) for one, other in pairs)


def test_a_budget_below_a_patch_for_each_task_is_refused(stream: Stream) -> None:
    with pytest.raises(UserError, match="fewer patches than there are tasks"):
        run_method(stream, "patchcore-coreset", 0, _config(2), Progress())
