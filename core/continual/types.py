"""What the stream, the learners and the metrics hand to each other. All of it is immutable.

The world (``streams.build(spec, seed) -> Stream``) makes tasks; the loop (``loop.run(config, progress, checkpoint) ->
Records``) walks them and writes records; metrics read records and nothing else, so that they can be recomputed after
the run, without a model.

The order in one step is fixed: **test, then train**.

1. ``chunk.seen`` is scored. Its labels are the truth and serve records and metrics alone: a learner never reads them.
2. ``chunk.learn`` is what the learner may train on now: samples seen ``label_delay`` steps ago, with the label that it
   was *told*. Where ``known`` is false nobody said: the sample stands for a normal one, rightly or not.

**Views.** A sample is seen by up to three modalities; a view that a stream lacks is not in ``views``, a sample without
that view is a row of NaN (never zeros). Rows are raw descriptors: whoever learns from them scales them, by what was
seen in the first task.

=============  ===============  ==================================================================================
view           shape            content
=============  ===============  ==================================================================================
``vibration``  (n, D)           features of a window of signals: levels in bands, moments (telemetry also)
``image``      (n, d, d)        covariance of pixel features: symmetric, positive definite
``log``        (n, K, K + 1)    of a window of events: [:, i, j] transitions from state i to j (0 on the
                                diagonal), [:, i, K] seconds spent in state i; the last state is «unknown»
``patches``    (n, P, C)        patch features of a frozen backbone, for memory banks; image streams only
=============  ===============  ==================================================================================

**Settings** (van de Ven and Tolias, 2019; pyCLAD): *aware*: the concept of a sample is told in training and test;
*incremental*: in training only; *agnostic*: never, and nobody tells where a task begins. What is not told is -1 in
``Batch.concept``, so that a learner that reads it cannot cheat.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

Modality = Literal["vibration", "image", "log"]
View = Literal["vibration", "image", "log", "patches"]
Setting = Literal["aware", "incremental", "agnostic"]
RecordKind = Literal["stream", "probe", "drifted"]
Array = NDArray[np.float32]

MODALITIES: tuple[Modality, ...] = ("vibration", "image", "log")
CRITICAL = 0.7  # severity from which an anomaly is critical
TASK_STRIDE = 1_000_000  # an id is task x TASK_STRIDE + place: whose sample it is can be told from a record


def task_of(ids: NDArray[np.int64]) -> NDArray[np.int64]:
    """(n,) the task that each sample belongs to: for display and metrics, never for a learner."""
    return ids // TASK_STRIDE


@dataclass(frozen=True, eq=False)
class Batch:
    """n samples.

    ``label`` is true for an anomaly; ``fault`` indexes ``Stream.faults`` (0 is «normal»); ``severity`` is in [0, 1], 0
    for a normal sample. In ``Chunk.learn`` all three are what the learner was told.
    """

    ids: NDArray[np.int64]  # (n,), unique in the stream
    views: Mapping[View, Array]
    label: NDArray[np.bool_]  # (n,)
    fault: NDArray[np.int16]  # (n,)
    severity: NDArray[np.float32]  # (n,)
    known: NDArray[np.bool_]  # (n,) somebody said what the sample is
    concept: NDArray[np.int16]  # (n,) task, or -1 where it is not told

    def __post_init__(self) -> None:
        n = len(self.ids)
        columns = (self.label, self.fault, self.severity, self.known, self.concept, *self.views.values())
        if any(len(column) != n for column in columns):
            raise ValueError("the columns of a batch differ in length")
        object.__setattr__(self, "views", MappingProxyType(dict(self.views)))

    def __len__(self) -> int:
        return len(self.ids)

    def present(self, view: View) -> NDArray[np.bool_]:
        """(n,) the samples that have this view."""
        if view not in self.views:
            return np.zeros(len(self), bool)
        values = self.views[view]
        return np.asarray(np.isfinite(values.reshape(len(values), -1)).all(axis=1))

    def take(self, index: NDArray[np.int64] | NDArray[np.bool_] | slice) -> Batch:
        """The samples at ``index``, in its order."""
        return Batch(
            self.ids[index],
            {name: values[index] for name, values in self.views.items()},
            self.label[index],
            self.fault[index],
            self.severity[index],
            self.known[index],
            self.concept[index],
        )

    def untold(self) -> Batch:
        """The same samples with the concept withheld."""
        return replace(self, concept=np.full(len(self), -1, np.int16))


def concatenate(batches: Sequence[Batch]) -> Batch:
    """One batch of several with the same views; at least one."""
    return Batch(
        np.concatenate([batch.ids for batch in batches]),
        {name: np.concatenate([batch.views[name] for batch in batches]) for name in batches[0].views},
        np.concatenate([batch.label for batch in batches]),
        np.concatenate([batch.fault for batch in batches]),
        np.concatenate([batch.severity for batch in batches]),
        np.concatenate([batch.known for batch in batches]),
        np.concatenate([batch.concept for batch in batches]),
    )


@dataclass(frozen=True, eq=False)
class Chunk:
    """One step of the stream. ``learn`` may be empty while labels are under way."""

    step: int  # of the stream, from 0
    seen: Batch
    learn: Batch


class Chunks(Protocol):
    """The steps of a task, made when they are asked for: ``chunks[k]`` is the same whenever and however often it is
    asked for, so that a run resumes anywhere."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: int) -> Chunk: ...


