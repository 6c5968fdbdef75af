"""Metrics by defect class and by size: known answers."""

from __future__ import annotations

import pytest

from core.metrics.groups import per_class, per_size


def test_a_class_is_ranked_against_all_good_images():
    scores = [0.1, 0.2, 0.9, 0.15, 0.8]
    truth = [False, False, True, True, True]
    result = per_class(scores, truth, [None, None, "crack", "scratch", None], 0.5)
    assert list(result) == ["crack", "scratch", "unnamed"]
    assert (result["crack"].auroc, result["crack"].recall, result["crack"].n) == (1.0, 1.0, 1)
    assert (result["scratch"].auroc, result["scratch"].recall) == (0.5, 0.0)


def test_a_class_without_good_images_has_recall_but_no_auroc():
    result = per_class([0.9], [True], ["crack"], 0.5)["crack"]
    assert result.auroc is None
    assert result.recall == 1


def test_a_good_image_with_a_defect_name_is_not_a_class():
    assert list(per_class([0.1, 0.9], [False, True], ["good", "crack"], 0.5)) == ["crack"]


def test_sizes_fall_into_their_bins_lower_border_included():
    bins = per_size([0.001, 0.005, 0.019, 0.5, 1.0], [False, True, False, True, True], [0.0, 0.5, 0.1, 0.8, 1.0])
    assert [(b.low, b.high, b.n) for b in bins] == [(0, 0.005, 1), (0.005, 0.02, 2), (0.02, 0.1, 0), (0.1, 1, 2)]
    assert [b.recall for b in bins] == [0, 0.5, None, 1]
    assert bins[1].overlap == pytest.approx(0.3)
    assert bins[2].overlap is None


def test_no_masks_give_empty_bins():
    assert all(b.n == 0 and b.recall is None for b in per_size([], [], []))


def test_lengths_must_agree():
    with pytest.raises(ValueError, match="one length"):
        per_size([0.1], [True, False], [0.1])
