"""Test, then train: walks a stream with a method and writes down what happened.

Methods and seeds share nothing but the stream, which is made anew for each: the same seed shows every method the same
samples. One processor core, or several processes that share each training step (`parallel.py`); a run that was
interrupted goes on bit-identically from the last checkpoint.
"""

from __future__ import annotations

import resource
import sys
import time
from functools import partial
from pathlib import Path
from weakref import WeakKeyDictionary

import numpy as np
import torch

from core.continual.checkpoint import (
    Arrays,
    pack_memory,
    pack_steps,
    read_arrays,
    unpack_memory,
    unpack_steps,
    write_arrays,
)
from core.continual.config import ContinualConfig, EvaluationConfig
from core.continual.contract import Strategy, below, prefixed
from core.continual.methods.build import strategy
from core.continual.methods.names import TRAINED
from core.continual.parallel import ALONE, Crew, crew, processes
from core.continual.streams import build
from core.continual.types import (
    Array,
    Batch,
    MemoryRecord,
    MethodRun,
    RecordKind,
    Records,
    StepRecord,
    Stream,
    Task,
    concatenate,
)
from core.errors import UserError
from core.progress import Progress

CHECKPOINT_EVERY = 50  # steps
_SHOWN: WeakKeyDictionary[Task, dict[int, Batch]] = WeakKeyDictionary()  # the drifted probes of streams in use


def run(config: ContinualConfig, progress: Progress, checkpoint: Path | None = None) -> Records:
    """Every method on every seed. ``checkpoint``: a folder in which an interrupted run finds itself again. Runs of the
    same stream and settings are found there too if methods or seeds were added since, by however many processes."""
    torch.set_num_threads(1)
    size = processes(config.processes) if set(config.methods) & set(TRAINED) else 1
    with crew(size, partial(_follow, config, checkpoint)) as together:
        runs, stream = _walked(config, progress, checkpoint, together)
    if stream is None:
        raise UserError("There is nothing to run", "methods, seeds", "Name one of each at least")
    onsets = tuple(task.onset for task in stream.tasks if task.onset is not None)
    names = tuple(task.name for task in stream.tasks)
    digest = config.sha256()
    return Records(
        stream.name,
        digest,
        stream.severity_hash,
        names,
        onsets,
        stream.faults,
        stream.severities,
        tuple(runs),
        stream.notes,
    )


def _follow(config: ContinualConfig, checkpoint: Path | None, together: Crew) -> None:
    """What the other processes of a crew do: the same, and tell nobody."""
    _walked(config, Progress(), checkpoint, together)


def _walked(
    config: ContinualConfig, progress: Progress, checkpoint: Path | None, together: Crew
) -> tuple[list[MethodRun], Stream | None]:  # fmt: skip
    """The runs, and the stream of the last seed. Banks and references have no step to share with other processes: the
    first of them walks those alone."""
    methods = config.methods if together.first else [name for name in config.methods if name in TRAINED]
    pairs = [(seed, name) for seed in config.seeds for name in methods]
    runs: list[MethodRun] = []
    stream: Stream | None = None
    made_for = -1
    for k, (seed, name) in enumerate(pairs):
        if stream is None or made_for != seed:
            stream, made_for = build(config, seed), seed
        path = None if checkpoint is None else checkpoint / config.checkpoint_name(seed, name)
        part = progress.part(k / len(pairs), (k + 1) / len(pairs))
        runs.append(run_method(stream, name, seed, config, part, path, together if name in TRAINED else ALONE))
    return runs, stream


def run_method(
    stream: Stream, name: str, seed: int, config: ContinualConfig, progress: Progress, checkpoint: Path | None = None,
    together: Crew = ALONE,
) -> MethodRun:  # fmt: skip
    """One method on one stream. ``together``: the processes that train it, each of which calls this.

    UserError for a task without steps, or with one class alone in its probe.
    """
    check(stream)
    walk = Walk(stream, strategy(name, config.learner, stream, seed, together), config.evaluation)
    if checkpoint is not None and checkpoint.is_file():
        walk.restore(read_arrays(checkpoint))
    together.meet()  # before the first of them writes to what the others read
    kept = checkpoint if together.first else None
    started, spent = time.perf_counter(), walk.seconds
    while walk.step < stream.steps:
        walk.advance()
        walk.seconds = spent + time.perf_counter() - started
        progress.report(walk.step, stream.steps, f"{name}, seed {seed}")
        if kept is not None and (walk.step % CHECKPOINT_EVERY == 0 or walk.step == stream.steps):
            write_arrays(kept, walk.arrays())
    return MethodRun(
        name, seed, tuple(walk.records), tuple(walk.memory), walk.seconds, _peak_mib(), (), walk.latent
    )  # fmt: skip


def check(stream: Stream) -> None:
    """UserError for what no method can learn from or be judged on."""
    for task in stream.tasks:
        if not len(task.train):
            raise UserError(f"Task «{task.name}» is empty", stream.name, "Give it data, or fewer tasks")
        if task.probe.label.all() or not task.probe.label.any():
            kind = "anomalies" if task.probe.label.all() else "normals"
            raise UserError(
                f"Task «{task.name}» is judged on {kind} alone", stream.name, "Its probe set needs both classes"
            )


