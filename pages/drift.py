"""Drift lab: what does a drift do to a trained detector, and who notices?"""

from __future__ import annotations

from core.ui.driftlab import page

page.show()
