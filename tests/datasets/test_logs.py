"""Event logs and their templates."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.datasets.logs import read_logs
from core.datasets.templates import TemplateMiner, words_of
from core.errors import UserError

BGL = "{label} {at} 2005.06.03 R02-M1 2005-06-03-15.42.{second:02d}.675872 R02-M1 RAS KERNEL INFO {message}"


def bgl(*events: tuple[str, int, str]) -> str:
    return "\n".join(BGL.format(label=a, at=1117838570 + s, second=s, message=m) for a, s, m in events) + "\n"


def test_values_are_masked() -> None:
    assert words_of("block blk_38865 of /10.251.73.220:50010 done at 0x1f") == (
        "block", "<*>", "of", "<*>", "done", "at", "<*>",
    )  # fmt: skip


def test_templates_generalise_and_tell_apart() -> None:
    miner = TemplateMiner()
    first = miner.learn("parity error corrected on core alpha")
    assert miner.learn("parity error corrected on core beta") == first
    assert miner.text(first) == "parity error corrected on core <*>"
    other = miner.learn("parity error not corrected")
    assert other != first
    assert miner.match("parity error corrected on core gamma") == first
    assert miner.match("machine check interrupt") is None
    assert len(miner.templates) == 2, "matching learns nothing"


def test_a_log_with_labels(tmp_path: Path) -> None:
    events = [("-", 3 * k, f"parity error at 0x{k:04x}") for k in range(12)]
    path = tmp_path / "BGL.log"
    path.write_text(bgl(*events, ("KERNDTLB", 1, "data TLB error interrupt")) + "torn line\n")
    data = read_logs(tmp_path)
    assert len(data) == 13 and data.format == "bgl" and len(data.templates) == 2
    assert (np.diff(data.time) >= 0).all() and data.alert is not None
    assert data.alert[1] == "KERNDTLB" and data.labels().sum() == 1  # type: ignore[union-attr]
    assert data.messages[1].endswith("data TLB error interrupt")
    assert [one.name for one in data.rejected] == ["BGL.log, line 14"]
    assert any("Sorted by time" in note for note in data.notes)
    again = read_logs(path, name="other")
    assert again.content_id == data.content_id
    path.write_text(bgl(*events))
    assert read_logs(path).content_id != data.content_id


def test_what_is_no_log_is_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no log here"):
        read_logs(tmp_path)
    path = tmp_path / "x.log"
    path.write_text("hello\nworld\n")
    with pytest.raises(UserError, match="no known format"):
        read_logs(path)
    path.write_text(bgl(("-", 1, "parity error")))
    with pytest.raises(UserError, match="only 1 readable"):
        read_logs(path)


@pytest.mark.parametrize(("name", "labelled"), [("BGL", True), ("HDFS", False)])
def test_loghub(shared_datasets: Path, name: str, labelled: bool) -> None:
    data = read_logs(shared_datasets / "loghub" / name)
    assert len(data) == 2000 and not data.rejected
    labels = data.labels()
    assert (labels is not None) is labelled
    if labels is not None:
        assert labels.sum() == 143


def test_templates_group_as_loghub_says(shared_datasets: Path) -> None:
    """Share of events whose group is exactly the one in loghub's structured file (Zhu et al., ICSE-SEIP 2019)."""
    for name, least in (("HDFS", 0.95), ("BGL", 0.85)):
        table = pd.read_csv(shared_datasets / "loghub" / name / f"{name}_2k.log_structured.csv")
        miner = TemplateMiner()
        mined = np.array([miner.learn(message) for message in table["Content"].astype(str)])
        truth = table["EventId"].to_numpy()
        right = sum(
            len(rows) for rows in table.groupby("EventId").indices.values()
            if len(set(mined[rows])) == 1 and (mined == mined[rows[0]]).sum() == len(rows)
        )  # fmt: skip
        assert right / len(truth) >= least, (name, right / len(truth))
