"""From generated folders in published layouts to a table: what is read, measured, kept, resumed and compared."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest

from core.compare.papers import output
from core.compare.papers import run as running
from core.compare.papers.cache import Cache, Plan
from core.compare.papers.cases import layout
from core.compare.papers.report import ALL, Report, published_together, report
from core.compare.papers.run import benchmark
from core.compare.papers.tables import Table, table
from core.datasets import readers
from core.datasets.series import Event, Sensor, SeriesSet, SeriesUnit
from core.datasets.types import ImageSet
from core.errors import Cancelled, UserError
from core.progress import Progress
from core.store import atomic
from tests.compare.published_layouts import write_mvtec, write_skab
from tests.datasets.visa import ROWS, write_visa

EXACT = {"bottle": (6, 10), "cable": (6, 10)}  # what the generated folders hold


def _fake(figures: dict[str, float]) -> dict[str, Any]:
    return {
        "figures": figures,
        "ci95": {name: (value - 0.01, value + 0.01) for name, value in figures.items()},
        "baselines": {"random": dict.fromkeys(figures, 0.5)},
        "counts": None,
        "fit_seconds": 1.0,
        "score_ms": 2.0,
        "learned": 6,
        "protocol": "",
    }


@pytest.fixture(autouse=True)
def few_resamples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.compare.papers.measure.SERIES_RESAMPLES", 20)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_mvtec(tmp_path_factory.mktemp("mvtec") / "MVTec", "bottle", "cable")


@pytest.fixture
def exact() -> Table:
    """The published table, as if the published data were as small as the generated ones."""
    found = table("mvtec")
    return found.model_copy(update={"sizes": found.sizes | EXACT})


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The measurements that were really made, in place of training anything."""
    made: list[str] = []

    def fake(data: Any, method: Any, **options: Any) -> dict[str, Any]:
        made.append(f"{data.name}/{method.label}")
        value = 0.90 if data.name == "bottle" else 0.98
        return _fake({"image_auroc": value, "pixel_auroc": 0.97})

    monkeypatch.setattr(running, "measure", fake)
    return made


def _measure(chosen: Table, data: Path, out: Path, **options: Any) -> tuple[Plan, Report]:
    plan = benchmark(chosen, readers.read(data), out, **options)
    return plan, report(chosen, plan, Cache(out, chosen.name))


def test_the_layout_says_what_is_there_and_what_is_missing(folder: Path) -> None:
    found = layout(table("mvtec"), readers.read(folder))
    assert [case.category for case in found.cases] == ["bottle", "cable"]
    assert len(found.missing) == 13
    assert found.cases[0].reduced == "6 of 209 training images and 10 of 83 test images"


def test_one_category_alone_is_known_by_its_folder(folder: Path, exact: Table) -> None:
    (case,) = layout(exact, readers.read(folder / "cable")).cases
    assert (case.category, case.reduced, len(case.data)) == ("cable", None, 16)


def test_other_data_under_a_known_name_are_refused(folder: Path, exact: Table) -> None:
    larger = exact.model_copy(update={"sizes": exact.sizes | {"bottle": (5, 10), "cable": (5, 10)}})
    with pytest.raises(UserError, match=r"None of the 15 categories .* is here: bottle .* another data set"):
        layout(larger, readers.read(folder))


def test_a_wrong_folder_is_one_sentence(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="Server Machine Dataset holds recordings, and here there are photographs"):
        layout(table("smd"), readers.read(folder))
    (tmp_path / "other" / "train" / "good").mkdir(parents=True)
    shutil.copy(next((folder / "bottle" / "train" / "good").iterdir()), tmp_path / "other" / "train" / "good")
    with pytest.raises(UserError, match="None of the 15 categories of MVTec AD is here"):
        layout(table("mvtec"), readers.read(tmp_path / "other"))


def test_visa_is_read_with_its_split_or_rearranged_for_one_class(tmp_path: Path) -> None:
    found = layout(table("visa"), readers.read(write_visa(tmp_path / "VisA")))
    assert [case.category for case in found.cases] == ["candle"]
    assert found.cases[0].reduced == "1 of 900 training images and 2 of 200 test images"
    assert any(note.startswith("pcb1 is left out: the test images are not of both kinds") for note in found.notes)
    places = ("train/good", "test/good", "test/bad")
    for row, place in zip(ROWS[:3], places, strict=True):
        target = tmp_path / "1cls" / "candle" / place / "000.JPG"
        target.parent.mkdir(parents=True)
        shutil.copy(tmp_path / "VisA" / row[3], target)
    marked = tmp_path / "1cls" / "candle" / "ground_truth" / "bad" / "000.png"
    marked.parent.mkdir(parents=True)
    shutil.copy(tmp_path / "VisA" / ROWS[2][4], marked)
    (case,) = layout(table("visa"), readers.read(tmp_path / "1cls")).cases
    assert case.category == "candle"
    assert isinstance(case.data, ImageSet) and sum(item.mask is not None for item in case.data.items) == 1


