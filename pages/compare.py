"""Compare: which detector should we trust?"""

from __future__ import annotations

from core.ui.compare import page

page.show()
