"""Inspect: which parts are bad, and where?"""

from __future__ import annotations

from core.ui.inspect import page

page.show()
