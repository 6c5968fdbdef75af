"""``python -m core features``: configurations from file and command line, and what is refused in one sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.cli.features import read_config
from core.cli.main import main
from core.errors import UserError


def test_assignments_reach_inside_and_win_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / "c.yaml"
    file.write_text("loss: cosine\narchitecture: {stem: 16}\nstart: random\nnorms: learnt\n")
    config = read_config(file, ["loss=relational", "architecture.blocks=[1, 1, 2]", "augmentation.grey=0.5"])
    assert (config.loss, config.start, config.augmentation.grey) == ("relational", "random", 0.5)
    assert (config.architecture.stem, config.architecture.blocks) == (16, (1, 1, 2))


@pytest.mark.parametrize(
    ("assignment", "reason"),
    [
        ("loss", "not of the form key=value"),
        ("loss=l1", "loss: give «standardised», «distance», .* or «relational»"),
        ("steps.more=1", "steps"),
        ("seed={", "cannot be read"),
        ("architecture.stem=7", "architecture.stem: give a multiple of 4"),
        ("architecture.outputs=[256, 256]", "architecture.outputs.0"),
    ],
)
def test_a_bad_assignment_is_one_sentence(assignment: str, reason: str) -> None:
    with pytest.raises(UserError, match=reason):
        read_config(None, [assignment])


def test_what_cannot_be_learnt_from_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("")
    judged = ["evaluate", "--candidate", str(tmp_path / "file"), "--data", str(tmp_path)]
    for arguments, reason in (
        (["distill", "--images", str(tmp_path / "empty"), "--out", str(tmp_path / "out")], "empty"),
        (["distill", "--images", str(tmp_path), "--out", str(tmp_path / "file")], "The result is a folder"),
        (["distill", "--images", str(tmp_path), "--out", str(tmp_path / "out"), "--minutes", "0"], "no time to train"),
        (["evaluate", "--candidate", str(tmp_path / "none"), "--data", str(tmp_path)], "no such file"),
        (["evaluate", "--candidate", str(tmp_path / "file"), "--data", str(tmp_path)], "file"),
        ([*judged, "--seed", "-1"], "-1 is no seed"),
        ([*judged, "--cache", str(tmp_path / "file")], "The cache is a folder"),
    ):
        assert main(["features", *arguments]) == 2
        said = capsys.readouterr().err
        assert reason in said and "Traceback" not in said
    assert not (tmp_path / "out").exists()
