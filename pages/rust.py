"""Rust: how much has rusted, how fast, when is the limit reached?"""

from __future__ import annotations

from core.ui.rust import page

page.show()
