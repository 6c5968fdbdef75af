"""PCA T2+Q for the registry: free of the libraries that it fits with."""

from __future__ import annotations

from pydantic import Field

from core.detectors.base import DetectorInfo, Params


class PcaT2qParams(Params):
    window: int = Field(1, ge=1, le=200, title="Window", description="steps judged together; 1 judges each alone")
    explained: float = Field(
        0.9, gt=0, lt=1, title="Explained variance", description="share that the principal components keep"
    )


INFO = DetectorInfo(
    name="pca-t2q",
    title="PCA T2+Q",
    modality="series",
    summary="Sensors that move together: quick, finds broken correlations and names the sensor that broke them.",
    paper="Reconstruction-based fault identification using a combined index (Yue and Qin, Ind. Eng. Chem. Res. 40, "
    "2001, doi:10.1021/ie000141+)",
    params=PcaT2qParams,
    implementation="core.detectors.pca_t2q.detector:PcaT2q",
    rows=True,
)
