"""The memory: a uniform reservoir, one by value, quotas, bytes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.stats import chisquare

from core.continual.memory import LONG, SHORT, Memory, item_bytes
from core.continual.methods.options import Learner
from core.errors import UserError

STORED = 3


def _memory(items: int, overhead: int = 0, **options: Any) -> Memory:
    return Memory(
        STORED, STORED, 1, Learner(memory_bytes=items * item_bytes(STORED, False) + overhead, **options), overhead
    )


def _columns(ids: np.ndarray, label: np.ndarray | None = None, concept: int = 0) -> dict[str, np.ndarray]:
    n = len(ids)
    rows = np.repeat(ids[:, None], STORED, axis=1).astype(np.float32)
    label = np.zeros(n, bool) if label is None else label
    return {
        "rows": rows, "inputs": rows, "mask": np.ones((n, 1), np.float32), "logit": np.zeros(n, np.float32),
        "id": ids, "label": label, "fault": label.astype(np.int16), "severity": 0.9 * label,
        "concept": np.full(n, concept, np.int16),
    }  # fmt: skip


def test_equal_weights_are_a_uniform_reservoir() -> None:
    counts = np.zeros(60)
    rng = np.random.default_rng(0)
    for _ in range(400):
        memory = _memory(15)
        for start in range(0, 60, 12):
            memory.add(_columns(np.arange(start, start + 12)), rng)
            memory.settle(None)
        counts[memory["id"]] += 1
    assert chisquare(counts).pvalue > 0.001


def test_constant_utility_keeps_what_the_uniform_reservoir_keeps() -> None:
    held = []
    for retention in ("uniform", "utility"):
        memory, rng = _memory(10, retention=retention), np.random.default_rng(1)
        for start in range(0, 200, 20):
            memory.add(_columns(np.arange(start, start + 20)), rng)
            memory.settle(None if retention == "uniform" else np.full(len(memory), 0.5, np.float32))
        held.append(memory["id"].tolist())
    assert held[0] == held[1]


def test_value_is_kept_more_often() -> None:
    rng, kept = np.random.default_rng(2), np.zeros(2)
    for _ in range(200):
        memory = _memory(10, retention="utility")
        memory.add(_columns(np.arange(40)), rng)
        memory.settle(np.where(np.arange(40) < 20, 0.2, 0.8).astype(np.float32))
        kept += [(memory["id"] < 20).sum(), (memory["id"] >= 20).sum()]
    assert kept[1] > 3 * kept[0]


def test_quotas_keep_normals_and_every_concept() -> None:
    memory, rng = _memory(40, retention="utility", normal_quota=0.3, concept_quota=0.1), np.random.default_rng(3)
    for concept in range(4):
        label = np.arange(200) % 2 == 0
        memory.add(_columns(concept * 200 + np.arange(200), label, concept), rng)
        memory.settle(np.where(memory["label"], 0.99, 0.01).astype(np.float32))
    assert len(memory) == 40
    assert (~memory["label"]).sum() >= 12
    assert min(np.bincount(memory["concept"])) >= 4


def test_the_newest_wait_in_the_short_term_memory() -> None:
    memory, rng = _memory(20, short_share=0.25), np.random.default_rng(4)
    for start in range(0, 100, 10):
        memory.add(_columns(np.arange(start, start + 10)), rng)
        memory.settle(None)
    assert memory["id"][memory["buffer"] == SHORT].tolist() == [95, 96, 97, 98, 99]
    assert (memory["buffer"] == LONG).sum() == 15


def test_a_balanced_memory_holds_each_class_alike() -> None:
    memory, rng = _memory(20, retention="balanced"), np.random.default_rng(5)
    memory.add(_columns(np.arange(200), np.arange(200) < 12), rng)
    memory.settle(None)
    assert memory["label"].sum() == 10


def test_the_budget_is_in_bytes_and_counts_what_else_is_kept() -> None:
    memory, rng = _memory(10, overhead=500), np.random.default_rng(6)
    memory.add(_columns(np.arange(30)), rng)
    memory.settle(None)
    assert len(memory) == 10
    assert memory.nbytes == 10 * item_bytes(STORED, False) + 500
    assert item_bytes(STORED, True) == item_bytes(STORED, False) + 4
    assert _memory(10, rehearsal="none").capacity == 0


def test_a_budget_below_one_sample_is_refused_in_a_sentence() -> None:
    with pytest.raises(UserError, match="too small for one sample"):
        Memory(STORED, STORED, 1, Learner(memory_bytes=20))


def test_it_resumes_bit_identically() -> None:
    first, rng = _memory(10), np.random.default_rng(7)
    first.add(_columns(np.arange(30)), rng)
    first.settle(None)
    second = _memory(10)
    second.restore(first.arrays())
    assert all(np.array_equal(first[name], second[name]) for name in first.arrays())
