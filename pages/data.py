"""Data: what have I loaded, and is it fit to train on?"""

from __future__ import annotations

from core.ui.dataset import page

page.show()
