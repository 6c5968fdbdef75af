"""Continual: what does a detector keep when its world drifts?"""

from __future__ import annotations

from core.ui.continual import page

page.show()
