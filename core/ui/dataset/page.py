"""The page put together: a dataset's name, the ways to add more, then what is in it, by its kind."""

from __future__ import annotations

from core.ui import state
from core.ui.dataset import add, manage, overview, sections, series


def show() -> None:
    """The current dataset; while a table's columns are asked for, nothing but that form."""
    add.settle()
    manage.undo()
    row = state.dataset()
    if row is not None:
        manage.header(row)
    if add.columns_asked():
        return
    if row is None:
        add.welcome()
    else:
        add.section()
        if row.modality == "image":
            overview.show(row)
            sections.show(row)
        else:
            series.show(row)
    manage.removed()
