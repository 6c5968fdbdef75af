"""What a value should have been, in our words: pydantic's are made for those who wrote the model."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from core.errors import UserError

LONGEST = 60  # characters of a value that are shown
WANTED = {  # what to give, by pydantic's type of error; in braces what the model says
    "greater_than": "a number above {gt:.12g}",
    "greater_than_equal": "a number of {ge:.12g} or more",
    "less_than": "a number below {lt:.12g}",
    "less_than_equal": "a number of at most {le:.12g}",
    "float_parsing": "a number",
    "float_type": "a number",
    "finite_number": "a finite number",
    "int_parsing": "a whole number",
    "int_parsing_size": "a whole number that is not so large",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "bool_parsing": "true or false",
    "bool_type": "true or false",
    "string_type": "a text",
    "string_unicode": "a text of whole characters",
    "string_too_short": "a text of {min_length} or more characters",
    "string_too_long": "a text of at most {max_length} characters",
    "list_type": "a list",
    "too_short": "{min_length} or more of them",
    "too_long": "at most {max_length} of them",
    "dict_type": "an object with names and values",
    "model_type": "an object with names and values",
    "model_attributes_type": "an object with names and values",
    "union_tag_not_found": "an object that says its {discriminator}",
    "union_tag_invalid": "one whose {discriminator} is one of {expected_tags}",
    "literal_error": "{expected}",
    "multiple_of": "a multiple of {multiple_of:.12g}",
    "tuple_type": "a list",
    "path_type": "a path",
}


def refused(error: ValidationError, given: Any, whole: str) -> UserError:
    """What is wrong first with what was ``given``, where, and how to mend it; ``whole`` is what all of it is called,
    such as «The body»."""
    faults = [(_way(fault["loc"], given, fault["type"]), fault) for fault in error.errors()]
    found, first = faults[0]
    where = f"«{found}»" if found else whole
    if first["type"] == "missing":
        return UserError(f"{where} is missing", "", "Give it too")
    if first["type"] == "extra_forbidden":
        return UserError(f"There is nothing called {where} here", "", "Leave it out, or check the spelling")
    # Of a value that may be one thing or another, each says what it would have taken.
    wanted = [_wanted(fault) for at, fault in faults if at == found]
    return UserError(f"{where} cannot be {_shown(first['input'])}", "", f"Give {' or '.join(dict.fromkeys(wanted))}")


def remedy(fault: Mapping[str, Any]) -> str:
    """How one of a ValidationError's ``errors()`` is put right, in a clause: «give a number above 0». What a validator
    of ours says is said as it is."""
    if fault["type"] in WANTED:
        return f"give {_wanted(fault)}"
    return {"missing": "it is missing", "extra_forbidden": "there is no such field"}.get(
        fault["type"], str(fault["msg"]).removeprefix("Value error, ")
    )


def place(fault: Mapping[str, Any]) -> str:
    """The field that one of a ValidationError's ``errors()`` is about, empty where it is all of what was given."""
    return ".".join(str(step) for step in fault["loc"])


def told(error: ValidationError, whole: str = "") -> str:
    """What is wrong first, with its place: «rows: give a number above 0». ``whole`` is the place of a fault that is no
    field's."""
    first = error.errors()[0]
    where = place(first) or whole
    return f"{where}: {remedy(first)}" if where else remedy(first)


def _way(steps: tuple[int | str, ...], given: Any, kind: str) -> str:
    """The way to the fault through what was given, without the names that pydantic puts in for the sorts of a union."""
    found = []
    for number, step in enumerate(steps):
        inside = isinstance(given, Mapping) and step in given
        if inside or (isinstance(given, list) and isinstance(step, int)):
            given = given[step]
        elif kind != "missing" or number < len(steps) - 1:
            continue
        found.append(str(step)[:LONGEST])
    return _writable(".".join(found))


def _wanted(fault: Mapping[str, Any]) -> str:
    try:
        said = WANTED[fault["type"]].format(**fault.get("ctx", {}))
    except (KeyError, ValueError):  # a sort of fault, or of bound, that no model of ours had when this was written
        said = "another value"
    return re.sub(r"'([^']*)'", r"«\1»", said)


def _shown(value: Any) -> str:
    text = _writable(json.dumps(value, ensure_ascii=False, default=str))
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def _writable(text: str) -> str:
    """Halves of characters, which JSON can name and no answer can hold, as their numbers."""
    return text.encode("utf-8", "backslashreplace").decode()
