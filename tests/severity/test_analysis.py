"""Judging what was seen: the JSON of the command line, and honest words for bad input."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core.errors import UserError
from core.severity.analysis import Record, judge, seeing
from core.severity.report import rows
from core.severity.settings import RustSettings
from core.severity.types import Photo

QUICK = RustSettings(resamples=150)


def _records(part: str, values: dict[float, list[float]], letter: str = "G") -> list[Record]:
    return [
        Record(
            Photo(part, hour, str(view), Path(f"{part}-T{hour:g}-{view}.jpg")), {"colour": value}, {"colour": letter}
        )  # type: ignore[dict-item]
        for hour, views in values.items()
        for view, value in enumerate(views, 1)
    ]


GROWING = {0.0: [0.0, 0.0], 168.0: [0.01, 0.012], 336.0: [0.04, 0.042], 504.0: [0.1, 0.11]}
STEADY = {0.0: [0.0, 0.0], 168.0: [0.0, 0.0], 336.0: [0.0, 0.0], 504.0: [0.0, 0.0]}


def _json(records: list[Record], settings: RustSettings = QUICK) -> Any:
    return json.loads(json.dumps(judge(records, settings).to_json(), allow_nan=False))


def test_the_json_has_what_the_command_line_promises() -> None:
    found = _json(_records("bolt", GROWING) + _records("nut", STEADY), QUICK.model_copy(update={"limit": 0.3}))
    bolt, nut = found["parts"]["bolt"], found["parts"]["nut"]
    assert bolt["times_h"] == [0, 168, 336, 504]
    assert len(bolt["rust_percent"]) == len(bolt["ci95"]) == len(bolt["ri"]) == len(bolt["astm"]) == 4
    assert all(low <= value <= high for value, (low, high) in zip(bolt["rust_percent"], bolt["ci95"], strict=True))
    assert bolt["rust_percent"][3] == pytest.approx(10.5, abs=0.1)
    assert (bolt["ri"][0], bolt["ri"][3], bolt["astm"][0], bolt["astm"][3]) == (0, 5, 10, 3)
    assert bolt["astm_distribution"] == [None, "G", "G", "G"]
    assert bolt["measures"]["colour"]["percent"] == bolt["rust_percent"]
    assert (bolt["status"], nut["status"]) == ("rusting", "stable")
    forecast = bolt["forecast"]
    assert forecast["ci80_h"][0] <= forecast["median_h"] and forecast["limit_percent"] == 30
    assert nut["forecast"]["reached_within_horizon"] is False and nut["forecast"]["median_h"] is None
    assert found["fleet"]["percent"][3] > 0
    assert bolt["fit"]["points_per_day"] > 0


def test_a_limit_is_judged_without_looking_again() -> None:
    records = _records("bolt", GROWING)
    near, far = (judge(records, QUICK.model_copy(update={"limit": limit})).parts[0] for limit in (0.2, 0.6))
    assert near.rust == far.rust and near.fit == far.fit
    assert near.forecast.median_hours is not None
    assert far.forecast.median_hours is None or far.forecast.median_hours > near.forecast.median_hours


def test_one_time_is_a_state_without_a_change() -> None:
    part = judge(_records("bolt", {0.0: [0.02, 0.03]}), QUICK).parts[0]
    assert part.status == "uncertain" and part.fit is None and part.fan is None
    assert part.forecast.reason is not None and "three times" in part.forecast.reason
    assert any("one time only" in remark for remark in part.remarks)


def test_a_part_rusted_over_from_the_start_is_told() -> None:
    part = judge(_records("bolt", {0.0: [1.0], 24.0: [1.0], 48.0: [0.99]}), QUICK).parts[0]
    assert part.status == "uncertain" and part.grades[0].ri == 5
    assert part.forecast.reason is not None and "first photograph" in part.forecast.reason
    assert any("from the start" in remark for remark in part.remarks)


def test_rust_that_recedes_asks_for_the_order_of_the_times() -> None:
    hours = sorted(GROWING)
    turned = {hour: GROWING[other] for hour, other in zip(hours, reversed(hours), strict=True)}
    asked = {
        name: any("in order" in remark for remark in judge(_records("bolt", values), QUICK).parts[0].remarks)
        for name, values in {"turned": turned, "growing": GROWING, "steady": STEADY}.items()
    }
    assert asked == {"turned": True, "growing": False, "steady": False}
    assert judge(_records("bolt", turned), QUICK).parts[0].status == "uncertain"


def _with_white(white: dict[float, list[float]]) -> str:
    red = _records("nut", STEADY)
    shares = {(hour, str(view)): value for hour, views in white.items() for view, value in enumerate(views, 1)}
    both = [replace(one, values={**one.values, "zinc": shares[one.photo.hours, one.photo.view]}) for one in red]
    return judge(both, QUICK).parts[0].status


def test_white_corrosion_corrodes_a_part_that_has_no_red_rust() -> None:
    assert _with_white({0.0: [0.0, 0.0], 168.0: [0.02, 0.03], 336.0: [0.07, 0.08], 504.0: [0.2, 0.19]}) == "rusting"
    assert _with_white({0.0: [0.0, 0.0], 168.0: [0.0, 0.0], 336.0: [0.0, 0.0], 504.0: [0.014, 0.015]}) == "uncertain"
    assert _with_white({0.0: [0.0, 0.0], 168.0: [0.08, 0.0], 336.0: [0.0, 0.0], 504.0: [0.0, 0.0]}) == "stable"


def test_a_part_that_was_found_nowhere_is_named_and_no_part_at_all_is_an_error() -> None:
    lost = _records("ghost", {0.0: [math.nan], 24.0: [math.nan]}, letter="G")
    found = judge(_records("bolt", GROWING) + lost, QUICK)
    assert [part.part for part in found.parts] == ["bolt"] and any("ghost" in note for note in found.notes)
    assert found.to_json()["photographs"][-1]["values"] == {"colour": None}
    with pytest.raises(UserError, match="No part was found"):
        judge(lost, QUICK)


def test_a_time_at_which_the_part_was_not_found_is_left_out() -> None:
    values = {**GROWING, 168.0: [math.nan, math.nan]}
    assert judge(_records("bolt", values), QUICK).parts[0].rust.hours == (0.0, 336.0, 504.0)


def test_the_grades_follow_a_measure_that_is_taken() -> None:
    with pytest.raises(UserError, match="switched off"):
        seeing(RustSettings(measures=("texture",)))


def test_a_row_for_every_part_and_time() -> None:
    found = rows(judge(_records("bolt", GROWING) + _records("nut", STEADY), QUICK))
    assert len(found) == 8
    assert (found[3]["part"], found[3]["hours"], found[3]["iso_ri"], found[3]["astm_d610"]) == ("bolt", 504.0, 5, "3-G")


def test_rules_are_told_as_alerts() -> None:
    settings = QUICK.model_copy(update={"limit": 0.08, "rate_limit_per_day": 0.001})
    part = judge(_records("bolt", GROWING), settings).parts[0]
    assert [alert.rule for alert in part.alerts] == ["limit", "rate"]