class Drifted(Protocol):
    """``drifted(step)``: the task's probe samples as the world shows them at this step of the stream."""

    def __call__(self, step: int) -> Batch: ...


class RawOf(Protocol):
    """``raw(id)``: what was recorded of one sample, drift included, for people to look at: ``vibration`` (L, c),
    ``image`` (h, w, 3) in 0 to 255, ``log`` (E, 2) state and seconds spent in it."""

    def __call__(self, sample: int) -> Mapping[View, NDArray[np.float32]]: ...


@dataclass(frozen=True, eq=False)
class Task:
    """One stretch of the stream with its own machine, load, product or channel.

    ``calibration`` are normals that nobody trains on and no figure counts: thresholds come from them. ``probe`` is
    frozen, labelled, never trained on, as the world was before the task's drift set in: forgetting is measured on it.
    ``onset`` is the step of the stream at which drift sets in, None where there is none; ``drifted`` serves recovery.
    """

    index: int
    name: str
    start: int  # first step of the stream
    train: Chunks
    calibration: Batch
    probe: Batch
    drifted: Drifted
    raw: RawOf
    onset: int | None = None

    @property
    def stop(self) -> int:
        """One past its last step of the stream."""
        return self.start + len(self.train)


@dataclass(frozen=True, eq=False)
class Stream:
    """A sequence of tasks. ``shapes`` are those of one sample, by view; ``sources`` tells where each task comes from,
    ``notes`` what a person should know (synthetic pairing, proxy severities)."""

    name: str
    setting: Setting
    tasks: tuple[Task, ...]
    faults: tuple[str, ...]  # names of the classes, ``normal`` first
    severities: tuple[float, ...]  # of each class, 0 for ``normal``
    shapes: Mapping[View, tuple[int, ...]]
    label_delay: int  # steps
    label_rate: float
    severity_hash: str  # of the severity table in use
    sources: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def modalities(self) -> tuple[Modality, ...]:
        return tuple(name for name in MODALITIES if name in self.shapes)

    @property
    def steps(self) -> int:
        return self.tasks[-1].stop

    def task_at(self, step: int) -> Task:
        """The task that a step of the stream belongs to."""
        return next(task for task in self.tasks if step < task.stop)


@dataclass(frozen=True, eq=False)
class StepRecord:
    """A batch that was scored, with what the learner said *before* it trained on it.

    ``kind``: ``stream`` (a chunk, prequentially), ``probe`` (the frozen probe of task ``about``, after the last step
    of task ``task``, and before the first with ``step`` -1 and ``task`` -1: the untrained model), ``drifted`` (the
    probe of the present task as the world is at ``step``). ``threshold`` is on ``score``, from normals only. ``state``
    holds what the learner tells about itself: ``hellinger``, ``sigma``, ``bound``, ``loss``, ``alarm`` (0 or 1), …
    """

    kind: RecordKind
    step: int
    task: int
    about: int
    ids: NDArray[np.int64]
    label: NDArray[np.bool_]
    fault: NDArray[np.int16]
    severity: NDArray[np.float32]
    score: NDArray[np.float32]  # (n,) higher is more anomalous
    probability: NDArray[np.float32]  # (n,) of an anomaly, in [0, 1]
    threshold: float
    state: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "state", MappingProxyType(dict(self.state)))

    @property
    def verdict(self) -> NDArray[np.bool_]:
        """(n,) true where the learner alarms."""
        found: NDArray[np.bool_] = self.score > self.threshold
        return found


@dataclass(frozen=True, eq=False)
class MemoryRecord:
    """What a memory held after ``step``. Buffers are told apart by ``buffer`` (0 long-term, 1 short-term)."""

    step: int
    ids: NDArray[np.int64]
    fault: NDArray[np.int16]
    severity: NDArray[np.float32]
    utility: NDArray[np.float32]  # NaN where the method knows none
    buffer: NDArray[np.int8]
    nbytes: int  # of everything kept: samples, logits, transformer, statistics


@dataclass(frozen=True, eq=False)
class MethodRun:
    """One method on one seed's stream."""

    method: str
    seed: int
    steps: tuple[StepRecord, ...]
    memory: tuple[MemoryRecord, ...]
    seconds: float
    peak_rss_mib: float
    notes: tuple[str, ...] = ()
    latent: Mapping[str, Array] = field(default_factory=dict)  # «before», «after»: (n, 2) of all probes, in task order

    def __post_init__(self) -> None:
        object.__setattr__(self, "latent", MappingProxyType(dict(self.latent)))


@dataclass(frozen=True, eq=False)
class Records:
    """A whole run: every method on every seed, on the same streams."""

    stream: str
    config_hash: str
    severity_hash: str
    tasks: tuple[str, ...]
    onsets: tuple[int, ...]  # steps at which drift set in
    faults: tuple[str, ...]
    severities: tuple[float, ...]  # in use when the run was made; metrics can be recomputed under others
    runs: tuple[MethodRun, ...]
    notes: tuple[str, ...] = ()
