"""Our search of the memory bank beside scikit-learn's nearest neighbours, on patches of real parts.

Both answer the same question, the distance of each of an image's patches to its nearest row, in turns, in one process.
"""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import torch
from sklearn.neighbors import NearestNeighbors

from core.allocator import keep_large_blocks
from core.datasets.readers import read
from core.detectors.patchcore.search import MemoryBank
from core.features.patches import PatchExtractor, each_batch
from tests.benchmarks.beside.results import Measured, Results, head, our_code, row, spread

DIMENSIONS = 192
BANKS = (2_048, 12_000)
IMAGES = 24  # that give the bank's rows; as many others are looked up


def tables(results: Results, data: Path, repeats: int) -> list[str]:
    """Measure, or take what was measured; the table as Markdown."""
    settings = [our_code(), str(data), repeats]
    found = results.measure("nearest neighbours", settings, lambda: _measured(data, repeats))
    lines = head("bank", "scikit-learn, ms per image", "ours", "scikit-learn / ours", "too far, mean", "worst")
    for size, one in found["banks"].items():
        theirs, mine = one["theirs_ms"], one["ours_ms"]
        ratio = spread([a / b for a, b in zip(theirs, mine, strict=True)])
        lines.append(row(size, spread(theirs), spread(mine), ratio, f"{one['mean']:.5%}", f"{one['worst']:.3%}"))
    return lines


def _measured(data: Path, repeats: int) -> Measured:
    keep_large_blocks()
    extractor = PatchExtractor("compact", 256)
    items = read(data).normals().items[: 2 * IMAGES]
    rows = torch.cat([extractor.patches(pixels) for _, pixels in each_batch(items, extractor.size, np.asarray)])
    kept, asked = rows[:IMAGES].flatten(0, 1), rows[IMAGES:]
    centre = kept.mean(0)
    axes = torch.linalg.eigh((kept - centre).T @ (kept - centre)).eigenvectors.flip(1)[:, :DIMENSIONS]
    kept, asked = (kept - centre) @ axes, (asked - centre) @ axes
    order = torch.randperm(len(kept), generator=torch.Generator().manual_seed(0))
    banks = {}
    for size in BANKS:
        bank = kept[order[:size]].contiguous()
        banks[str(size)] = _compared(bank, asked, repeats)
    return {"banks": banks}


def _compared(bank: torch.Tensor, asked: torch.Tensor, repeats: int) -> Measured:
    mine = MemoryBank(bank, torch.zeros(len(bank), dtype=torch.long), cosine=False)
    theirs = NearestNeighbors(n_neighbors=1, algorithm="brute").fit(bank.numpy())
    times: dict[str, list[float]] = {"ours_ms": [], "theirs_ms": []}
    excess = []
    for _ in range(repeats):
        seconds = dict.fromkeys(times, 0.0)
        for image in asked:
            started = time.perf_counter()
            found = mine.distance(image, 1).numpy()
            between = time.perf_counter()
            true = theirs.kneighbors(image.numpy())[0][:, 0]
            seconds["theirs_ms"] += time.perf_counter() - between
            seconds["ours_ms"] += between - started
            excess.append(found / np.maximum(true, 1e-6) - 1)
        for name, total in seconds.items():
            times[name].append(1000 * total / len(asked))
    over = np.concatenate(excess)
    return {**times, "mean": float(over.mean()), "worst": float(over.max())}
