"""Run by ``series_metrics`` in the oracles' own environment: the references' figures and times, as JSON.

    python series_oracles.py FILE.npz

The file holds, for each case k, ``scores_k``, ``labels_k`` and ``flagged_k``, and ``window``. Imports nothing of ours.
"""

from __future__ import annotations

import importlib
import json
import sys
import time
import types
from importlib.metadata import version
from importlib.util import find_spec

import numpy as np


def without_init(package: str) -> None:
    """Make a package importable in parts, without running its __init__, which imports a network library."""
    spec = find_spec(package)
    stub = types.ModuleType(package)
    stub.__path__ = list(spec.submodule_search_locations or [])
    sys.modules[package] = stub


def inclusive(mask: np.ndarray) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(mask.astype(int), prepend=0, append=0)).reshape(-1, 2)
    return [(int(start), int(stop) - 1) for start, stop in edges]


def main() -> None:
    data = np.load(sys.argv[1], allow_pickle=False)
    tsb = importlib.import_module("TSB_AD.evaluation.basic_metrics")
    reference = importlib.import_module("TSB_AD.evaluation.affiliation.metrics")
    without_init("orion")
    orion = importlib.import_module("orion.evaluation.contextual")
    grader, window, cases = tsb.basic_metricor(), int(data["window"]), []
    for index in range(int(data["cases"])):
        scores, labels, flagged = (data[f"{name}_{index}"] for name in ("scores", "labels", "flagged"))
        truth, called = labels.astype(int), flagged.astype(int)
        started = time.perf_counter()
        *_, roc, pr = tsb.generate_curve(truth, scores, window, "opt", 250)
        vus_seconds = time.perf_counter() - started
        started = time.perf_counter()
        events, alarms = ([(a, b + 1) for a, b in inclusive(mask)] for mask in (labels, flagged))
        near = reference.pr_from_events(alarms, events, (0, len(labels)))
        affiliation_seconds = time.perf_counter() - started
        _, fp, fn, tp = orion.contextual_confusion_matrix(inclusive(labels), inclusive(flagged), weighted=False)
        cases.append(
            {
                "vus_pr": pr,
                "vus_roc": roc,
                "auc_pr": grader.metric_PR(truth, scores),
                "auc_roc": grader.metric_ROC(truth, scores),
                "f1": grader.metric_PointF1(truth, scores, called),
                "event_f1": grader.metric_EventF1PA(truth, scores, called),
                "pa_f1": grader.metric_PointF1PA(truth, scores, called),
                "affiliation_precision": near["Affiliation_Precision"],
                "affiliation_recall": near["Affiliation_Recall"],
                "overlap_f1": 2 * tp / (2 * tp + fp + fn),
                "seconds": {"vus": vus_seconds, "affiliation": affiliation_seconds},
            }
        )
    json.dump(
        {"versions": {name: version(name) for name in ("TSB-AD", "orion-ml", "numpy")}, "cases": cases}, sys.stdout
    )


if __name__ == "__main__":
    main()
