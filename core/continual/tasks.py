"""From a source of samples to a task: chunks, labels that come late, drift on the fly, frozen probe sets.

Everything follows from (seed, task, part, block): a chunk can be asked for in any order, any number of times, in any
process.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from core.continual.config import StreamSpec, TaskDrift
from core.continual.drifting import Drifting
from core.continual.source import Drawn, Part, Raw, Source, described
from core.continual.types import TASK_STRIDE, Array, Batch, Chunk, Task, View, concatenate
from core.drift.scenarios import Surroundings

BLOCK = 64  # samples of the stream drawn at once; frozen parts are drawn whole
FIRST_ID: Mapping[Part, int] = {"train": 0, "calibration": 600_000, "probe": 800_000}
_PURPOSE = {"draw": 1, "told": 3, "missing": 4}  # 2 and 5 are drifts
_PART_CODE: Mapping[Part, int] = {"train": 0, "calibration": 1, "probe": 2}
CACHED_BYTES = 64 << 20  # of described blocks that a task keeps


@dataclass(eq=False)
class TaskWorld:
    """One task in the making. ``mix`` (faults,) are the chances of the classes in the stream."""

    index: int
    source: Source
    start: int
    spec: StreamSpec
    mix: NDArray[np.float64]
    severities: NDArray[np.float32]  # (faults,)
    drifts: tuple[TaskDrift, ...]
    seed: int
    missing: float = 0.0
    states: int | None = None  # of the log
    other: Source | None = None  # whose signals take over where the load switches
    previous: TaskWorld | None = None
    _blocks: dict[tuple[Part, int], Batch] = field(default_factory=dict, init=False, repr=False)
    _kept: int = field(default=0, init=False, repr=False)
    _features: dict[tuple[View, int], NDArray[np.float32]] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        surroundings = Surroundings(spread=self.source.spread(), states=self.states)
        onsets = tuple(self.start + int(drift.at * self.spec.steps) for drift in self.drifts)
        self.drifting = Drifting(self.drifts, onsets, [self.seed, self.index], surroundings, self.other)

    @property
    def onset(self) -> int | None:
        """The step of the stream at which the first drift of the task sets in."""
        return self.drifting.onset

    def task(self) -> Task:
        """The task, its frozen parts drawn."""
        aware, told = self.spec.setting == "aware", self.spec.setting != "agnostic"
        calibration, probe = self._block("calibration", 0), self._block("probe", 0)
        return Task(
            index=self.index,
            name=self.source.name,
            start=self.start,
            train=_Chunks(self),
            calibration=calibration if told else calibration.untold(),
            probe=probe if aware else probe.untold(),
            drifted=self.drifted,
            raw=self.raw,
            onset=self.onset,
        )

    def chunk(self, place: int) -> Chunk:
        seen, learn = self.seen(place), self._learned(place)
        return Chunk(
            self.start + place,
            seen if self.spec.setting == "aware" else seen.untold(),
            learn.untold() if self.spec.setting == "agnostic" else learn,
        )

    def seen(self, place: int) -> Batch:
        """The samples of a step, with true labels and concepts."""
        start, stop = place * self.spec.batch, (place + 1) * self.spec.batch
        first, last = start // BLOCK, (stop - 1) // BLOCK
        joined = concatenate([self._block("train", block) for block in range(first, last + 1)])
        return joined.take(slice(start - first * BLOCK, stop - first * BLOCK))

    def told(self, place: int) -> Batch:
        """The samples of a step as a learner is told of them: nobody looked at some, which then pass for normal."""
        seen = self.seen(place)
        generator = np.random.default_rng([self.seed, self.index, _PURPOSE["told"], place])
        known = generator.random(len(seen)) < self.spec.label_rate
        return Batch(
            seen.ids,
            seen.views,
            seen.label & known,
            np.where(known, seen.fault, 0).astype(np.int16),
            np.where(known, seen.severity, 0).astype(np.float32),
            known,
            seen.concept,
        )

    def drifted(self, step: int) -> Batch:
        """The probe as the world shows it at ``step`` of the stream."""
        probe = self._block("probe", 0)
        drawn, fault = self._drawn("probe", 0)
        views = self._views(drawn, fault, np.full(len(probe), step), [_PART_CODE["probe"], step + 1])
        found = replace(probe, views=self._with_gaps(views, "probe", 0))
        return found if self.spec.setting == "aware" else found.untold()

    def raw(self, sample: int) -> Mapping[View, NDArray[np.float32]]:
        """What was recorded of a sample, drift included."""
        part, block, row = self._found(sample)
        drawn, fault = self._drawn(part, block)
        changed = self.drifting.changed(drawn, fault, self._steps(part, block, len(fault)), [_PART_CODE[part], block])
        return {view: np.asarray(values[row], np.float32) for view, values in changed.items()}

    def fault_of(self, sample: int) -> int:
        """The class of a sample. IndexError for one that is not there."""
        part, block, row = self._found(sample)
        return int(self._drawn(part, block)[1][row])

    def _found(self, sample: int) -> tuple[Part, int, int]:
        """Part, block and row of a sample."""
        place = sample % TASK_STRIDE
        for part in ("probe", "calibration"):
            if place >= FIRST_ID[part]:
                return part, 0, place - FIRST_ID[part]
        return "train", *divmod(place, BLOCK)

    def _learned(self, place: int) -> Batch:
        """What becomes known at a step: the samples of ``label_delay`` steps ago, of an earlier task if need be."""
        world, wanted = self, place - self.spec.label_delay
        while wanted < 0 and world.previous is not None:
            world = world.previous
            wanted += world.spec.steps
        if wanted < 0:
            return self.seen(0).take(slice(0, 0))
        return world.told(wanted)

    def _block(self, part: Part, block: int) -> Batch:
        if (part, block) in self._blocks:
            return self._blocks[part, block]
        drawn, fault = self._drawn(part, block)
        views = self._views(drawn, fault, self._steps(part, block, len(fault)), [_PART_CODE[part], block])
        ids = self.index * TASK_STRIDE + FIRST_ID[part] + block * BLOCK + np.arange(len(fault))
        found = Batch(
            ids,
            self._with_gaps(views, part, block),
            fault > 0,
            fault.astype(np.int16),
            self.severities[fault],
            np.ones(len(fault), bool),
            np.full(len(fault), self.index, np.int16),
        )
        size = sum(values.nbytes for values in found.views.values())
        if self._kept + size <= CACHED_BYTES:
            self._blocks[part, block] = found
            self._kept += size
        return found

    def _drawn(self, part: Part, block: int) -> tuple[Drawn, NDArray[np.int64]]:
        generator = np.random.default_rng([self.seed, self.index, _PURPOSE["draw"], _PART_CODE[part], block])
        if part == "train":
            fault = generator.choice(len(self.mix), BLOCK, p=self.mix)
        elif part == "calibration":
            fault = np.zeros(self.at_most("calibration", 0, self.spec.calibration), np.int64)
        else:
            fault = self._probe_faults()
        return self.source.draw(fault, part, generator), fault

    def _probe_faults(self) -> NDArray[np.int64]:
        """Normals, then as many of each anomalous class as of any other, as far as there are."""
        anomalous = self.source.faults("probe")[1:]
        each = max(round(self.spec.probe_anomalous / len(anomalous)), 1)
        counts = [self.at_most("probe", int(one), each) for one in anomalous]
        normal = np.zeros(self.at_most("probe", 0, self.spec.probe_normal), np.int64)
        return np.concatenate([normal, np.repeat(anomalous, counts)])

    def at_most(self, part: Part, fault: int, wanted: int) -> int:
        """``wanted``, or as many samples of a class as there are."""
        count = self.source.count(part, fault)
        return wanted if count is None else min(wanted, count)

    def _steps(self, part: Part, block: int, n: int) -> NDArray[np.int64]:
        """(n,) steps of the stream at which samples are seen; frozen parts are from before any drift."""
        if part != "train":
            return np.full(n, self.start - 1)
        return self.start + (block * BLOCK + np.arange(n)) // self.spec.batch

    def _views(
        self, drawn: Drawn, fault: NDArray[np.int64], steps: NDArray[np.int64], key: Sequence[int]
    ) -> dict[View, Array]:
        if drawn.items is None or self.drifts:
            return described(self.source.describe, self.drifting.changed(drawn, fault, steps, key))
        return self._remembered(drawn.raw, drawn.items.tolist())

    def _remembered(self, raw: Raw, keys: Sequence[int]) -> dict[View, Array]:
        """Descriptors of recorded items, each computed once."""
        fresh = sorted({key for key in keys if (next(iter(self.source.describe)), key) not in self._features})
        if fresh:
            rows = np.array([keys.index(key) for key in fresh])
            views = described(self.source.describe, {view: values[rows] for view, values in raw.items()})
            for view, values in views.items():
                self._features.update({(view, key): values[row] for row, key in enumerate(fresh)})
        return {view: np.stack([self._features[view, key] for key in keys]) for view in self.source.describe}

    def _with_gaps(self, views: dict[View, Array], part: Part, block: int) -> dict[View, Array]:
        """Rows of NaN where a modality was not recorded; every sample keeps one."""
        if not self.missing:
            return views
        generator = np.random.default_rng([self.seed, self.index, _PURPOSE["missing"], _PART_CODE[part], block])
        n = len(next(iter(views.values())))
        gone = generator.random((n, len(views))) < self.missing
        gone[np.arange(n), generator.integers(0, len(views), n)] = False
        return {
            view: np.where(gone[:, place].reshape(n, *[1] * (values.ndim - 1)), np.float32(np.nan), values)
            for place, (view, values) in enumerate(views.items())
        }


@dataclass(frozen=True)
class _Chunks:
    world: TaskWorld

    def __len__(self) -> int:
        return self.world.spec.steps

    def __getitem__(self, index: int) -> Chunk:
        if not 0 <= index < len(self):
            raise IndexError(index)
        return self.world.chunk(index)
