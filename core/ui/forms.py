"""A form drawn from a detector's parameters: title, description, limits and type of each pydantic field.

A family lists first what people change most: those fields are shown, the others are folded away.
"""

from __future__ import annotations

import math
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
    st.session_state.setdefault(key, field.default)
    common: dict[str, Any] = {"key": key, "persist_state": "session", "help": field.description}
    if get_origin(field.annotation) is Literal:
        options: tuple[Any, ...] = get_args(field.annotation)
        return st.selectbox(label, options, format_func=lambda value: TITLES.get(value, str(value)), **common)
    if field.annotation is bool:
        return st.toggle(label, **common)
    if field.annotation in (int, float):
        return st.number_input(label, **limits(field), **common)
    return st.text_input(label, **common)


def _float_step(default: float) -> float:
    """The power of ten that changes a value noticeably and not wildly: 0.1 for 1, 0.0001 for 0.001."""
    return 10.0 ** math.floor(math.log10(default / 2)) if default > 0 else 0.1


def limits(field: FieldInfo) -> dict[str, Any]:
    """``min_value``, ``max_value``, ``step`` of a number field, those that it has, in its own type; and its format.
    A field of large numbers says its ``step`` itself."""
    kind: type[int] | type[float] = int if field.annotation is int else float
    found: dict[str, Any] = {"step": 1 if kind is int else _float_step(field.default)}
    for rule in field.metadata:
        if isinstance(rule, annotated_types.Ge):
            found["min_value"] = rule.ge
        elif isinstance(rule, annotated_types.Le):
            found["max_value"] = rule.le
        elif isinstance(rule, annotated_types.MultipleOf):
            found["step"] = rule.multiple_of
    if isinstance(field.json_schema_extra, dict):
        found |= {name: value for name, value in field.json_schema_extra.items() if name == "step"}
    shown = {} if kind is int else {"format": "%.4g"}
    return {name: kind(value) for name, value in found.items()} | shown
