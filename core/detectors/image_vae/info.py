"""The convolutional VAE for the registry: free of torch."""

from __future__ import annotations

from pydantic import Field

from core.detectors.base import DetectorInfo, Params


class ImageVaeParams(Params):
    epochs: int = Field(40, ge=1, le=2000, title="Epochs", description="at most; early stopping ends sooner")


INFO = DetectorInfo(
    name="image-vae",
    title="Convolutional VAE",
    modality="image",
    summary="Redraws the part from 512 numbers: shows what it expected to see, and where it differs.",
    paper="Auto-Encoding Variational Bayes (Kingma & Welling, ICLR 2014, arXiv:1312.6114)",
    params=ImageVaeParams,
    implementation="core.detectors.image_vae.detector:ImageVae",
)
