"""Rules that fuse what several witnesses say of an event: on simulated faults, and on labelled ones.

    python -m tests.benchmarks.series_causes --data SMD --keep DIR [--vae-steps 300]

The witnesses (``series_cause_sources``) are fused by mean rank (Borda), by reciprocal ranks with the published k = 60
(Cormack et al., SIGIR 2009), and by the sum of -log10 p (Fisher). No figure of a rule was tuned. Two protocols:

- the rule is chosen on simulated faults (``series_cause_faults``), the labels are counted once;
- leave one machine out: for each machine, the rule that is best on the labels of the *others* is counted on it.

Told beside them: intervals over events, how much the machines' labels can teach at all (a ranker trained on the labels
of the other machines), and what the labelled sensors that are missed look like. Every set's witnesses are kept in
``--keep``; a set that is there is not heard again.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from core.datasets.readers import read
from core.datasets.series import SeriesSet
from core.metrics.series.causes import judge_blame
from tests.benchmarks import series_cause_faults as faults
from tests.benchmarks.series_cause_sources import CALIBRATED, SOURCES, Said, listen

Floats = NDArray[np.float64]
Rule = Callable[[Said], Floats]

K = 60  # of reciprocal rank fusion, as published
RESAMPLES = 4000
MARK = (0.773, 0.874, 0.890)  # |z|, event-max, over ten machines
WITHOUT = ("|z|", "Kalman", "PCA", "evidence")  # what needs no second model
FIGURES = ("hitrate_100", "hitrate_150", "top1")


def ranks(said: Floats) -> Floats:
    """(e, d) 1 for the sensor most blamed; equal ones share the mean of their ranks."""
    return np.asarray(rankdata(-said, axis=1))


def borda(names: tuple[str, ...]) -> Rule:
    return lambda said: -np.mean([ranks(said.blame[name]) for name in names], axis=0)


def reciprocal(names: tuple[str, ...]) -> Rule:
    return lambda said: np.sum([1 / (K + ranks(said.blame[name])) for name in names], axis=0)


def fisher(names: tuple[str, ...]) -> Rule:
    return lambda said: np.sum([said.surprise[name] for name in names], axis=0)


def alone(name: str) -> Rule:
    return lambda said: said.blame[name]


RULES: dict[str, Rule] = {
    **{name: alone(name) for name in SOURCES},
    "mean rank of five": borda(SOURCES),
    "mean rank without VAE": borda(WITHOUT),
    "mean rank of |z|, Kalman, evidence": borda(("|z|", "Kalman", "evidence")),
    "reciprocal ranks of five": reciprocal(SOURCES),
    "reciprocal ranks without VAE": reciprocal(WITHOUT),
    "reciprocal ranks of |z|, Kalman, evidence": reciprocal(("|z|", "Kalman", "evidence")),
    "-log10 p of four": fisher(CALIBRATED),
    "-log10 p without VAE": fisher(("|z|", "Kalman", "PCA")),
}


def judged(blame: Floats, culprits: NDArray[np.bool_]) -> Floats:
    """(e, 3) ``FIGURES`` of each event."""
    rows = [judge_blame(row, np.flatnonzero(guilty).tolist()) for row, guilty in zip(blame, culprits, strict=True)]
    return np.array([[getattr(row, name) for name in FIGURES] for row in rows])


def interval(rows: Floats) -> Floats:
    """(2, 3) 95 % of the mean of (e, 3), events drawn anew."""
    drawn = np.random.default_rng(0).integers(len(rows), size=(RESAMPLES, len(rows)))
    return np.asarray(np.quantile(rows[drawn].mean(axis=1), (0.025, 0.975), axis=0))


def left_out(found: dict[str, Floats], machine: NDArray[np.str_]) -> tuple[Floats, dict[str, str]]:
    """(e, 3) figures of each event by the rule that is best, by the mean of all three, on the other machines."""
    rows, chosen = np.zeros((len(machine), 3)), {}
    for one in np.unique(machine):
        chosen[str(one)] = max(found, key=lambda rule: found[rule][machine != one].mean())
        rows[machine == one] = found[chosen[str(one)]][machine == one]
    return rows, chosen


def features(said: Said) -> Floats:
    """(e, d, f) what a ranker learns from: by witness the rank, the blame beside the event's largest, the surprise."""
    shown = [ranks(said.blame[name]) / said.culprits.shape[1] for name in SOURCES]
    shown += [said.blame[name] / np.maximum(said.blame[name].max(axis=1, keepdims=True), 1e-12) for name in SOURCES]
    shown += [np.log1p(np.maximum(said.surprise[name], 0)) for name in CALIBRATED]
    return np.stack(shown, axis=2)


