"""How long the comparison engine takes on the runs of a workspace: what a page computes at once, and the report.

python -m tests.benchmarks.compare_engine WORKSPACE DATASET_NAME
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from core.compare import curves, disagreements, figures, groups, pairs
from core.compare.contestants import MOST, image_contestants
from core.compare.export import image_zip
from core.compare.report import Chosen
from core.compare.sidebyside import align
from core.metrics.cost import CostWeights
from core.metrics.pairedbootstrap import paired_draws
from core.store import DatasetStore, RunStore, Workspace

T = TypeVar("T")
ROUNDS = 7


def timed(name: str, work: Callable[[], T]) -> T:
    """Print the median and the range of a few rounds, in ms; the last result."""
    spent = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        result = work()
        spent.append(1000 * (time.perf_counter() - started))
    print(f"| {name} | {statistics.median(spent):.1f} | {min(spent):.1f} to {max(spent):.1f} |", flush=True)
    return result


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("workspace", type=Path)
    parser.add_argument("dataset")
    asked = parser.parse_args()
    workspace = Workspace(asked.workspace)
    store = DatasetStore(workspace)
    row = next(one for one in store.list() if one.name == asked.dataset)
    ids = [run.id for run in RunStore(workspace).list(row.id)][:MOST]
    weights = CostWeights(10, 1)
    print("| step | median ms | range |\n|---|---|---|")
    side = timed("read and align", lambda: align(image_contestants(workspace, ids)))
    print(f"{len(ids)} detectors, {len(side)} images counted of {row.n_items}")
    timed("figures with intervals", lambda: figures.image_rows(side))
    timed("guessing", lambda: figures.random_row(side))
    timed("all pairs (DeLong, McNemar, Holm)", lambda: pairs.image_pairs(side))
    timed("agreement", lambda: disagreements.agreement(side))
    timed("disagreements", lambda: disagreements.disagreements(side))
    timed("recall by class", lambda: groups.recall_by_class(side))
    timed(
        "ROC, PR, histograms", lambda: (curves.curves(side, "roc"), curves.curves(side, "pr"), curves.histograms(side))
    )
    timed("cost curves", lambda: curves.costs(side, weights, 0.01))
    known = side.known
    timed(
        "1,000 paired resamples (AUROC, AUPRC, recall, false alarms)",
        lambda: paired_draws(side.scores[:, known], side.flagged()[:, known], side.anomalous[known]),
    )
    data = store.get(row.id)
    timed("report zip with 18 disagreements", lambda: image_zip(side, data, Chosen(weights=weights)))


if __name__ == "__main__":
    main()
