"""The published tables, what their rows go together to, and the names by which their categories are found."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from core.compare.papers.cases import canonical
from core.compare.papers.metrics import METRICS, together
from core.compare.papers.recordings import partial_auroc
from core.compare.papers.tables import MEAN, NAMES, chosen, method, table
from core.errors import UserError


@pytest.mark.parametrize("name", NAMES)
def test_every_table_is_whole(name: str) -> None:
    found = table(name)
    assert found.protocol and found.data and found.layout
    assert set(found.metrics) <= set(METRICS)
    assert len(set(found.categories)) == len(found.categories)
    assert not found.sizes or set(found.sizes) == set(found.categories)
    for one in found.methods:
        one.checked()
        assert one.against is None or found.row(one.against) is not None
    for row in found.reported:
        assert row.source and row.protocol
        assert set(row.figures) <= set(found.metrics)
        assert all(0 <= value <= 1 for values in row.figures.values() for value in values.values())


def test_the_means_of_the_published_table_follow_from_its_categories() -> None:
    """A slip of the pen in 90 figures would be seen: the rounded mean is that of the rounded categories."""
    found = table("mvtec")
    whole = [
        (row, name, values)
        for row in found.reported
        for name, values in row.figures.items()
        if set(found.categories) <= set(values)
    ]
    assert len(whole) == 5
    for row, name, values in whole:
        mean = sum(values[category] for category in found.categories) / len(found.categories)
        assert mean == pytest.approx(values[MEAN], abs=0.0011), (row.title, name)


def test_the_sizes_of_mvtec_add_up_to_what_its_paper_says() -> None:
    sizes = table("mvtec").sizes.values()
    assert (sum(train for train, _ in sizes), sum(test for _, test in sizes)) == (3629, 1725)
    visa = table("visa").sizes.values()
    assert sum(map(sum, visa)) == 9621 + 1200
    mpdd = table("mpdd").sizes.values()
    assert (sum(train for train, _ in mpdd), sum(test for _, test in mpdd)) == (888, 458)


def test_an_unknown_table_is_one_sentence() -> None:
    with pytest.raises(UserError, match=r"There is no benchmark «imagenet»\. Choose one of mvtec, visa"):
        table("imagenet")


@pytest.mark.parametrize("name", NAMES)
def test_a_label_is_read_back_as_the_method(name: str) -> None:
    for one in table(name).methods:
        assert method(one.label) == one.model_copy(update={"against": None})


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("nobody", "no detector «nobody»"),
        ("patchcore:best", "no preset «best»"),
        ("patchcore,bank_size", "not of the form key=value"),
        ("patchcore,colour=red", "colour"),
        ("patchcore,bank_size=many", "bank_size"),
    ],
)
def test_a_slip_in_a_method_is_told(text: str, told: str) -> None:
    with pytest.raises(UserError, match=told):
        method(text)


def test_methods_are_set_against_the_tables_rows() -> None:
    found = table("mvtec")
    own, other = chosen(found, ("patchcore:paper", "padim"))
    assert own.against == "PatchCore train-calibrated"
    assert other.against == found.reported[0].title
    with pytest.raises(UserError, match="learns from recordings"):
        chosen(found, ("kmeans",))
    with pytest.raises(UserError, match="named twice"):
        chosen(found, ("padim", "padim"))


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("bottle", "bottle"),
        ("Metal-Nut", "metal_nut"),
        ("metalnut", "metal_nut"),
        ("mvtec_leather_mini", "leather"),
        ("capsules", None),
        ("bottle and cable", None),
        ("parts", None),
    ],
)
def test_a_category_is_found_by_the_words_of_its_name(name: str, found: str | None) -> None:
    assert canonical(name, table("mvtec").categories) == found


def test_numbers_are_whole_words() -> None:
    assert canonical("machine-1-1", table("smd").categories) == "machine-1-1"
    assert canonical("data/valve1/10", table("skab").categories) == "valve1/10"
    assert canonical("P-10", ("P-1", "P-10")) == "P-10"
    assert canonical("6_dB_fan/fan/id_02", table("mimii").categories) == "fan id_02"


def _entry(value: float, low: float, high: float) -> dict[str, object]:
    return {"figures": {"vus_pr": value}, "ci95": {"vus_pr": (low, high)}, "counts": None}


def test_a_mean_has_the_interval_of_independent_categories() -> None:
    found = together("vus_pr", [_entry(0.6, 0.5, 0.8), _entry(0.4, 0.4 - 0.24, 0.55)])
    assert found.value == pytest.approx(0.5)
    assert found.ci95 is not None
    assert found.ci95 == pytest.approx((0.5 - math.hypot(0.1, 0.24) / 2, 0.5 + math.hypot(0.2, 0.15) / 2))
    assert together("vus_pr", [_entry(0.6, 0.5, 0.8)]).ci95 == (0.5, 0.8)
    shared = together("vus_pr", [_entry(0.6, 0.5, 0.8), _entry(0.4, 0.4 - 0.24, 0.55)], independent=False)
    assert shared.ci95 == pytest.approx((0.5 - (0.1 + 0.24) / 2, 0.5 + (0.2 + 0.15) / 2))
    lacking = _entry(0.4, 0.3, 0.5) | {"ci95": {}}
    assert together("vus_pr", [_entry(0.6, 0.5, 0.8), lacking]).ci95 is None
    assert together("vus_pr", [_entry(0.6, 0.5, 0.8) | {"figures": {"vus_pr": None}}]).value is None


def test_pooled_figures_come_from_counts_and_not_from_a_mean() -> None:
    entries = [{"figures": {}, "ci95": {}, "counts": {"steps": (tp, fp, fn, 100), "overlaps": (1, 0, 0, 0)}}
               for tp, fp, fn in ((10, 0, 0), (0, 10, 30))]  # fmt: skip
    assert together("f1", entries).value == pytest.approx(2 * 10 / (2 * 10 + 10 + 30))
    assert together("mar", entries).value == pytest.approx(30 / 40)
    assert together("far", entries).value == pytest.approx(10 / 210)
    assert together("f1", entries).ci95 is None
    many = together("f1", entries * 4)
    assert many.ci95 is not None
    assert many.ci95[0] < (many.value or 0) < many.ci95[1]
    assert together("overlap_recall", entries).value == 1.0


@settings(max_examples=40)
@given(st.integers(0, 2**32 - 1), st.integers(2, 40), st.booleans())
def test_the_partial_area_is_that_of_scikit_learn(seed: int, n: int, tied: bool) -> None:
    rng = np.random.default_rng(seed)
    truth = np.append([True, False], rng.random(n) < 0.4)
    scores = rng.normal(size=len(truth)) + truth
    if tied:
        scores = np.round(scores)
    assert partial_auroc(scores, truth) == pytest.approx(roc_auc_score(truth, scores, max_fpr=0.1), abs=1e-12)
