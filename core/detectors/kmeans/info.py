"""k-means on windows for the registry: free of scikit-learn."""

from __future__ import annotations

from pydantic import Field

from core.detectors.base import DetectorInfo, Params


class KMeansParams(Params):
    window: int = Field(20, ge=1, le=1000, title="Window", description="steps compared together; 1 compares each alone")
    clusters: int = Field(20, ge=1, le=500, title="Clusters", description="typical windows that are kept")


INFO = DetectorInfo(
    name="kmeans",
    title="k-means on windows",
    modality="series",
    summary="How far a stretch is from the most similar typical one: for machines that repeat a few patterns.",
    paper="Fault Detection by Mining Association Rules from House-keeping Data (Yairi et al., i-SAIRAS 2001); the "
    "variant on windows as in TSB-AD (Liu and Paparrizos, NeurIPS 2024)",
    params=KMeansParams,
    implementation="core.detectors.kmeans.detector:KMeansWindows",
    presets={"rows": {"window": 1}},
    rows=True,
)