def test_mpdd_is_laid_out_like_mvtec(tmp_path: Path) -> None:
    found = layout(table("mpdd"), readers.read(write_mvtec(tmp_path / "MPDD", "bracket_black", "tubes")))
    assert [case.category for case in found.cases] == ["bracket_black", "tubes"]
    assert len(found.missing) == 4


def test_spacecraft_are_told_apart_by_their_channels(tmp_path: Path) -> None:
    lines = ["chan_id,spacecraft,anomaly_sequences,class,num_values"]
    for channel, craft in (("P-1", "SMAP"), ("C-1", "MSL")):
        for part in ("train", "test"):
            (tmp_path / part).mkdir(exist_ok=True)
            np.savez(tmp_path / part / f"{channel}.npz", data=np.zeros((50, 3)))
        lines.append(f'{channel},{craft},"[[20, 30]]",[point],50')
    (tmp_path / "labeled_anomalies.csv").write_text("\n".join(lines) + "\n")
    data = readers.read(tmp_path)
    assert [case.category for case in layout(table("smap"), data).cases] == ["P-1"]
    found = layout(table("msl"), data)
    assert [case.category for case in found.cases] == ["C-1"] and len(found.missing) == 26


def test_every_kind_of_fault_is_judged_beside_all_healthy_recordings(tmp_path: Path) -> None:
    def unit(name: str, split: Literal["train", "test"], events: tuple[Event, ...]) -> SeriesUnit:
        return SeriesUnit(name, name, split, np.zeros((9, 1), np.float32), np.arange(9.0), events)

    faults = ("inner race 0.007 in", "outer race at 6 o'clock 0.021 in", "outer race at 3 o'clock 0.007 in")
    units = [unit("normal/train", "train", ()), unit("normal/test", "test", ())]
    units += [unit(kind, "test", (Event(0, 9, kind=kind),)) for kind in faults]
    found = layout(table("cwru"), SeriesSet("cwru", tmp_path, "cwru", (Sensor("a"),), tuple(units)))
    assert {case.category: len(case.data) for case in found.cases} == {"inner race": 3, "outer race": 4}
    assert found.missing == ("ball",)


def test_a_second_call_measures_nothing_and_another_detector_only_itself(
    folder: Path, exact: Table, measured: list[str], tmp_path: Path
) -> None:
    first, _ = _measure(exact, folder, tmp_path, methods=("padim",))
    assert measured == ["bottle/padim", "cable/padim"]
    again, found = _measure(exact, folder, tmp_path, methods=("padim",))
    assert len(measured) == 2 and again.id == first.id and found.measured == 2
    _measure(exact, folder, tmp_path, methods=("padim", "spade"))
    assert measured[2:] == ["bottle/spade", "cable/spade"]
    _measure(exact, folder, tmp_path, methods=("padim",), seed=1)
    assert len(measured) == 6
    assert {plan.id for plan in Cache(tmp_path, "mvtec").plans()} >= {first.id}


def test_other_pixels_are_other_entries(folder: Path, exact: Table, measured: list[str], tmp_path: Path) -> None:
    copy = tmp_path / "MVTec"
    shutil.copytree(folder, copy)
    _measure(exact, copy, tmp_path / "out", methods=("padim",))
    one, other = sorted((copy / "cable" / "train" / "good").iterdir())[:2]
    one.write_bytes(other.read_bytes())
    _measure(exact, copy, tmp_path / "out", methods=("padim",))
    assert measured == ["bottle/padim", "cable/padim", "cable/padim"]


def test_a_stopped_run_keeps_what_it_had_and_goes_on(
    folder: Path, exact: Table, measured: list[str], tmp_path: Path
) -> None:
    def stop() -> None:
        if measured:
            raise Cancelled

    with pytest.raises(Cancelled):
        _measure(exact, folder, tmp_path, methods=("padim",), progress=Progress(checkpoint=stop))
    (plan,) = Cache(tmp_path, "mvtec").plans()
    cache = Cache(tmp_path, "mvtec")
    found, stamp = report(exact, plan, cache), cache.stamp(plan)
    assert stamp[0] > 0 and stamp[1] == 0
    assert [row.state for row in found.rows if row.category != ALL] == ["measured", "waiting"]
    assert not list((tmp_path / "mvtec").rglob(f"{atomic.PREFIX}*"))
    _measure(exact, folder, tmp_path, methods=("padim",))
    assert measured == ["bottle/padim", "cable/padim"]
    assert cache.stamp(plan)[0] == stamp[0] and cache.stamp(plan)[1] > 0


def test_a_failure_is_told_and_tried_again(
    folder: Path, exact: Table, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*arguments: Any, **options: Any) -> dict[str, Any]:
        raise UserError("The weights are not there", "", "Put them there")

    monkeypatch.setattr(running, "measure", fail)
    _, found = _measure(exact, folder, tmp_path, methods=("padim",), limit=1)
    (row,) = found.rows
    assert (row.state, row.failed, found.measured) == ("failed", "The weights are not there. Put them there.", 0)
    monkeypatch.setattr(running, "measure", lambda *_, **__: _fake({"image_auroc": 0.9}))
    _, found = _measure(exact, folder, tmp_path, methods=("padim",), limit=1)
    assert found.measured == 1


