"""The mapping step: what the columns of a table mean, guessed, looked at, corrected, remembered for the next one."""

from __future__ import annotations

import zoneinfo
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import streamlit as st
from pydantic import ValidationError

from core.datasets.mapping import Guess, TableMapping, guess, preview, signature
from core.errors import UserError
from core.ui import errors, rooms, words
from core.ui.dataset import meanings, pending
from core.validation import told

ROWS = 6  # of the preview
NONE = "(none)"
WRITTEN = {  # as TableMapping.time_format
    "text": "dates",
    "number": "seconds",
    "cycle": "a count of cycles",
    "s": "seconds since 1970",
    "ms": "milliseconds since 1970",
    "us": "microseconds since 1970",
    "ns": "nanoseconds since 1970",
}
KINDS = {
    "series": "a reading in time",
    "rows": "a reading by itself",
    "waveform": "a sample of vibration",
    "sound": "a sample of sound",
}
SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar", " ": "space"}
_SAID = "_columns_said"  # signature and mapping of the import that this session asked for
Submit = Callable[[Mapping[str, Any], str], None]


def show(found: pending.Pending, submit: Submit) -> None:
    """The form. ``submit`` is given the specification of the import and its title."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader(f"What do the columns of «{words.plain(found.first.name)}» mean?", anchor=False, width="stretch")
        if st.button("Discard", icon=":material/close:", key="discard-columns"):
            pending.done()
            st.rerun()
    written = found.first.stat().st_mtime_ns
    try:
        mark, guessed = _looked_at(found.first, written)
    except UserError as error:
        errors.show(error)
        return
    said, remembered = _said(mark), rooms.mappings().get(mark)
    start = said or remembered or guessed.mapping
    if said is None:  # else the import went wrong, and why stands above
        _provenance(found, guessed, mark if remembered else None)
    separator, decimal = _dialect(start, mark) if _is_text(found.first) else (start.separator, start.decimal)
    seen = preview(found.first) if separator == guessed.mapping.separator else meanings.reread(found.first, separator)
    st.dataframe(seen.head(ROWS), hide_index=True, alt=f"The first rows of {found.first.name}")
    with st.form("columns", border=False):
        filled = _form(start, [str(column) for column in seen])
        roles = meanings.table(start, seen, key=f"{mark[:12]}-{separator}-{remembered is not None}")
        with st.container(horizontal=True, vertical_alignment="bottom"):
            name = st.text_input("Name of the dataset", found.name, max_chars=120, width=320).strip() or found.name
            go = st.form_submit_button("Import", type="primary", icon=":material/download_done:")
    if go:
        mapping = checked(filled | {"separator": separator, "decimal": decimal}, roles)
        st.session_state[_SAID] = (mark, mapping)
        spec = {"path": str(found.path), "owned": found.owned, "name": name, "mapping": mapping.model_dump(mode="json")}
        submit(spec, f"Import {name}")


def confirm() -> None:
    """The import by what was said last has succeeded: the next table with these columns begins with it."""
    if _SAID in st.session_state:
        rooms.mappings().remember(*st.session_state.pop(_SAID))


def _said(mark: str) -> TableMapping | None:
    """What this session said of such a table in vain, to be corrected."""
    before, mapping = st.session_state.get(_SAID, (None, None))
    return mapping if before == mark else None


def checked(said: Mapping[str, Any], roles: Mapping[str, str]) -> TableMapping:
    """What the form says as a mapping. UserError, a sentence, where it contradicts itself."""
    taken = {said["time"], said["unit"], said["label"]}
    of_role = {
        role: tuple(name for name, own in roles.items() if own == role and name not in taken) for role in meanings.ROLES
    }
    if not of_role["sensor"]:
        raise UserError("No column is a sensor", "", "Choose «sensor» as the meaning of at least one column")
    try:
        return TableMapping(**said, sensors=of_role["sensor"], conditions=of_role["condition"])
    except ValidationError as error:
        raise UserError(f"The columns are not clear: {told(error)}", "", "Give every column one meaning") from None


def _provenance(found: pending.Pending, guessed: Guess, remembered: str | None) -> None:
    """Where what the form says comes from."""
    if found.n > 1:
        st.caption(f"The first of {found.n:,} tables; what is said here holds for all of them.")
    if remembered is None:
        sentences = "\n".join(f"- {words.plain(one)}" for one in guessed.reasons)
        st.markdown(f"Guessed from names and first rows; correct what is wrong.\n{sentences}")
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(":material/history: Filled in as it was said for the last table with these columns.")
        if st.button("Guess anew", icon=":material/refresh:", key="guess-anew"):
            rooms.mappings().forget(remembered)
            st.rerun()


def _dialect(start: TableMapping, mark: str) -> tuple[str, str]:
    """How the text is written. Outside the form, for the preview follows it."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        separator = st.selectbox(
            "Between columns",
            list(SEPARATORS),
            index=list(SEPARATORS).index(start.separator) if start.separator in SEPARATORS else 0,
            format_func=SEPARATORS.__getitem__,
            key=f"separator-{mark[:12]}",
            width=180,
        )
        decimal = st.selectbox(
            "Decimal mark", [".", ","], index=[".", ","].index(start.decimal), key=f"decimal-{mark[:12]}", width=140
        )
    return separator, decimal


