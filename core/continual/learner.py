"""The one loop learner: every method of the registry's ``loop`` kind is a setting of it (`methods/options.py`)."""

from __future__ import annotations

from collections.abc import Mapping
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
from core.continual.losses import Plan, cross_entropy, evolved, hardness, interference
from core.continual.memory import Index, Memory
from core.continual.methods.options import Learner
from core.continual.modalities import Modalities
from core.continual.network import FusionNetwork
from core.continual.platt import Platt
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

    def __init__(self, options: Learner, stream: Stream, seed: int) -> None:
        self._o, self._stream, self._seed = options, stream, seed
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
        with torch.inference_mode():
            return np.asarray(self._network(*_tensors(*self._modalities.inputs(batch))).numpy(), np.float32)

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
        with torch.inference_mode():
            found = self._network.features(*_tensors(*self._modalities.inputs(batch)))
        return np.asarray(found.numpy(), np.float32)

    def arrays(self) -> dict[str, NDArray[Any]]:
        own = np.array([self._step, self._radius, self._drift, *self._history])
        found = {"own": own, **prefixed("random", self._random.arrays()), **prefixed("platt", self._platt.arrays())}
        found |= prefixed("memory", self._memory.arrays()) | prefixed("modalities", self._modalities.arrays())
        found |= prefixed("network", {k: v.numpy().copy() for k, v in self._network.state_dict().items()})
        for place, state in self._optimiser.state_dict()["state"].items():
            found |= prefixed(f"adam/{place}", {key: value.numpy().copy() for key, value in state.items()})
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
        self._network.load_state_dict({k: torch.from_numpy(v.copy()) for k, v in below("network", arrays).items()})
        state = self._optimiser.state_dict()
        for place in range(len(state["param_groups"][0]["params"])):
            found = below(f"adam/{place}", arrays)
            if found:
                state["state"][place] = {key: torch.from_numpy(value.copy()) for key, value in found.items()}
        self._optimiser.load_state_dict(state)

    @property
    def _watches(self) -> bool:
        return self._o.kappa > 0 and self._o.transform == "dynamics"

    def _renew(self) -> None:
        """An untrained network, the same for every method of a seed."""
        with torch.random.fork_rng():
            torch.manual_seed(self._seed)
            self._network = FusionNetwork(self._modalities.widths, self._alignment, self._o.hidden)
        self._optimiser = torch.optim.Adam(self._network.parameters(), lr=self._o.learning_rate, fused=True)

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
        stream = (*_tensors(inputs, mask), _float(label))
        plan = self._plan(stream) if len(self._memory) else Plan()
        parts = [stream[:2], *plan.parts()]
        logits = self._network(torch.cat([one[0] for one in parts]), torch.cat([one[1] for one in parts]))
        first, *rest = logits.split([len(one[0]) for one in parts])
        loss = cross_entropy(first, stream[2]).mean() + plan.loss(rest, self._o)
        self._optimiser.zero_grad()
        torch.autograd.backward(loss)
        self._optimiser.step()
        state = {"loss": loss.item()} | ({"level": plan.level} if plan.tail else {})
        return state, np.asarray(first.detach().numpy(), np.float32)

    def _plan(self, stream: tuple[Tensor, Tensor, Tensor]) -> Plan:
        """What is replayed in this step, chosen and moved."""
        o, m, plan = self._o, self._memory, Plan()
        if o.logit_weight > 0:
            index = m.sample(o.replay, self._random["replay"])
            plan.matched = (*_tensors(m["inputs"][index], m["mask"][index]), torch.from_numpy(m["logit"][index]))
        index = self._chosen(stream)
        raw = (*_tensors(m["inputs"][index], m["mask"][index]), _float(m["label"][index]))
        if o.transform == "none":
            plan.replayed = raw
        else:
            if o.transform == "sgld":
                plan.replayed = (evolved(self._network, *raw, self._random["transform"]), *raw[1:])
            else:
                plan.replayed = (*_tensors(*self._modalities.embed(self._moved(index, raw))), raw[2])
            if o.raw_too or o.divergence_weight > 0:
                plan.raw = raw
        if o.tail_weight > 0:
            critical = m["label"] & (m["severity"] >= CRITICAL)
            plan.level = effective_level(annealed_level(o.tail_level, self._step / ANNEALED), int(critical.sum()))
            if critical.any():
                severity = torch.from_numpy(m["severity"][critical])
                plan.tail = (*_tensors(m["inputs"][critical], m["mask"][critical]), severity)
        return plan

    def _chosen(self, stream: tuple[Tensor, Tensor, Tensor]) -> Index:
        o, m = self._o, self._memory
        if o.selection == "uniform":
            return m.sample(o.replay, self._random["replay"])
        index = m.sample(o.replay * o.candidates, self._random["replay"])
        loss = cross_entropy(self._network(*stream[:2]), stream[2]).mean()
        candidates = (*_tensors(m["inputs"][index], m["mask"][index]), _float(m["label"][index]))
        harm = interference(self._network, loss, o.learning_rate, *candidates).numpy()
        return np.asarray(index[np.argsort(-harm, kind="stable")[: o.replay]])

    def _moved(self, index: Index, raw: tuple[Tensor, Tensor, Tensor]) -> Array:
        o, m = self._o, self._memory
        if self._step % RADIUS_EVERY == 1:
            self._radius = self._measured_radius()
        loss, push = hardness(self._network, *raw)
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
        with torch.inference_mode():
            features = self._network.features(*_tensors(m["inputs"], m["mask"]))
            probability = torch.sigmoid(self._network.last(features).squeeze(1)).numpy()
        gradient = policy.gradient_norm(probability, m["label"], features.numpy())
        weights = (o.rarity_weight, o.severity_weight, o.gradient_weight)
        return policy.utility(policy.rarity(m["inputs"], m["label"]), m["severity"], gradient, weights)

    def _learn_from_scratch(self) -> None:
        self._renew()
        inputs, mask = _tensors(self._memory["inputs"], self._memory["mask"])
        label = _float(self._memory["label"])
        for _ in range(self._o.epochs):
            order = torch.from_numpy(self._random["replay"].permutation(len(label)))
            for part in torch.split(order, SCRATCH_BATCH):
                loss = cross_entropy(self._network(inputs[part], mask[part]), label[part]).mean()
                self._optimiser.zero_grad()
                torch.autograd.backward(loss)
                self._optimiser.step()


def _tensors(inputs: Array, mask: Array) -> tuple[Tensor, Tensor]:
    return torch.from_numpy(inputs), torch.from_numpy(mask)


def _float(label: NDArray[np.bool_]) -> Tensor:
    return torch.from_numpy(label.astype(np.float32))
