"""Live: what is happening now?"""

from __future__ import annotations

from core.ui.live import page

page.show()