class Walk:
    """A strategy on its way through a stream, and the records so far."""

    def __init__(self, stream: Stream, method: Strategy, evaluation: EvaluationConfig) -> None:
        self._stream, self._method, self._evaluation = stream, method, evaluation
        self.step, self.seconds = 0, 0.0
        self.records: list[StepRecord] = []
        self.memory: list[MemoryRecord] = []
        self.latent: dict[str, Array] = {}
        method.begin(stream.tasks[0].calibration)
        self._pool = stream.tasks[0].calibration
        self._pooled = 0  # the last task whose calibration normals are in the pool
        self._probe(-1, -1)

    def advance(self) -> None:
        """One step: score, observe, learn; at the end of a task, its probes."""
        stream, task = self._stream, self._stream.task_at(self.step)
        if task.index != self._pooled:
            self._pool, self._pooled = concatenate([self._pool, task.calibration]), task.index
        chunk = task.train[self.step - task.start]
        threshold = self._threshold()
        score = self._method.score(chunk.seen)
        probability = self._method.probability(score)
        state = self._method.observe(chunk.seen, score, threshold)
        state |= self._method.learn(chunk.learn)
        self.records.append(
            _record("stream", self.step, task.index, task.index, chunk.seen, score, probability, threshold, state)
        )
        ends = self.step + 1 == task.stop
        if ends and stream.setting != "agnostic":
            self._method.end_task()
        if task.onset is not None and (self.step - task.start) % self._evaluation.every == 0:
            self._judge("drifted", self.step, task.index, task.index, _drifted(task, self.step), self._threshold())
        if ends or (self.step + 1) % self._evaluation.memory_every == 0:
            self.memory.append(self._method.remembered(self.step))
        if ends:
            self._probe(self.step, task.index)
            if task.index == 0:
                self.latent["before"] = self._map()
            if self.step + 1 == stream.steps:
                self.latent["after"] = self._map()
        self.step += 1

    def arrays(self) -> Arrays:
        own = np.array([self.step, self.seconds])
        found = {
            "own": own,
            **prefixed("steps", pack_steps(self.records)),
            **prefixed("kept", pack_memory(self.memory)),
        }
        return found | prefixed("latent", self.latent) | prefixed("method", self._method.arrays())

    def restore(self, arrays: Arrays) -> None:
        """Go on where `arrays` were taken."""
        self.step, self.seconds = int(arrays["own"][0]), float(arrays["own"][1])
        self.records, self.memory = unpack_steps(below("steps", arrays)), unpack_memory(below("kept", arrays))
        self.latent = below("latent", arrays)
        self._method.restore(below("method", arrays))
        seen = self._stream.task_at(max(self.step - 1, 0)).index
        self._pool, self._pooled = concatenate([task.calibration for task in self._stream.tasks[: seen + 1]]), seen

    def _threshold(self) -> float:
        """Conformal: of n normals that nobody trained on, from all tasks so far, at most the promised share alarms."""
        scores = np.sort(self._method.score(self._pool))
        rank = int(np.ceil((len(scores) + 1) * (1 - self._evaluation.false_alarm_rate)))
        return float(scores[min(rank, len(scores)) - 1])

    def _probe(self, step: int, task: int) -> None:
        threshold = self._threshold()
        for one in self._stream.tasks:
            self._judge("probe", step, task, one.index, one.probe, threshold)

    def _judge(self, kind: RecordKind, step: int, task: int, about: int, batch: Batch, threshold: float) -> None:
        score = self._method.score(batch)
        probability = self._method.probability(score)
        self.records.append(_record(kind, step, task, about, batch, score, probability, threshold, {}))

    def _map(self) -> Array:
        """(n, 2) principal components of the latent codes of all probes, in task order."""
        codes = np.concatenate([self._method.latent(task.probe) for task in self._stream.tasks]).astype(np.float64)
        centred = codes - codes.mean(axis=0)
        _, _, axes = np.linalg.svd(centred, full_matrices=False)
        flat = np.zeros((len(codes), 2), np.float32)
        flat[:, : min(2, len(axes))] = centred @ axes[:2].T
        return flat


def _drifted(task: Task, step: int) -> Batch:
    """The probe as the world shows it; made once for all methods of a seed."""
    shown = _SHOWN.setdefault(task, {})
    if step not in shown:
        shown[step] = task.drifted(step)
    return shown[step]


def _record(
    kind: RecordKind, step: int, task: int, about: int, batch: Batch, score: Array, probability: Array,
    threshold: float, state: dict[str, float],
) -> StepRecord:  # fmt: skip
    return StepRecord(
        kind,
        step,
        task,
        about,
        batch.ids,
        batch.label,
        batch.fault,
        batch.severity,
        score,
        probability,
        threshold,
        state,
    )


def _peak_mib() -> float:
    """Of this process so far."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)