def _form(start: TableMapping, columns: list[str]) -> dict[str, Any]:
    """All but what single columns of readings mean."""

    def column(label: str, value: str | None, about: str) -> str | None:
        options = [NONE, *columns]
        chosen = st.selectbox(label, options, index=options.index(value) if value in options else 0, help=about)
        return None if chosen == NONE else chosen

    def one_of(label: str, options: Mapping[str, str], value: str, about: str | None = None) -> str:
        names = list(options)
        return st.selectbox(label, names, index=names.index(value), format_func=options.__getitem__, help=about)

    with st.grid(4, min_column_width=190):
        time = column("Time", start.time, "Without one, rows are steps of equal length, in their order.")
        written = one_of("Time is written as", WRITTEN, start.time_format)
        zone = one_of("Time zone", _zones(), start.zone, "Where dates were written that do not say it themselves.")
        pattern = st.text_input(
            "Pattern of the dates",
            start.date_pattern or "",
            placeholder="ISO 8601",
            help="As in strptime: %d.%m.%Y %H:%M:%S for 31.12.2025 23:59:00.",
        )
        unit = column("Machine or run", start.unit, "Which machine, unit or run a row belongs to.")
        label = column("Label", start.label, "Says which rows are anomalous. No detector ever sees it.")
        normal = st.text_input(
            "Label of normal rows",
            start.normal_label or "",
            placeholder="0, normal and alike",
            help="Needed only where normal rows are marked with another word.",
        )
        kind = one_of("A row is", KINDS, start.kind, "Readings by themselves have no order: only some detectors fit.")
        share = st.number_input(
            "Part to learn from, %",
            min_value=5,
            max_value=95,
            value=round(100 * start.train_share),
            step=5,
            help="Of the machines where there are many, else the beginning of each recording.",
        )
        until = st.text_input(
            "Or: learn until",
            start.train_until or "",
            placeholder="date or time",
            help="Everything before it is learned from, the rest is the test. The share then does not count.",
        )
    return {
        "encoding": start.encoding,
        "header": start.header,
        "time": time,
        "time_format": written,
        "date_pattern": pattern.strip() or None,
        "zone": zone,
        "unit": unit,
        "label": label,
        "normal_label": normal.strip() or None,
        "train_share": share / 100,
        "train_until": until.strip() or None,
        "kind": kind,
    }


def _is_text(path: Path) -> bool:
    return path.suffix.casefold() in (".csv", ".tsv", ".txt")


@st.cache_data(max_entries=8, show_spinner="Looking at the columns…")
def _looked_at(path: Path, mtime_ns: int) -> tuple[str, Guess]:
    """The signature and the guess; ``mtime_ns`` makes a rewritten file a new entry."""
    return signature(path), guess(path)


@lru_cache(maxsize=1)
def _zones() -> dict[str, str]:
    """Time zones by name, UTC first."""
    return {name: name for name in ("UTC", *sorted(zoneinfo.available_timezones() - {"UTC"}))}
