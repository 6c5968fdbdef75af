"""Data: what have I loaded, and is it fit to train on?"""

from __future__ import annotations

from core.ui import state
from core.ui.dataset import add, manage, overview, sections, series

add.settle()
manage.undo()
row = state.dataset()
if row is None:
    add.welcome()
else:
    manage.header(row)
    add.section()
    if row.modality == "image":
        overview.show(row)
        sections.show(row)
    else:
        series.show(row)
manage.removed()
