"""Fixtures of the streaming tests."""

from __future__ import annotations

import pytest
from toy_series import toy_models

from core.detectors.series.model import SeriesModel


@pytest.fixture(scope="session")
def models() -> dict[str, SeriesModel]:
    """Three toy detectors side by side."""
    return toy_models()
