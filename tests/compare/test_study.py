"""What takes longer, where it is kept, and the report made of it."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from core.compare.contestants import checked
from core.compare.evaluate import evaluate
from core.compare.export import image_zip
from core.compare.figures import image_rows, with_study
from core.compare.maps import MapFigures
from core.compare.report import Chosen
from core.compare.sentences import difference, p_words, per_defect
from core.compare.sidebyside import align
from core.compare.study import _per_defect, study_images
from core.datasets.wording import percent
from core.errors import UserError
from core.metrics.cost import CostWeights
from core.store.comparison import Compared
from core.store.comparisons import ComparisonStore
from core.store.workspace import Workspace
from tests.compare.sides import CALIBRATION, contestant, dataset, run

LABELS = ["good"] * 80 + ["bad"] * 16
GOOD = np.linspace(0, 0.99, 80)
SHARP, BLUNT = [*GOOD, *np.linspace(1.1, 2, 16)], [*GOOD[::-1], *np.linspace(0.3, 1.2, 16)]


@pytest.fixture(scope="module")
def compared(tmp_path_factory):
    """Two runs, the second's maps blind, its model called by a name that is HTML."""
    folder = tmp_path_factory.mktemp("study")
    data = dataset(folder / "data", LABELS)
    sharp, blunt = run(folder / "a", data, SHARP, "a"), run(folder / "b", data, BLUNT, "b", strength=0.1)
    stored = evaluate(sharp, data, CALIBRATION, bootstrap=50)
    second = replace(contestant(blunt), name="<script>alert(1)</script>")
    side = align(checked([contestant(sharp, evaluation=stored), second]))
    return side, data, stored


@pytest.fixture(scope="module")
def kept(compared, tmp_path_factory):
    side, data, _ = compared
    store = ComparisonStore(Workspace(tmp_path_factory.mktemp("ws")))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("core.compare.maps.LEAST_LEVELS", 1)  # of 30,720 good pixels three lie within the range
        return store, store.add(*study_images(side, data, resamples=100))


def test_pixel_figures_are_the_stored_ones_or_computed_alike(compared, kept):
    side, data, stored = compared
    figures, (_, second) = kept[1].info.figures, side.contestants
    assert figures["pixel_auroc"]["a"] == stored["pixel_auroc"]
    assert kept[1].info.ci95["aupro"]["a"] == tuple(stored["ci95"]["aupro"])
    alone = evaluate(second.run, data, CALIBRATION, bootstrap=0)
    assert figures["pixel_auroc"]["b"] == pytest.approx(alone["pixel_auroc"])
    assert figures["aupro"]["b"] == pytest.approx(alone["aupro"])
    rows = with_study(image_rows(side), kept[1].info)
    assert rows[0].figures["aupro"] == stored["aupro"]
    assert rows[0].ci95["image_auroc"] == image_rows(side)[0].ci95["image_auroc"]  # DeLong's stays
    assert "image_auprc" in rows[0].ci95


def test_defect_by_defect_the_sharp_maps_win(kept):
    info, items = kept[1].info, kept[1].items()
    (pair,) = info.differences["aupimo"]
    assert (pair.first, pair.second, pair.n) == ("a", "b", 16)
    assert pair.wins > pair.losses
    assert pair.p_holm == pair.p < 0.05
    low, high = pair.ci95
    assert low <= pair.value <= high
    bad = items[items["mask_share"].notna()]
    assert len(bad) == 16
    assert info.figures["aupimo"]["a"] == pytest.approx(bad["aupimo.a"].mean())
    assert any("coarse" in note for note in info.notes)
    sentence = per_defect(pair, {"a": "A", "b": "B"})
    assert sentence.startswith(f"A beats B on {percent(pair.wins / 16, 0)} of 16 defects by AUPIMO")


def test_differences_carry_their_intervals(compared, kept):
    for figure in ("image_auroc", "image_auprc", "recall", "false_alarm_rate"):
        (pair,) = kept[1].info.differences[figure]
        figures = kept[1].info.figures[figure]
        assert pair.value == pytest.approx(figures["a"] - figures["b"])
        assert pair.ci95[0] - 1e-9 <= pair.value <= pair.ci95[1] + 1e-9
    assert kept[1].info.differences["image_auroc"][0].p < 0.05


def test_a_comparison_is_found_by_its_runs_and_settings_alone(compared, kept):
    side, store = compared[0], kept[0]
    ids = [one.run_id for one in side.contestants]
    assert store.find(ids[::-1], 0.05, 100).id == kept[1].id
    assert store.find(ids, 0.01, 100) is None
    assert store.find(ids[:1], 0.05, 100) is None


def test_a_damaged_comparison_is_made_again(compared, tmp_path):
    side, data, _ = compared
    store = ComparisonStore(Workspace(tmp_path))
    found = store.add(*study_images(side, data, resamples=0))
    (found.folder / "comparison.json").write_text("{}")
    ids = [one.run_id for one in side.contestants]
    assert store.find(ids, 0.05, 0) is None
    store.add(found.info, found.items())
    assert store.find(ids, 0.05, 0).info == found.info
    assert "image_auroc" not in found.info.ci95  # no resamples, no intervals


