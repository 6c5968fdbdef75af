"""What can be taken along: tables as CSV, the overlay of a part as PNG."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from core.charts.csvtable import to_csv
from core.charts.overlays import encode_png
from core.datasets.said import Judgement
from core.datasets.types import ImageItem
from core.ui.inspect import pictures
from core.ui.inspect.scored import Scored

COLUMNS = (
    "item", "category", "split", "label", "defect", "score", "p_value", "verdict", "outcome", "yours", "role",
)  # fmt: skip


def table_csv(frame: pd.DataFrame) -> bytes:
    """The table as it is filtered and ordered."""
    return to_csv(COLUMNS, frame[list(COLUMNS)].itertuples(index=False))


def labels_csv(labels: Mapping[str, Judgement]) -> bytes:
    """The user's labels of a dataset."""
    return to_csv(("item", "your_label"), sorted(labels.items()))


def overlay_png(scored: Scored, item: ImageItem, *, opacity: float, outline: bool, mask: bool) -> bytes:
    """The overlay as it is shown, without loss."""
    return encode_png(pictures.heatmap(scored, item, opacity=opacity, outline=outline, mask=mask))


def file_name(item: str, suffix: str) -> str:
    """A download's name from an item's, without folders."""
    return f"{item.replace('/', '_').rsplit('.', 1)[0]}{suffix}"
