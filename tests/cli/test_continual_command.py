"""``python -m core continual``: a small run from end to end, and one sentence for what cannot be run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from core.cli.main import main
from core.store.continualrun import ContinualRun

CONFIG = {
    "name": "tiny",
    "stream": {
        "kind": "plant", "tasks": 2, "steps": 8, "batch": 8, "probe_normal": 24, "probe_anomalous": 8,
        "calibration": 40,
    },
    "methods": ["finetune", "er"],
    "evaluation": {"bootstrap": 100},
}  # fmt: skip


def test_a_run_is_printed_written_and_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, out, kept = tmp_path / "tiny.yaml", tmp_path / "tiny.json", tmp_path / "run"
    path.write_text(yaml.safe_dump(CONFIG))
    assert main(["continual", "--config", str(path), "--json", str(out), "--out", str(kept)]) == 0
    found = json.loads(out.read_text())
    assert list(found["methods"]) == ["finetune", "er"] and found["tasks"] == ["regime 1", "regime 2"]
    assert 0 <= found["methods"]["er"]["acc"]["mean"] <= 1
    assert found["methods"]["er"]["acc"]["ci95"] is None, "one seed has no interval"
    assert found["config"]["stream"]["label_rate"] == 1.0 and len(found["severity_sha256"]) == 64
    assert ContinualRun(kept).report["methods"] == found["methods"]
    printed = capsys.readouterr().out
    assert "caf1" in printed and "Labels are known at once" in printed


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"methods": ["dynamed"]}, "There is no continual method «dynamed»"),
        ({"colour": "red"}, "«colour» is not a setting"),
        ({"severity": "nowhere"}, "The severity table cannot be read"),
        ({"drifts": [{"kind": "gain", "task": 9}]}, "the first is task: 0"),
        ({"stream": {"kind": "cwru", "path": "nowhere"}}, "nowhere"),
    ],
)
def test_what_cannot_be_run_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], change: dict[str, object], said: str
) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text(yaml.safe_dump({**CONFIG, **change}))
    assert main(["continual", "--config", str(path)]) == 2
    told = capsys.readouterr().err
    assert said in told and "Traceback" not in told and told.count("\n") == 1
    assert main(["continual", "--config", "unknown"]) == 2
