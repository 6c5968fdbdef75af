"""The one loop learner: every method of the registry's ``loop`` kind is a setting of it (`methods/options.py`)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.continual import policy
from core.continual.contract import Generators, Strategy, below, prefixed
from core.continual.cvar import annealed_level, effective_level
from core.continual.dynamics.contract import Motion
from core.continual.hellinger import DriftState, adaptive_sigma
from core.continual.losses import Part, Plan, cross_entropy, evolved, hardness, interference
from core.continual.memory import Index, Memory
from core.continual.methods.options import Learner
from core.continual.modalities import Modalities
from core.continual.network import FusionNetwork
from core.continual.parallel import ALONE, Crew
from core.continual.platt import Platt
from core.continual.student import Student
from core.continual.tracking import bias_bound
from core.continual.types import CRITICAL, Array, Batch, MemoryRecord, Stream
from core.continual.watch import RATE, DriftWatch

ANNEALED = 600  # steps after which the CVaR has its full level
RADIUS = 0.5  # of the usual distance from an anomaly to the nearest normal: how far a memory may be moved
RADIUS_EVERY = 50  # steps between two measurements of it
VELOCITY = 20  # steps over which the speed of H is estimated
PURPOSES = ("memory", "replay", "transform", "watch")
SCRATCH_BATCH = 32
SCRATCH_EVERY = 100  # steps between trainings from scratch where nobody tells when a task ends


class LoopLearner(Strategy):
    """Test-then-train with rehearsal; see the registry for what each method switches on."""

    def __init__(self, options: Learner, stream: Stream, seed: int, crew: Crew = ALONE) -> None:
        self._o, self._stream, self._seed, self._crew = options, stream, seed, crew
        self._random = Generators(seed, PURPOSES)
        self._modalities = Modalities(stream)
        self._platt = Platt()
        self._watch: DriftWatch | None = None
        self._step, self._radius, self._drift = 0, np.inf, 0.0
        self._history = np.zeros(VELOCITY)

    def begin(self, normals: Batch) -> None:
        self._alignment = self._modalities.fit(self._modalities.encode(normals), self._o.shared)
        inputs, _ = self._modalities.inputs(normals)
        if self._watches:
            batch = len(self._stream.tasks[0].train[0].seen)
            self._watch = DriftWatch(inputs, self._modalities.widths, batch, self._random["watch"])
        overhead = self._watch.nbytes if self._watch else 0
        self._memory = Memory(self._modalities.stored, inputs.shape[1], len(self._modalities.names), self._o, overhead)
        self._renew()

    def score(self, batch: Batch) -> Array:
        return self._student.logits(*self._modalities.inputs(batch))

    def probability(self, score: Array) -> Array:
        return self._platt(score)

    def observe(self, seen: Batch, score: Array, threshold: float) -> dict[str, float]:
        self._platt.predicted(seen.ids, score)
        if self._watch is None:
            return {}
        state, alarm = self._watch.update(self._modalities.inputs(seen)[0][score <= threshold])
        return self._told(state, alarm)

    def learn(self, batch: Batch) -> dict[str, float]:
        if not len(batch):
            return {}
        self._step += 1
        label = batch.label & batch.known  # what nobody speaks of stands for normal
        self._platt.told(batch.ids[batch.known], label[batch.known])
        rows = self._modalities.encode(batch)
        self._modalities.follow(rows[~label])
        inputs, mask = self._modalities.inputs(batch)
        state: dict[str, float] = {}
        logits = np.zeros(len(batch), np.float32)
        if self._o.rehearsal != "scratch":
            state, logits = self._train(inputs, mask, label)
        if self._memory.capacity:
            told = {"rows": rows, "inputs": inputs, "mask": mask, "logit": logits, "label": label}
            self._remember(batch, told)
        if self._stream.setting == "agnostic" and self._step % SCRATCH_EVERY == 0:
            self.end_task()
        return state

    def end_task(self) -> None:
        if self._o.rehearsal == "scratch" and len(self._memory):
            self._learn_from_scratch()

    def remembered(self, step: int) -> MemoryRecord:
        m = self._memory
        known = self._o.utility == "value"
        worth = m["utility"] if known else np.full(len(m), np.nan, np.float32)
        return MemoryRecord(step, m["id"], m["fault"], m["severity"], worth, m["buffer"], m.nbytes)

    def latent(self, batch: Batch) -> Array:
        return self._student.features(*self._modalities.inputs(batch))[0]

    def arrays(self) -> dict[str, NDArray[Any]]:
        own = np.array([self._step, self._radius, self._drift, *self._history])
        found = {"own": own, **prefixed("random", self._random.arrays()), **prefixed("platt", self._platt.arrays())}
        found |= prefixed("memory", self._memory.arrays()) | prefixed("modalities", self._modalities.arrays())
        found |= self._student.arrays()
        return found | (prefixed("watch", self._watch.arrays()) if self._watch else {})

    def restore(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        own = [float(value) for value in arrays["own"]]
        self._step, self._radius, self._drift = int(own[0]), own[1], own[2]
        self._history = np.array(own[3:])
        for name, part in (
            ("random", self._random), ("platt", self._platt), ("memory", self._memory),
            ("modalities", self._modalities), ("watch", self._watch),
        ):  # fmt: skip
            if part is not None:
                part.restore(below(name, arrays))
        self._student.restore(arrays)

    @property
    def _watches(self) -> bool:
        return self._o.kappa > 0 and self._o.transform == "dynamics"

    def _renew(self) -> None:
        """An untrained network, the same for every method of a seed."""
        with torch.random.fork_rng():
            torch.manual_seed(self._seed)
            network = FusionNetwork(self._modalities.widths, self._alignment, self._o.hidden)
        self._student = Student(network, self._o.learning_rate, self._crew)

    def _told(self, state: DriftState, alarm: bool) -> dict[str, float]:
        """``bound`` is an estimate: on real streams the speed of drift is not known but guessed from H itself."""
        assert self._watch is not None  # noqa: S101 the caller has one
        self._drift = state.debiased if state.warm else 0.0
        speed = abs(state.debiased - self._history[0]) / VELOCITY
        self._history = np.append(self._history[1:], state.debiased)
        sigma = adaptive_sigma(self._o.sigma, self._o.kappa, self._drift)
        bound = bias_bound(speed, RATE) + self._watch.noise
        return {"hellinger": state.debiased, "sigma": sigma, "bound": min(bound, 1.0), "alarm": float(alarm)}

    def _train(
        self, inputs: Array, mask: Array, label: NDArray[np.bool_]
    ) -> tuple[dict[str, float], Array]:  # fmt: skip
        """One step of gradient descent. Whatever takes part goes through the network in one pass."""
        stream = self._part(inputs, mask, label)
        plan = self._plan(stream) if len(self._memory) else Plan()
        parts = [stream[:2], *plan.parts()]
        sizes = [len(one[0]) for one in parts]

        def loss(logits: Tensor) -> Tensor:
            first, *rest = torch.split(logits, sizes)
            return cross_entropy(first, stream[2]).mean() + plan.loss(rest, self._o)

        whole = (torch.cat([one[0] for one in parts]), torch.cat([one[1] for one in parts]))
        value, logits = self._student.learn(*whole, loss)
        state = {"loss": value} | ({"level": plan.level} if plan.tail else {})
        return state, np.asarray(logits[: len(label)].cpu().numpy(), np.float32)

    def _plan(self, stream: Part) -> Plan:
        """What is replayed in this step, chosen and moved."""
        o, m, plan = self._o, self._memory, Plan()
        if o.logit_weight > 0:
            index = m.sample(o.replay, self._random["replay"])
            plan.matched = self._part(m["inputs"][index], m["mask"][index], m["logit"][index])
        index = self._chosen(stream)
        raw = self._part(m["inputs"][index], m["mask"][index], m["label"][index])
        if o.transform == "none":
            plan.replayed = raw
        else:
            if o.transform == "sgld":
                plan.replayed = (evolved(self._student.network, *raw, self._random["transform"]), *raw[1:])
            else:
                inputs, mask = self._student.tensors(*self._modalities.embed(self._moved(index, raw)))
                plan.replayed = (inputs, mask, raw[2])
            if o.raw_too or o.divergence_weight > 0:
                plan.raw = raw
        if o.tail_weight > 0:
            critical = m["label"] & (m["severity"] >= CRITICAL)
            plan.level = effective_level(annealed_level(o.tail_level, self._step / ANNEALED), int(critical.sum()))
            if critical.any():
                plan.tail = self._part(m["inputs"][critical], m["mask"][critical], m["severity"][critical])
        return plan

    def _chosen(self, stream: Part) -> Index:
        o, m, network = self._o, self._memory, self._student.network
        if o.selection == "uniform":
            return m.sample(o.replay, self._random["replay"])
        index = m.sample(o.replay * o.candidates, self._random["replay"])
        loss = cross_entropy(network(*stream[:2]), stream[2]).mean()
        candidates = self._part(m["inputs"][index], m["mask"][index], m["label"][index])
        harm = interference(network, loss, o.learning_rate, *candidates).cpu().numpy()
        return np.asarray(index[np.argsort(-harm, kind="stable")[: o.replay]])

    def _moved(self, index: Index, raw: Part) -> Array:
        o, m = self._o, self._memory
        if self._step % RADIUS_EVERY == 1:
            self._radius = self._measured_radius()
        loss, push = hardness(self._student.network, *raw)
        motion = Motion(
            horizon=policy.horizons(o.horizon, m["utility"][index]),
            sigma=adaptive_sigma(o.sigma, o.kappa, self._drift),
            sigma0=o.sigma,
            anomalous=m["label"][index],
            loss=loss,
            radius=self._radius,
            form=o.adaptive,
        )
        return self._modalities.transform(m["rows"][index], motion, push, self._random["transform"])

    def _measured_radius(self) -> float:
        """Half the median distance from a remembered anomaly to its nearest normal; no limit without either."""
        label, inputs = self._memory["label"], self._memory["inputs"]
        if not label.any() or label.all():
            return float(np.inf)
        return RADIUS * float(np.median(policy.distances(inputs[label], inputs[~label]).min(axis=1)))

    def _remember(self, batch: Batch, told: dict[str, NDArray[Any]]) -> None:
        concept = batch.concept
        if self._watch is not None:
            concept = np.where(concept < 0, self._watch.concept, concept)
        severity = np.where(told["label"], batch.severity, 0)
        told |= {"id": batch.ids, "fault": batch.fault, "severity": severity, "concept": concept}
        self._memory.add(told, self._random["memory"])
        self._memory.settle(self._worth() if self._o.utility == "value" else None)

    def _worth(self) -> Array:
        m, o = self._memory, self._o
        features, probability = self._student.features(m["inputs"], m["mask"])
        gradient = policy.gradient_norm(probability, m["label"], features)
        weights = (o.rarity_weight, o.severity_weight, o.gradient_weight)
        return policy.utility(policy.rarity(m["inputs"], m["label"]), m["severity"], gradient, weights)

    def _learn_from_scratch(self) -> None:
        self._renew()
        m = self._memory
        inputs, mask, label = self._part(m["inputs"], m["mask"], m["label"])
        for _ in range(self._o.epochs):
            order = torch.from_numpy(self._random["replay"].permutation(len(label)))
            for part in torch.split(order.to(label.device), SCRATCH_BATCH):
                self._student.learn(inputs[part], mask[part], partial(_mean_loss, label=label[part]))

    def _part(self, inputs: Array, mask: Array, wanted: NDArray[Any]) -> Part:
        inputs_there, mask_there, wanted_there = self._student.tensors(inputs, mask, wanted)
        return inputs_there, mask_there, wanted_there


def _mean_loss(logits: Tensor, label: Tensor) -> Tensor:
    return cross_entropy(logits, label).mean()
