"""Sensors: when did it start, and which sensor caused it?"""

from __future__ import annotations

from core.ui.sensors import page

page.show()
