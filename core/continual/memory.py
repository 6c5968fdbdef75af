"""What a learner keeps: a long-term memory by value and a short-term one by recency, within a budget of bytes.

**Retention** is a weighted reservoir (A-Res, Efraimidis & Spirakis, Inf. Process. Lett. 97, 2006): every sample draws
one number u once and for all and the largest ``u^(1/w)`` stay; here their logarithms. Equal weights give the uniform
reservoir of experience replay; ``w = exp(k U)`` favours value, and follows U when it changes. Quotas keep a least share
of normals and of each concept, or value alone would leave a detector without negatives.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.continual.methods.options import Learner
from core.continual.types import Array
from core.errors import UserError

Index = NDArray[np.int64]
COLUMNS: Mapping[str, type] = {
    "id": np.int64, "label": np.bool_, "fault": np.int16, "severity": np.float32, "concept": np.int16,
    "utility": np.float32, "draw": np.float32, "buffer": np.int8,
}  # fmt: skip
LONG, SHORT = 0, 1


def item_bytes(stored: int, logits: bool) -> int:
    """Bytes that a remembered sample takes with everything told about it."""
    return 4 * stored + sum(np.dtype(kind).itemsize for kind in COLUMNS.values()) + (4 if logits else 0)


class Memory:
    """At most ``capacity`` samples as columns, in order of arrival: ``rows`` (n, stored) and ``COLUMNS``. ``inputs``
    and ``mask`` are rows as the network sees them, a cache that can be made again at will and is not counted."""

    def __init__(self, stored: int, width: int, modalities: int, options: Learner, overhead: int = 0) -> None:
        """Rows have ``stored`` numbers; ``width`` and ``modalities`` are those of network inputs. ``overhead``: bytes
        that the method keeps besides samples. UserError where nothing is left for one sample."""
        self._options = options
        self._logits = options.logit_weight > 0
        self._item, self._overhead = item_bytes(stored, self._logits), overhead
        unbounded = options.rehearsal == "everything"
        self.capacity = 2**40 if unbounded else (options.memory_bytes - overhead) // self._item
        if options.rehearsal == "none":
            self.capacity = 0
        elif self.capacity < 1:
            raise UserError(
                f"A memory of {options.memory_bytes:,} bytes is too small for one sample of {self._item:,}"
                + (f" beside {overhead:,} for the method itself" if overhead else ""),
                "memory_bytes",
                f"Give {self._item + overhead:,} at least",
            )
        self._short = int(options.short_share * self.capacity)
        self._columns: dict[str, NDArray[Any]] = {
            "rows": np.empty((0, stored), np.float32),
            "inputs": np.empty((0, width), np.float32),
            "mask": np.empty((0, modalities), np.float32),
            "logit": np.empty(0, np.float32),
            **{name: np.empty(0, kind) for name, kind in COLUMNS.items()},
        }

    def __len__(self) -> int:
        return len(self._columns["id"])

    def __getitem__(self, name: str) -> NDArray[Any]:
        return self._columns[name]

    @property
    def nbytes(self) -> int:
        """Of all samples and of what the method keeps besides."""
        return len(self) * self._item + self._overhead

    def add(self, columns: Mapping[str, NDArray[Any]], rng: np.random.Generator) -> None:
        """Take in samples (``rows``, ``inputs``, ``mask``, ``logit``, ``id``, ``label``, ``fault``, ``severity``,
        ``concept``); the newest wait in the short-term memory and then compete for the long-term one. `settle` lets
        them."""
        n = len(columns["id"])
        new = {
            **columns,
            "utility": np.full(n, 0.5, np.float32),
            "draw": np.log(rng.random(n, np.float32) + 1e-30),
            "buffer": np.full(n, SHORT, np.int8),
        }
        self._columns = {
            name: np.concatenate([old, new[name].astype(old.dtype)]) for name, old in self._columns.items()
        }

    def settle(self, utility: Array | None) -> None:
        """Keep what the budget allows. ``utility`` (n,) of everything now held, None where the method knows none."""
        if utility is not None:
            self._columns["utility"] = utility.astype(np.float32)
        n = len(self)
        recent = np.arange(n) >= n - self._short
        rest = np.flatnonzero(~recent)
        kept = rest[self._survivors(rest, self.capacity - self._short)]
        index = np.concatenate([np.sort(kept), np.flatnonzero(recent)])
        self._columns = {name: values[index] for name, values in self._columns.items()}
        self._columns["buffer"] = np.where(np.arange(len(index)) < len(kept), LONG, SHORT).astype(np.int8)

    def sample(self, count: int, rng: np.random.Generator) -> Index:
        """Places of ``count`` different samples, or all of them; uniform."""
        return rng.permutation(len(self))[:count] if len(self) else np.empty(0, np.int64)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Everything that `restore` needs."""
        return dict(self._columns)

    def restore(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Take back what `arrays` gave."""
        self._columns = {name: arrays[name].copy() for name in self._columns}

    def _survivors(self, index: Index, room: int) -> Index:
        """Places within ``index`` of at most ``room`` samples that stay."""
        if len(index) <= room:
            return np.arange(len(index))
        label, concept = self._columns["label"][index], self._columns["concept"][index]
        if self._options.retention == "balanced":
            return _balanced(label, concept, self._columns["draw"][index], room)
        weight = np.ones(len(index), np.float32)
        if self._options.retention == "utility":
            weight = np.exp(self._options.sharpness * self._columns["utility"][index])
        order = np.argsort(-self._columns["draw"][index] / weight, kind="stable")
        # Largest keys first: the draws are logarithms below 0, so -draw / weight is smallest for the largest key.
        groups = [(~label, self._options.normal_quota)]
        concepts = np.unique(concept)
        share = min(self._options.concept_quota, 0.5 / len(concepts))  # however many concepts: half is free
        groups += [(concept == one, share) for one in concepts]
        protected = np.zeros(len(index), bool)
        for member, quota in groups:
            ranked = order[member[order]]
            protected[ranked[: int(np.ceil(quota * room))]] = True
        ranked = np.concatenate([order[protected[order]], order[~protected[order]]])
        return np.asarray(ranked[:room])


def _balanced(label: NDArray[np.bool_], concept: NDArray[np.int16], draw: Array, room: int) -> Index:
    """GDumb's greedy balance: whoever belongs to the largest class (label within concept) leaves first."""
    classes = np.unique(np.stack([label, concept]), axis=1, return_inverse=True)[1].ravel()
    order = np.argsort(-draw, kind="stable")
    rank = np.empty(len(label), np.int64)
    for one in np.unique(classes):
        members = order[classes[order] == one]
        rank[members] = np.arange(len(members))
    return np.lexsort((-draw, rank))[:room]