def taught(said: Said) -> Floats:
    """(e, 3) figures of a logistic regression that learned from the labels of the other machines: no rule of the
    product, but what these witnesses could tell to somebody who had seen labels."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    shown, blame = features(said), np.zeros(said.culprits.shape)
    for one in np.unique(said.machine):
        own = said.machine == one
        scaler = StandardScaler().fit(shown[~own].reshape(-1, shown.shape[2]))
        model = LogisticRegression(C=0.1, max_iter=2000)
        model.fit(scaler.transform(shown[~own].reshape(-1, shown.shape[2])), said.culprits[~own].ravel())
        blame[own] = model.decision_function(scaler.transform(shown[own].reshape(-1, shown.shape[2]))).reshape(
            own.sum(), -1
        )
    return judged(blame, said.culprits)


def missed(said: Said) -> None:
    """What the labelled sensors look like that ``evidence`` ranks behind as many as are labelled, and what no rule can
    mend: where an unlabelled sensor of the event surpasses a labelled one for every witness."""
    behind = ranks(said.blame["evidence"]) > said.culprits.sum(axis=1, keepdims=True)
    lost, kept = said.culprits & behind, said.culprits & ~behind
    said_of = np.stack([said.blame[name] for name in SOURCES])
    surpassed = (said_of[:, :, :, None] > said_of[:, :, None, :]).all(axis=0)  # (e, i, j): i more than j, for all
    hopeless = said.culprits & (surpassed & ~said.culprits[:, :, None]).any(axis=1)
    print(f"labelled sensors {said.culprits.sum()}, ranked behind {lost.sum()}, surpassed {hopeless.sum()}")
    for name, cells in (("found", kept), ("missed", lost), ("not labelled", ~said.culprits)):
        usual = np.all([said.surprise[one][cells] < 1 for one in CALIBRATED], axis=0)
        rare = np.any([said.surprise[one][cells] > 2 for one in ("|z|", "Kalman")], axis=0)
        median = ", ".join(f"{one} {np.median(said.blame[one][cells]):.2f}" for one in ("|z|", "Kalman"))
        print(
            f"  {name}, {cells.sum()}: median {median}; |z| below 3: {np.mean(said.blame['|z|'][cells] < 3):.0%}; ",
            end="",
        )
        print(f"one normal stretch in ten shows as much to every witness: {usual.mean():.0%}; ", end="")
        print(f"fewer than one in a hundred to |z| or Kalman: {rare.mean():.0%}")


def sets(data: Path) -> dict[str, Callable[[], SeriesSet]]:
    return {
        "single": lambda: faults.single(0, 80),
        "several": lambda: faults.several(0, 60),
        "servers": lambda: faults.servers(0, 80),
        "replayed": lambda: faults.replayed(0, read(data), 16),
        "labelled": lambda: read(data),
    }


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--data", type=Path, required=True)
    options.add_argument("--keep", type=Path, required=True)
    options.add_argument("--vae-steps", type=int, default=300)
    asked = options.parse_args()
    asked.keep.mkdir(parents=True, exist_ok=True)
    heard = {}
    for name, made in sets(asked.data).items():
        file = asked.keep / f"{name}.npz"
        if not file.exists():
            listen(made(), asked.vae_steps).save(file)
        heard[name] = Said.load(file)
    found = {
        rule: {name: judged(fuse(said), said.culprits) for name, said in heard.items()} for rule, fuse in RULES.items()
    }
    print("| rule | " + " | ".join(f"{name}, {len(said.machine)}" for name, said in heard.items()) + " |")
    for rule, rows in found.items():
        print(f"| {rule} | " + " | ".join(_shown(one.mean(axis=0)) for one in rows.values()) + " |")
    said = heard["labelled"]
    labelled = {rule: rows["labelled"] for rule, rows in found.items()}
    rows, chosen = left_out(labelled, said.machine)
    print(f"one machine left out: {_shown(rows.mean(axis=0))}, {chosen}")
    for name, one in (*labelled.items(), ("left out", rows), ("taught by the others' labels", taught(said))):
        low, high = interval(one)
        beside = interval(one - labelled["|z|"])
        print(f"{name}: {_shown(one.mean(axis=0))}, 95 % {_shown(low)} to {_shown(high)}; less |z| ", end="")
        print(f"{_shown(beside[0])} to {_shown(beside[1])}")
    best = np.max(list(labelled.values()), axis=0)
    print(f"best rule of each event, by its own label: {_shown(best.mean(axis=0))}; the mark {_shown(np.array(MARK))}")
    missed(said)


def _shown(figures: Floats) -> str:
    return " / ".join(f"{value:.3f}" for value in figures)


if __name__ == "__main__":
    main()
