"""Papers' tables: do we measure what the papers report?"""

from __future__ import annotations

from core.ui.papers import page

page.show()
