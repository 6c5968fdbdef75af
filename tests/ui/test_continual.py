"""Continual: a run set up, started, opened, and its views; what is heavy stays out of the server."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.continual.config import check_config, shipped
from core.continual.types import TASK_STRIDE, MemoryRecord, MethodRun, Records, StepRecord
from core.jobs.table import JobTable
from core.store.continualruns import ContinualStore
from core.store.workspace import Workspace
from core.ui.continual import memory, page, severities, table
from core.ui.continual.shown import Shown
from tests.ui import stock
from tests.ui.conftest import Open

FAULTS = ("normal", "bearing fault", "loose mount", "log storm", "visual scratch")
SEVERITIES = (0.0, 0.95, 0.8, 0.5, 0.4)
STEPS = 60


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A workspace with a run of two methods on two seeds, from records made by hand; the id of the run."""
    made = Workspace(tmp_path_factory.mktemp("continual") / "workspace")
    content = shipped("smoke").model_dump(mode="json") | {"methods": ["er", "dynamad"], "seeds": [0, 1]}
    content["evaluation"]["bootstrap"] = 100
    config = check_config(content)
    runs = tuple(_run(method, seed) for seed in (0, 1) for method in ("er", "dynamad"))
    records = Records(
        stream="plant", config_hash=config.sha256(), severity_hash="0" * 64, tasks=("regime 1", "regime 2"),
        onsets=(90,), faults=FAULTS, severities=SEVERITIES, runs=runs, notes=("Labels are known at once.",),
    )  # fmt: skip
    return made.root, ContinualStore(made).add(config, records).id


@pytest.fixture
def run_id(workspace: Workspace, finished: tuple[Path, str]) -> str:
    root, found = finished
    shutil.copytree(root / "continual", workspace.root / "continual", dirs_exist_ok=True)
    with sqlite3.connect(root / "index.sqlite") as source, sqlite3.connect(workspace.index) as here:
        source.backup(here)
    source.close()
    here.close()
    return found


def test_an_empty_workspace_offers_the_smallest_comparison(open_page: Open, workspace: Workspace) -> None:
    app = open_page("continual")
    assert not app.exception
    app.button(key="continual-first").click().run()
    (job,) = JobTable(workspace).list()
    assert (job.kind, job.spec["config"]["methods"]) == ("continual", ["er", "dynamad"])
    assert "first look" in stock.texts(app)


def test_what_is_chosen_is_what_is_asked_for(open_page: Open, workspace: Workspace) -> None:
    app = open_page("continual")
    app.multiselect(key="continual-methods-smoke").set_value(["er"]).run()
    app.number_input(key="continual-steps-smoke").set_value(20).run()
    app.selectbox(key="continual-drift-smoke").set_value("noise").run()
    app.number_input(key="continual-size").set_value(2.0).run()
    app.selectbox(key="continual-drift-smoke-2").set_value("vignette").run()
    app.number_input(key="continual-task-2").set_value(1).run()
    app.button(key="continual-go").click().run()
    assert not app.exception
    (job,) = JobTable(workspace).list()
    config = job.spec["config"]
    assert (config["methods"], config["stream"]["steps"]) == (["er"], 20)
    found = [(one["kind"], one["magnitude"], one["task"]) for one in config["drifts"]]
    assert found == [("noise", 2.0, 1), ("vignette", 1.0, 0)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"name: x\nstream: {kind: plant}\nmethods: [er]\nmethodz: [er]", "methodz"),
        (b"name: [", "not valid YAML"),
        (b"- 1", "not a table of settings"),
        (b"name: x\nstream: {kind: cwru, path: /etc}\nmethods: [er]", "/etc"),
    ],
)
def test_a_bad_file_is_told_in_a_sentence(open_page: Open, workspace: Workspace, text: bytes, said: str) -> None:
    app = open_page("continual", config="A file of mine")
    app.file_uploader(key="continual-file").upload("mine.yaml", text, "application/yaml")
    app.run()
    assert not app.exception
    assert said.replace("/", "") in app.error[0].value.replace("\\", "").replace("/", "")
    assert JobTable(workspace).list() == []


def test_recorded_streams_ask_for_their_data(open_page: Open, workspace: Workspace) -> None:
    app = open_page("continual", config="cwru")
    assert "say where the datasets lie" in stock.texts(app)
    assert not app.exception


@pytest.mark.parametrize(
    ("view", "said"),
    [
        ("Methods", "Paired tests"),
        ("Tasks", "Task matrix"),
        ("Over time", "Performance over time"),
        ("Drift and sigma", "The bound in simulation"),
        ("Memory", "At the end: 4 items"),
        ("Latent space", "Before"),
        ("Severities", "Hash of this table"),
        ("Reported elsewhere", "does not add up"),
    ],
)
def test_every_view_opens(open_page: Open, run_id: str, view: str, said: str) -> None:
    app = open_page("continual", view=view)
    assert not app.exception
    assert not app.error
    assert said in stock.texts(app)


def test_a_memory_item_is_opened_from_its_link(open_page: Open, run_id: str) -> None:
    app = open_page("continual", view="Memory", item=str(TASK_STRIDE + 3))
    assert not app.exception
    assert f"**Item {TASK_STRIDE + 3}** · regime 2" in stock.texts(app)
    app = open_page("continual", view="Memory", item=str(99 * TASK_STRIDE))
    assert "There is no sample" in app.error[0].value


@pytest.mark.parametrize("bad", [{"run": "0" * 12}, {"view": "x"}, {"seed": "x"}, {"item": "x"}, {"upto": "99"}])
def test_bad_links_fall_back(open_page: Open, run_id: str, bad: dict[str, str]) -> None:
    app = open_page("continual", **bad)
    assert not app.exception
    assert "2 methods on 2 seeds" in stock.texts(app)


