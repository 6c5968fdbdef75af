"""anomalib's PatchCore or PaDiM on lists of image files; runs in an environment of its own and imports nothing of ours.

    python peer_anomalib.py SPEC.json OUT

SPEC names the ``model``, ``train`` and ``test`` files, ``weights`` (safetensors under torchvision's keys, to layer 3),
``size`` and PatchCore's coreset ``ratio``.
OUT receives ``result.json`` (seconds, memory), ``scores.npy`` (n,) and ``maps.npy`` (n, size, size) float32.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import numpy as np
import torch
from anomalib.models.image.padim.torch_model import PadimModel
from anomalib.models.image.patchcore.torch_model import PatchcoreModel
from PIL import Image
from safetensors.torch import load_file
from torchvision.transforms import v2

BATCH = 8
MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def main(spec_file: str, out_folder: str) -> None:
    spec, out = json.loads(Path(spec_file).read_text()), Path(out_folder)
    size = spec["size"]
    transform = v2.Compose(
        [
            v2.ToImage(),
            v2.Resize((size, size), antialias=True),
            v2.ToDtype(torch.float32, scale=True),
            v2.Normalize(MEAN, DEVIATION),
        ]
    )

    def batches(files: list[str]):
        for start in range(0, len(files), BATCH):
            part = files[start : start + BATCH]
            yield torch.stack([transform(Image.open(path).convert("RGB")) for path in part])

    torch.manual_seed(0)  # PaDiM draws its channels
    if spec["model"] == "padim":
        model = PadimModel(layers=["layer1", "layer2", "layer3"], backbone="resnet18", pre_trained=False)
    else:
        model = PatchcoreModel(layers=["layer2", "layer3"], backbone="resnet18", pre_trained=False)
    result = model.feature_extractor.feature_extractor.load_state_dict(load_file(spec["weights"]), strict=False)
    if result.missing_keys:
        raise SystemExit(f"weights did not fit: {result.missing_keys[:3]}")
    started = time.perf_counter()
    model.train()
    with torch.no_grad():
        for batch in batches(spec["train"]):
            model(batch)
    extracted = time.perf_counter() - started
    if spec["model"] == "padim":
        model.fit()
    else:
        model.subsample_embedding(spec["ratio"])
    fitted = time.perf_counter() - started
    model.eval()
    scores, maps = [], np.lib.format.open_memmap(out / "maps.npy", "w+", np.float32, (len(spec["test"]), size, size))
    started = time.perf_counter()
    with torch.inference_mode():
        for batch in batches(spec["test"]):
            found = model(batch)
            maps[len(scores) : len(scores) + len(batch)] = found.anomaly_map.squeeze(1).numpy()
            scores += found.pred_score.reshape(-1).tolist()
    scored = time.perf_counter() - started
    np.save(out / "scores.npy", np.array(scores))
    document = {
        "fit_seconds": fitted,
        "extract_seconds": extracted,
        "score_ms_per_image": 1000 * scored / len(scores),
        "peak_rss_mib": int(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split(maxsplit=1)[0]) / 1024,
    }
    (out / "result.json").write_text(json.dumps(document))


if __name__ == "__main__":
    main(*sys.argv[1:])
