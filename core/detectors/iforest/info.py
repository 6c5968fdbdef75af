"""Isolation forest for the registry: free of scikit-learn."""

from __future__ import annotations

from pydantic import Field

from core.detectors.base import DetectorInfo, Params


class IForestParams(Params):
    window: int = Field(1, ge=1, le=200, title="Window", description="steps judged together; 1 judges each alone")
    trees: int = Field(100, ge=10, le=1000, title="Trees", description="more are steadier and slower")
    sample: int = Field(256, ge=16, le=4096, title="Sample", description="training windows that each tree sees")


INFO = DetectorInfo(
    name="iforest",
    title="Isolation forest",
    modality="series",
    summary="Readings that few random cuts set apart: needs no tuning and no linear relations, blind to time.",
    paper="Isolation Forest (Liu, Ting and Zhou, ICDM 2008, doi:10.1109/ICDM.2008.17)",
    params=IForestParams,
    implementation="core.detectors.iforest.detector:IForest",
    rows=True,
)
