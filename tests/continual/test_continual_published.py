"""The published table, and what follows from it."""

from __future__ import annotations

import pytest

from core.continual.published import change, claims, recall_at_full_precision, rows


def test_changes_of_the_published_table() -> None:
    assert len(rows()) == 16
    found = {
        (dataset, figure, baseline): round(100 * change(dataset, figure, baseline), 1)
        for dataset in ("MVTec AD + vibration", "CWRU", "SMAP/MSL", "Real-IAD")
        for figure, baseline in (("caf1", "SCMT"), ("caf1", "ER"), ("dal", "SCMT"), ("cvar", "ER"))
    }
    assert found["MVTec AD + vibration", "caf1", "SCMT"] == 6.0
    assert found["CWRU", "dal", "SCMT"] == -38.2
    assert found["SMAP/MSL", "cvar", "ER"] == -16.9
    assert found["SMAP/MSL", "caf1", "ER"] == 22.1
    with pytest.raises(KeyError, match="not reported"):
        change("CWRU", "dal", "PatchCore")


def test_claims_stand_beside_what_the_table_gives() -> None:
    said = {claim.claimed: claim.found for claim in claims()}
    assert "+4.5 points, +6.0\u00a0%" in said["+8.7\u00a0% CAF1 over SCMT on MVTec AD + vibration"]
    assert "50.2 to 55.4\u00a0%" in said["+12.3\u00a0% critical recall on SMAP/MSL"]
    assert recall_at_full_precision(1.0) == 1.0
