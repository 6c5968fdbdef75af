"""The form follows from the parameters: kinds of input, limits, presets."""

from __future__ import annotations

from typing import Literal

from pydantic import Field
from streamlit.testing.v1 import AppTest

from core.detectors.base import DetectorInfo, Params
from core.ui import forms
from tests.ui.conftest import PATIENCE_S


class Knobs(Params):
    mode: Literal["fast", "exact"] = Field("fast", title="Mode", description="how to search")
    size: int = Field(64, ge=32, le=256, multiple_of=32, title="Size")
    rate: float = Field(0.5, ge=0, le=1, title="Rate")
    robust: bool = Field(True, title="Robust")
    note: str = Field("none", title="Note")
    late: int = 3


INFO = DetectorInfo("knobs", "Knobs", "image", "For tests.", "none", Knobs, "none:None", {"careful": {"mode": "exact"}})


def _page() -> None:
    import streamlit as st

    from core.ui import forms
    from tests.ui.test_forms import INFO

    st.session_state["values"] = forms.parameter_form(INFO)


def test_every_field_becomes_the_matching_input() -> None:
    app = AppTest.from_function(_page, default_timeout=PATIENCE_S).run()
    assert not app.exception
    assert app.session_state["values"] == Knobs().model_dump()
    assert app.selectbox[0].options == ["fast", "exact"]
    assert (app.number_input[0].min, app.number_input[0].max, app.number_input[0].step) == (32, 256, 32)
    assert app.toggle[0].label == "Robust"
    assert app.expander[0].label == "2 more settings"
    assert app.number_input[-1].label == "Late"


def test_a_preset_fills_the_form_and_is_taken_back() -> None:
    app = AppTest.from_function(_page, default_timeout=PATIENCE_S).run()
    app.number_input[0].set_value(96).run()
    preset = app.get_by_key("train.knobs.preset")
    preset.set_value("careful").run()
    assert app.session_state["values"] == {**Knobs().model_dump(), "mode": "exact"}
    preset.set_value("Defaults").run()
    assert app.session_state["values"] == Knobs().model_dump()


def test_values_of_a_model_can_be_put_in() -> None:
    app = AppTest.from_function(_page, default_timeout=PATIENCE_S)
    app.session_state["train.knobs.size"] = 128
    assert app.run().session_state["values"]["size"] == 128


def test_limits_are_in_the_fields_own_type() -> None:
    fields = Knobs.model_fields
    assert forms.limits(fields["rate"]) == {"min_value": 0.0, "max_value": 1.0, "step": 0.1, "format": "%.4g"}
    assert isinstance(forms.limits(fields["rate"])["min_value"], float)
    assert forms.limits(fields["late"]) == {"step": 1}