def test_a_damaged_entry_is_measured_again(folder: Path, exact: Table, measured: list[str], tmp_path: Path) -> None:
    plan, _ = _measure(exact, folder, tmp_path, methods=("padim",), limit=1)
    path = tmp_path / "mvtec" / "entries" / f"{plan.entries[0].key}.json"
    path.write_bytes(path.read_bytes()[:20])
    _measure(exact, folder, tmp_path, methods=("padim",), limit=1)
    assert len(measured) == 2


def test_differences_are_formed_over_the_same_categories(
    folder: Path, exact: Table, measured: list[str], tmp_path: Path
) -> None:
    _, found = _measure(exact, folder, tmp_path, methods=("patchcore",))
    bottle, cable, together = found.rows
    assert bottle.differences["image_auroc"] == pytest.approx(0.90 - 1.0)
    assert cable.differences["image_auroc"] == pytest.approx(0.98 - 0.986)
    assert together.published["image_auroc"] == pytest.approx((1.0 + 0.986) / 2)
    assert together.differences["image_auroc"] == pytest.approx(0.94 - 0.993)
    assert together.figures["image_auroc"].ci95 == pytest.approx((0.94 - 0.01 / 2**0.5, 0.94 + 0.01 / 2**0.5))


def test_no_difference_where_the_data_are_cut_down(folder: Path, measured: list[str], tmp_path: Path) -> None:
    _, found = _measure(table("mvtec"), folder, tmp_path, methods=("patchcore",))
    assert all(not row.differences and "cut down" in (row.not_compared or "") for row in found.rows)
    assert found.rows[0].published["image_auroc"] == 1.0


def test_no_difference_where_the_protocol_is_another(
    folder: Path, exact: Table, measured: list[str], tmp_path: Path
) -> None:
    row = exact.reported[0].model_copy(update={"differs": "learned from all categories at once"})
    other = exact.model_copy(update={"reported": (row, *exact.reported[1:])})
    _, found = _measure(other, folder, tmp_path, methods=("patchcore",))
    assert {one.not_compared for one in found.rows} == {"another protocol: learned from all categories at once"}
    assert not any(one.differences for one in found.rows)


def test_a_published_mean_needs_all_categories_and_a_pooled_one_is_no_mean() -> None:
    skab, mvtec = table("skab"), table("mvtec")
    core = skab.row("T2+Q PCA")
    assert core is not None
    assert published_together(core, "f1", skab.categories, skab) == 0.76
    assert published_together(core, "f1", skab.categories[:-1], skab) is None
    structcore = mvtec.row("StructCore")
    assert structcore is not None
    assert published_together(structcore, "image_auroc", mvtec.categories[:3], mvtec) is None


def test_what_is_written_out_marks_what_was_reported(
    folder: Path, exact: Table, measured: list[str], tmp_path: Path
) -> None:
    _, found = _measure(exact, folder, tmp_path, methods=("patchcore",))
    told = output.to_json(found)
    assert told["missing"] == list(found.plan.missing) and len(told["missing"]) == 13
    assert all(row["reproduced"] is False and row["source"] for row in told["reported"])
    assert told["rows"][0]["figures"]["image_auroc"]["value"] == 0.90
    text = output.spreadsheet(found).decode("utf-8-sig")
    assert "bottle,patchcore,measured,image AUROC,0.9," in text
    assert "grid,PatchCore train-calibrated,reported,image AUROC,0.714," in text


def test_photographs_are_measured_by_the_path_of_every_model(folder: Path, exact: Table, tmp_path: Path) -> None:
    _, found = _measure(exact, folder, tmp_path, methods=("patchcore,image_size=64,bank_size=200",), limit=1)
    row = found.rows[0]
    assert row.state == "measured", row.failed
    for name in ("image_auroc", "pixel_auroc", "aupro"):
        figure = row.figures[name]
        assert figure.value is not None and figure.ci95 is not None
        assert 0 <= figure.ci95[0] <= figure.value <= figure.ci95[1] <= 1 + 1e-9
    assert row.random["image_auroc"] == 0.5


def test_skab_is_counted_over_experiments(tmp_path: Path) -> None:
    data = write_skab(tmp_path / "SKAB" / "data", "valve1/0", "other/1")
    _, found = _measure(table("skab"), data, tmp_path / "out", methods=("pca-t2q",))
    assert found.plan.categories == ("valve1/0", "other/1")
    assert len(found.plan.missing) == 32
    together = found.of(ALL)[0]
    assert (together.figures["f1"].value or 0) > 0.8
    assert (together.figures["mar"].value or 0) < 0.1
    assert together.random["f1"] is not None and together.abs_z["vus_pr"] is not None
    assert together.published == {} and "2 categories of 34" in (together.not_compared or "")