def test_without_resamples_a_difference_has_no_interval():
    maps = [MapFigures({}, np.full(9, value), np.ones(9)) for value in (0.2, 0.6)]
    intervals, (pair,) = _per_defect(["a", "b"], maps, resamples=0, seed=0)
    assert (intervals, pair.ci95, pair.losses) == ({}, None, 9)
    assert "worse than B in AUPIMO: -0.400, p" in difference(pair, "aupimo", {"a": "A", "b": "B"}, "9 defects")


def test_too_few_good_pixels_give_no_aupimo(compared):
    side, data, _ = compared
    info, items = study_images(side, data, resamples=0)
    assert info.figures["aupimo"] == {"a": None, "b": None}
    assert items["aupimo.a"].isna().all()
    assert "cannot be told" in info.notes[0]


def test_other_data_are_refused(compared, tmp_path):
    with pytest.raises(UserError, match="another dataset"):
        study_images(compared[0], dataset(tmp_path, LABELS[:-1]), resamples=0)


def test_the_zip_holds_the_report_its_tables_and_every_score(compared, kept):
    side, data, _ = compared
    archive = zipfile.ZipFile(io.BytesIO(image_zip(side, data, Chosen(weights=CostWeights(10, 1)), kept[1])))
    page = archive.read("report.html").decode()
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "&lt;b&gt;scratch&lt;/b&gt;" in page
    assert "http://" not in page.replace('xmlns="http://www.w3.org/2000/svg"', "")
    assert "https://" not in page
    for told in (
        side.dataset_id,
        "Highest image AUROC: model a",
        "in hindsight",
        "Every pair",
        "Recall by size",
        "Guessing",
    ):
        assert told in page
    assert page.count("data:image/jpeg;base64,") >= 3 * 10
    frame = pd.read_parquet(io.BytesIO(archive.read("images.parquet")))
    np.testing.assert_array_equal(frame["score: model a"], side.scores[0])
    figures = pd.read_csv(io.BytesIO(archive.read("figures.csv")))
    assert list(figures["model"]) == ["model a", "<script>alert(1)</script>", "Guessing"]
    tests = pd.read_csv(io.BytesIO(archive.read("differences.csv")))
    assert set(tests["test"]) == {"DeLong", "McNemar exact", "paired bootstrap", "Wilcoxon signed-rank"}
    assert len(pd.read_csv(io.BytesIO(archive.read("images.csv")))) == len(side)


def test_the_report_says_what_it_lacks_and_survives_lost_pictures(compared):
    side, data, _ = compared
    gone = {one.name: one.path.rename(one.path.with_suffix(".gone")) for one in data.items[:5]}
    try:
        page = zipfile.ZipFile(io.BytesIO(image_zip(side, data, Chosen()))).read("report.html").decode()
    finally:
        for item in data.items[:5]:
            gone[item.name].rename(item.path)
    assert "were not computed for this report" in page
    assert "Expected cost" not in page


def test_without_labels_the_report_tells_disagreements_alone(tmp_path):
    data = dataset(tmp_path / "data", [None] * 12)
    scores = np.linspace(0, 2, 12)
    side = align([contestant(run(tmp_path / m, data, s, m)) for m, s in (("a", scores), ("b", scores[::-1]))])
    info, items = study_images(side, data, resamples=50)
    assert info.differences == {"aupimo": ()}
    assert items["mask_share"].isna().all()
    page = zipfile.ZipFile(io.BytesIO(image_zip(side, data, Chosen()))).read("report.html").decode()
    assert "Without labelled good and bad parts nothing tells which detector is right" in page
    assert "Where they disagree most" in page
    assert "ROC" not in page.split("<h2>Curves</h2>")[1].split("<h2>")[0]


def test_words_do_not_say_more_than_the_test():
    names = {"a": "A", "b": "B"}
    pair = Compared(
        first="a", second="b", value=-0.1, ci95=(-0.2, 0.0), p=0.001, p_holm=0.003, n=100, wins=20, ties=9, losses=71
    )
    assert (
        per_defect(pair, names)
        == "B beats A on 71\u00a0% of 100 defects by AUPIMO (A on 20\u00a0%, alike on 9\u00a0%), p = 0.003"
    )
    unsure = per_defect(pair.model_copy(update={"p_holm": 0.2}), names)
    assert unsure.startswith("No difference between A and B that 100 defects could show by AUPIMO")
    assert "neither throughout" in per_defect(pair.model_copy(update={"value": 0.1}), names)
    assert "too few" in per_defect(pair.model_copy(update={"p": None, "p_holm": None}), names)
    assert [p_words(p) for p in (0.0004, 0.003, 0.2)] == ["p < 0.001", "p = 0.003", "p = 0.20"]
