"""How long a rerun of the Compare page takes with six detectors, tab by tab.

    python -m tests.benchmarks.compare_page --data DIR --workspace W [--reruns 15]

``DIR`` is a labelled dataset of images. What is missing in the workspace ``W`` is trained and compared first, so that a
second call only measures. Times are of the script in the server, under Streamlit's own test driver, without a browser.
"""

from __future__ import annotations

import argparse
import logging
import os
import statistics
import time
from pathlib import Path

SIX = (
    ("PatchCore compact", "patchcore", {}),
    ("PatchCore ResNet-18", "patchcore", {"backbone": "resnet18"}),
    ("PatchCore paper", "patchcore", "paper"),
    ("PaDiM compact", "padim", {}),
    ("PaDiM ResNet-18", "padim", {"backbone": "resnet18"}),
    ("SPADE compact", "spade", {}),
)


def stocked(workspace: Path, data: Path) -> tuple[str, list[str]]:
    """The dataset's id and the models', all of them there and compared."""
    from core.datasets import readers
    from core.detectors import registry
    from core.jobs.tasks import compare, train
    from core.progress import Progress
    from core.store import DatasetStore, ModelStore, RunStore, Workspace
    from core.store.comparisons import RESAMPLES

    home = Workspace(workspace)
    row = DatasetStore(home).add(readers.read(data))
    for name, detector, wanted in SIX:
        if all(model.name != name for model in ModelStore(home).list(dataset_id=row.id)):
            params = dict(registry.info(detector).presets[wanted]) if isinstance(wanted, str) else wanted
            spec = {"dataset_id": row.id, "detector": detector, "params": params, "name": name}
            train.run(Progress(), spec, home)
            print(f"trained {name}", flush=True)
    names = {name for name, _, _ in SIX}
    models = [model.id for model in ModelStore(home).list(dataset_id=row.id) if model.name in names]
    runs = sorted(run.id for run in RunStore(home).list(row.id) if run.model_id in models)
    compare.run(Progress(), {"run_ids": runs, "rate": 0.05, "resamples": RESAMPLES}, home)
    return row.id, models


def measured(dataset: str, models: list[str], tab: str, reruns: int) -> tuple[float, float, float]:
    """Milliseconds of the first run, and the median of the reruns by the clock and by the processor."""
    from streamlit.testing.v1 import AppTest

    from core.settings import PROJECT

    app = AppTest.from_file(str(PROJECT / "core" / "ui" / "main.py"), default_timeout=300)
    app.query_params |= {"dataset": dataset[:12], "with": ".".join(one[:12] for one in models), "view": tab}
    started = time.perf_counter()
    app.switch_page(str(PROJECT / "pages" / "compare.py")).run()
    first = time.perf_counter() - started
    clock, busy = [], []
    for _ in range(reruns):
        started, used = time.perf_counter(), time.process_time()
        app.run()
        clock.append(time.perf_counter() - started)
        busy.append(time.process_time() - used)
    assert not app.exception and not app.error, tab
    return 1000 * first, 1000 * statistics.median(clock), 1000 * statistics.median(busy)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--data", type=Path, required=True)
    options.add_argument("--workspace", type=Path, required=True)
    options.add_argument("--reruns", type=int, default=15)
    asked = options.parse_args()
    os.environ["FAULTLINE_DATA_DIR"] = str(asked.workspace)
    logging.disable(logging.CRITICAL)
    dataset, models = stocked(asked.workspace, asked.data)
    from core.ui.compare.page import SECTIONS

    print("| tab | first, ms | rerun, ms | of the processor, ms |\n|---|---|---|---|")
    for tab in SECTIONS["image"]:
        print(
            "| {} | {:.0f} | {:.0f} | {:.0f} |".format(tab, *measured(dataset, models, tab, asked.reruns)), flush=True
        )


if __name__ == "__main__":
    main()
