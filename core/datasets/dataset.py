"""Whatever a reader may return."""

from __future__ import annotations

from core.datasets.series import SeriesSet
from core.datasets.types import ImageSet

Dataset = ImageSet | SeriesSet
