"""A distilled backbone on disk: the weights, and beside them how they came about."""

from __future__ import annotations

import hashlib
import json
import secrets
from pathlib import Path
from typing import Any

from safetensors.torch import save_file

from core.features.compact import to_weights
from core.features.distill.config import RECORD, WEIGHTS, DistillConfig
from core.features.distill.training import Distilled
from core.features.weightsfile import as_other_files


def write_candidate(
    folder: Path, distilled: Distilled, config: DistillConfig, photographs: dict[str, Any]
) -> dict[str, Any]:
    """Write weights and record into ``folder``, each whole or not at all; the record.

    ``photographs`` tells which were learnt from: name, content id and counts.
    """
    folder.mkdir(parents=True, exist_ok=True)
    temporary = folder / f".{secrets.token_hex(6)}"
    try:
        save_file(to_weights(distilled.network), temporary, {"teacher_sha256": distilled.teacher_sha256})
        as_other_files(temporary)
        with temporary.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        size = temporary.stat().st_size
        temporary.replace(folder / WEIGHTS)
        record = {
            "sha256": sha256,
            "bytes": size,
            "config": config.model_dump(mode="json"),
            "photographs": photographs,
            "teacher_sha256": distilled.teacher_sha256,
            "steps": distilled.steps,
            "seconds": round(distilled.seconds, 1),
            "curve": distilled.curve,
        }
        temporary.write_text(json.dumps(record, indent=1, ensure_ascii=False, allow_nan=False), encoding="utf-8")
        temporary.replace(folder / RECORD)
    finally:
        temporary.unlink(missing_ok=True)
    return record