def test_what_was_kept_and_forgotten(workspace: Workspace, run_id: str) -> None:
    told = _shown(workspace, run_id)
    records = told.of("dynamad").memory
    assert memory.kept(told, records, 119)["Item"].tolist() == [TASK_STRIDE, TASK_STRIDE + 2, 2, 1]
    gone = memory.forgotten(told, records, 119)
    assert (gone["Item"].tolist(), gone["Last kept at"].tolist()) == ([0, 3], [59, 59])
    assert memory.counts(told, records, "Task") == {"1. regime 1": [4, 2], "2. regime 2": [0, 2]}
    assert memory.counts(told, records, "Severity") == {"normal": [2, 1], "critical, 0.7 and more": [2, 3]}


def test_other_severities_change_caf1_and_nothing_else(workspace: Workspace, run_id: str) -> None:
    told = _shown(workspace, run_id)
    as_it_was = severities._figures(run_id, SEVERITIES[1:], None, told)
    for method, one in as_it_was.items():
        assert one["caf1"]["mean"] == pytest.approx(told.report["methods"][method]["caf1"]["mean"])
        assert one["cvar"]["mean"] == pytest.approx(told.report["methods"][method]["cvar"]["mean"])
    none_critical = severities._figures(run_id, (0.1, 0.1, 0.1, 0.1), None, told)
    assert all(one["caf1"]["mean"] is None for one in none_critical.values())
    free = severities._figures(run_id, SEVERITIES[1:], 0.0, told)
    assert free["er"]["cvar"]["mean"] <= as_it_was["er"]["cvar"]["mean"]
    assert free["er"]["caf1"] == as_it_was["er"]["caf1"]


def test_the_table_says_figures_with_their_intervals() -> None:
    assert table.cell({"mean": 0.5, "ci95": [0.4, 0.6]}, "caf1") == "0.500 (0.400 to 0.600)"
    assert table.cell({"mean": 1234.0, "ci95": None}, "memory_bytes") == "1,234"
    assert table.cell({"mean": 49_896.0, "ci95": [49_896.0, 49_896.0]}, "memory_bytes") == "49,896"
    assert table.cell({"mean": None, "ci95": None}, "dal") == "-"
    assert table.cell(None, "dal") == "-"


def test_views_have_names_of_their_own() -> None:
    assert len(set(page.VIEWS)) == len(page.VIEWS)


def test_the_page_loads_no_torch(workspace: Workspace, run_id: str) -> None:
    code = (
        "import sys; from core.ui.continual import page, severities, shown\n"
        "row, = shown.rows(); told = shown.Shown(row.id, shown.opened(row.id), 0)\n"
        "told.of('er'); from core.continual.streams import item; item(told.run.config, 0, 3)\n"
        "print([name for name in ('torch', 'sklearn', 'statsmodels', 'captum') if name in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(found.stdout.strip().splitlines()[-1].replace("'", '"')) == []


def _shown(workspace: Workspace, run_id: str) -> Shown:
    return Shown(run_id, ContinualStore(workspace).get(run_id), 0)


def _run(method: str, seed: int) -> MethodRun:
    """Probes of both tasks after each, looks at the drifted probe, a stream with a watch, a memory that forgets."""
    rng = np.random.default_rng([seed, len(method)])
    steps: list[StepRecord] = [_scored(rng, "probe", -1, -1, about) for about in (0, 1)]
    for task in (0, 1):
        for step in range(task * STEPS, (task + 1) * STEPS):
            told = {"hellinger": step / 200, "sigma": 0.1 + step / 500, "bound": 0.4, "alarm": float(step == 100)}
            steps.append(_scored(rng, "stream", step, task, task, told if method == "dynamad" else {}))
            if task == 1 and step % 5 == 0:
                steps.append(_scored(rng, "drifted", step, task, task))
        steps += [_scored(rng, "probe", (task + 1) * STEPS - 1, task, about) for about in (0, 1)]
    kept = ((59, [0, 1, 2, 3], [1, 0, 2, 0]), (119, [1, 2, TASK_STRIDE, TASK_STRIDE + 2], [0, 2, 1, 1]))
    latent: dict[str, Any] = {name: rng.normal(size=(80, 2)).astype(np.float32) for name in ("before", "after")}
    return MethodRun(
        method,
        seed,
        tuple(steps),
        tuple(_held(step, ids, faults) for step, ids, faults in kept),
        1.0,
        100.0,
        (),
        latent,
    )


def _scored(rng: np.random.Generator, kind: Any, step: int, task: int, about: int, told: Any = None) -> StepRecord:
    n = 40
    fault = np.where(np.arange(n) % 4 == 0, 1 + np.arange(n) // 4 % 4, 0).astype(np.int16)
    label = fault > 0
    score = (rng.normal(size=n) + 1.5 * label).astype(np.float32)
    probability = (1 / (1 + np.exp(-score))).astype(np.float32)
    ids = np.arange(n) + max(about, 0) * TASK_STRIDE
    severity = np.array(SEVERITIES, np.float32)[fault]
    return StepRecord(kind, step, task, about, ids, label, fault, severity, score, probability, 1.0, told or {})


def _held(step: int, ids: list[int], faults: list[int]) -> MemoryRecord:
    fault = np.array(faults, np.int16)
    severity, utility = np.array(SEVERITIES, np.float32)[fault], np.linspace(0, 1, len(ids), dtype=np.float32)
    return MemoryRecord(step, np.array(ids), fault, severity, utility, np.zeros(len(ids), np.int8), 1000)
