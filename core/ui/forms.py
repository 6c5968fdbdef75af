"""A form drawn from a detector's parameters: title, description, limits and type of each pydantic field.

A family lists first what people change most: those fields are shown, the others are folded away.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, get_args, get_origin

import annotated_types
import streamlit as st
from pydantic.fields import FieldInfo

from core.detectors.base import DetectorInfo
from core.features.backbones_info import TITLES

SHOWN = 4  # fields before the fold
DEFAULTS = "Defaults"


def parameter_form(info: DetectorInfo) -> dict[str, Any]:
    """Draw the form of a detector and return its values, not yet checked against each other."""
    if info.presets:
        st.segmented_control(
            "Preset",
            [DEFAULTS, *info.presets],
            format_func=str.capitalize,
            default=DEFAULTS,
            required=True,
            key=_key(info, "preset"),
            persist_state="session",
            on_change=_apply_preset,
            args=(info,),
            help="Fills in the fields below; change any of them afterwards.",
        )
    fields = list(info.params.model_fields.items())
    values = _fields(info, fields[:SHOWN])
    if len(fields) > SHOWN:
        with st.expander(f"{len(fields) - SHOWN} more settings", icon=":material/tune:"):
            values |= _fields(info, fields[SHOWN:])
    return values


def fill(info: DetectorInfo, values: Mapping[str, Any]) -> None:
    """Put values into the form before it is drawn, as for training again with a model's parameters."""
    for name, field in info.params.model_fields.items():
        st.session_state[_key(info, name)] = values.get(name, field.default)


def _apply_preset(info: DetectorInfo) -> None:
    fill(info, info.presets.get(st.session_state[_key(info, "preset")], {}))


def _key(info: DetectorInfo, name: str) -> str:
    return f"train.{info.name}.{name}"


def _fields(info: DetectorInfo, fields: list[tuple[str, FieldInfo]]) -> dict[str, Any]:
    with st.grid(4, min_column_width=170):
        return {name: _field(_key(info, name), name, field) for name, field in fields}


def _field(key: str, name: str, field: FieldInfo) -> Any:
    """One input. Its kind follows from the annotation; limits are kept by the input and checked again afterwards."""
    label = field.title or name.replace("_", " ").capitalize()
    value = {} if key in st.session_state else {"value": field.default}
    common: dict[str, Any] = {"key": key, "persist_state": "session", "help": field.description}
    if get_origin(field.annotation) is Literal:
        options = get_args(field.annotation)
        index = {} if key in st.session_state else {"index": options.index(field.default)}
        return st.selectbox(
            label, options, format_func=lambda option: TITLES.get(option, str(option)), **index, **common
        )
    if field.annotation is bool:
        return st.toggle(label, **value, **common)
    if field.annotation in (int, float):
        kind: type[int] | type[float] = field.annotation
        low, high, step = limits(field)
        return st.number_input(
            label,
            min_value=None if low is None else kind(low),
            max_value=None if high is None else kind(high),
            step=kind(step) if step else (1 if kind is int else None),
            **({} if key in st.session_state else {"value": kind(field.default)}),
            **common,
        )
    return st.text_input(label, **value, **common)


def limits(field: FieldInfo) -> tuple[float | None, float | None, float | None]:
    """Lowest and highest value and the step of a number field, None where there is none."""
    low = high = step = None
    for rule in field.metadata:
        if isinstance(rule, annotated_types.Ge):
            low = rule.ge
        elif isinstance(rule, annotated_types.Gt):
            low = rule.gt
        elif isinstance(rule, annotated_types.Le):
            high = rule.le
        elif isinstance(rule, annotated_types.Lt):
            high = rule.lt
        elif isinstance(rule, annotated_types.MultipleOf):
            step = rule.multiple_of
    return low, high, step  # type: ignore[return-value]  # annotated_types promises no more than "comparable"
