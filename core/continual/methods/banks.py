"""Continual PatchCore: memory banks of patches under one fixed budget.

- ``patchcore-coreset``: one bank for all tasks that only grows. A task adds patches by greedy k-centre selection beside
  those of the tasks before it: where these reach, none are needed (after Roth et al., CVPR 2022, and CADIC,
  arXiv:2511.08634). After t of T tasks at most t/T of the budget is taken, so that nothing has to leave later: an old
  task can be forgotten by what new patches cover alone.
- ``patchcore-per-task``: a bank of an equal share for each task, chosen without regard to the others (after
  PatchCoreCL, arXiv:2508.18013).
- ``patchcore-joint``: keeps candidates of all tasks and selects anew from all of them: what a budget without a
  sequence could do.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.continual.methods.options import Learner
from core.continual.methods.unsupervised import Unsupervised
from core.continual.types import Array, Batch, Stream
from core.detectors.patchcore.bank import CoresetSampler
from core.detectors.patchcore.search import MemoryBank
from core.errors import UserError

WAITING = 256  # images whose candidates wait at most for the next selection


class PatchBanks(Unsupervised):
    """An image is as anomalous as its patch that lies farthest from the bank."""

    def __init__(self, options: Learner, stream: Stream, seed: int, kind: str) -> None:
        super().__init__(options, stream, seed)
        if "patches" not in stream.shapes:
            raise UserError(
                f"The stream «{stream.name}» has no patches of images, which a memory bank is made of",
                kind,
                "Use an image stream with patches: true, or leave the method out",
            )
        self._kind, self._depth = kind, int(stream.shapes["patches"][-1])
        self._budget = options.memory_bytes // (4 * self._depth)
        if self._budget < len(stream.tasks):
            raise UserError(
                f"A memory of {options.memory_bytes:,} bytes holds fewer patches than there are tasks",
                "memory_bytes",
                f"Give {4 * self._depth * len(stream.tasks):,} at least",
            )
        self._sampler = CoresetSampler(self._depth, seed)
        self._rows, self._ids, self._tasks = self._nothing()
        self._new: list[tuple[Tensor, Tensor, Tensor]] = []
        self._waiting, self._task = 0, 0
        self._banks: dict[int, MemoryBank] = {}

    def begin(self, normals: Batch) -> None:
        """Nothing to learn of scales: patches of one network have the same."""

    def end_task(self) -> None:
        self._select()
        self._task += 1

    def latent(self, batch: Batch) -> Array:
        return np.asarray(batch.views["patches"].mean(axis=1), np.float32)

    def _judged(self, batch: Batch) -> Array:
        patches = torch.from_numpy(batch.views["patches"])
        if not self._banks:
            return np.zeros(len(batch), np.float32)  # nothing is known yet: all are alike
        found = torch.stack([self._distance(image, int(c)) for image, c in zip(patches, batch.concept, strict=True)])
        return np.asarray(found.numpy(), np.float32)

    def _distance(self, patches: Tensor, concept: int) -> Tensor:
        """Where the task is told, its own bank judges; else whichever is nearest."""
        bank = self._banks.get(concept if self._kind == "patchcore-per-task" else -1, self._banks[-1])
        return bank.distance(patches, 1).max()

    def _taught(self, normals: Batch) -> dict[str, float]:
        patches = torch.from_numpy(normals.views["patches"])
        kept = self._sampler.thin(patches)
        rows = patches[torch.arange(len(patches)).unsqueeze(1), kept].flatten(0, 1)
        ids = torch.from_numpy(normals.ids).repeat_interleave(kept.shape[1])
        tasks = torch.full((len(rows),), self._task)
        self._new.append((rows, ids, tasks))
        self._waiting += len(normals)
        if self._waiting >= WAITING:
            self._select()
        return {}

    def _select(self) -> None:
        if not self._new:
            return
        parts = [(self._rows, self._ids, self._tasks), *self._new]
        rows, ids, tasks = (torch.cat(column) for column in zip(*parts, strict=True))
        self._new, self._waiting = [], 0
        if self._kind != "patchcore-joint":
            rows, ids, tasks = self._reduced(rows, ids, tasks)
        self._rows, self._ids, self._tasks = rows, ids, tasks
        self._build()

    def _reduced(self, rows: Tensor, ids: Tensor, tasks: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """What stays of the present task, after what stands of the others. Where nobody tells of tasks, all is one."""
        there = tasks == self._task
        own, others = torch.nonzero(there).squeeze(1), torch.nonzero(~there).squeeze(1)
        announced = len(self._stream.tasks) if self._stream.setting != "agnostic" else 1
        if self._kind == "patchcore-per-task":
            chosen = self._sampler.choose(rows[own], self._budget // announced)
        else:
            room = self._budget * (self._task + 1) // announced - len(others)
            chosen = self._sampler.choose_beside(rows[others], rows[own], room)
        kept = torch.cat([others, own[chosen].sort().values])
        return rows[kept], ids[kept], tasks[kept]

    def _build(self) -> None:
        rows, ids, tasks = self._rows, self._ids, self._tasks
        if self._kind == "patchcore-joint":
            kept = self._sampler.choose(rows, self._budget)
            rows, ids = rows[kept], ids[kept]
        self._banks = {-1: MemoryBank(rows, ids, cosine=False)}
        if self._kind == "patchcore-per-task":
            for task in torch.unique(tasks).tolist():
                own = tasks == task
                self._banks[task] = MemoryBank(rows[own], ids[own], cosine=False)
        self._changed()

    def _held(self) -> NDArray[np.int64]:
        return self._ids.numpy().copy()

    def _nbytes(self) -> int:
        return 4 * self._rows.numel()

    def _nothing(self) -> tuple[Tensor, Tensor, Tensor]:
        return torch.empty(0, self._depth), torch.empty(0, dtype=torch.long), torch.empty(0, dtype=torch.long)

    def _state(self) -> dict[str, NDArray[Any]]:
        new = [torch.cat(column) for column in zip(*self._new, strict=True)] if self._new else self._nothing()
        named = zip(("rows", "ids", "tasks", "new_rows", "new_ids", "new_tasks"),
                    (self._rows, self._ids, self._tasks, *new), strict=True)  # fmt: skip
        return {name: tensor.numpy().copy() for name, tensor in named} | {"own": np.array([self._waiting, self._task])}

    def _take_back(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        self._rows, self._ids, self._tasks = (torch.from_numpy(arrays[key]) for key in ("rows", "ids", "tasks"))
        self._waiting, self._task = (int(value) for value in arrays["own"])
        new = (
            torch.from_numpy(arrays["new_rows"]),
            torch.from_numpy(arrays["new_ids"]),
            torch.from_numpy(arrays["new_tasks"]),
        )
        self._new = [new] if len(new[0]) else []
        if len(self._rows):
            self._build()
