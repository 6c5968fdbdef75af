"""The warm-up, and what pages read with, import what they need and nothing that a cold page must not pay for."""

from __future__ import annotations

import subprocess
import sys

HEAVY = ("torch", "sklearn", "scipy", "statsmodels", "captum", "shap")
PROGRAM = """
import sys
import core.ui.batch.results, core.ui.latent.page, core.ui.models.jobs, core.ui.train.request
import core.detectors.series.outline, core.detectors.series.training, core.store.seriesrun
from core.ui import warm
warm._pages()
print([name for name in ("pandas", "plotly.graph_objs", "core.ui.inspect.page", *{heavy}) if name in sys.modules])
"""


def test_pages_are_imported_and_nothing_heavy() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(heavy=HEAVY)], capture_output=True, text=True, check=True
    )
    assert done.stdout.split("\n")[-2] == "['pandas', 'plotly.graph_objs', 'core.ui.inspect.page']"
