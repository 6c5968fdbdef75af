"""Train: which detector, with what settings, and how far is it?"""

from __future__ import annotations

from core.ui.train import page

page.show()
