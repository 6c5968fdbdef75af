"""PatchCore and PaDiM beside anomalib's: the same pictures, weights, size and coreset ratio.

Both learn from 200 good tiles, for anomalib's selection takes minutes at 1 % of so many. Its fit at 10 % is not run but
reckoned from the same run's 1 %: extraction once, and ten times as many picks, each of which is one pass over all rows.
Faultline holds a fifth of the good tiles out to set its threshold; anomalib learns from all of them and sets none.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from core.datasets.readers import read
from tests.benchmarks.beside.results import Measured, Results, head, our_code, row, shown, spread
from tests.benchmarks.inspect_parts import SIZE, WEIGHTS, anomalib, ours, some_normals

COST = ("fit_seconds", "score_ms_per_image", "peak_rss_mib")
ACCURACY = ("image_auroc", "pixel_auroc", "aupro")
RATIO = 0.01


def tables(results: Results, data: Path, weights: Path, python: Path, repeats: int, normals: int) -> list[str]:
    """Measure, or take what was measured; the tables as Markdown."""
    everything = read(data)
    few = some_normals(everything, normals)
    left_out = {item.name for item in everything.normals().items} - {item.name for item in few}
    bank = round(RATIO * len(few) * (SIZE // 8) ** 2)
    resnet = ["--set", "backbone=resnet18", "--set", f"image_size={SIZE}"]
    mine = {
        "Faultline PatchCore, 1 %": ["patchcore", *resnet, "--set", f"bank_size={bank}"],
        "Faultline PatchCore, 10 %": ["patchcore", *resnet, "--set", f"bank_size={10 * bank}"],
        "Faultline PaDiM": ["padim", *resnet],
    }
    theirs = {"anomalib PatchCore, 1 %": "patchcore", "anomalib PaDiM": "padim"}
    code, train, found = our_code(), [str(item.path) for item in few], dict[str, list[Measured]]()

    for number in range(repeats):
        for name, arguments in mine.items():
            settings = [code, str(data), normals, *arguments]
            piece = results.measure(
                f"{name}, run {number + 1}",
                settings,
                lambda a=arguments: ours(data, a, left_out),
            )
            found.setdefault(name, []).append(piece)
        for name, model in theirs.items():
            piece = results.measure(
                f"{name}, run {number + 1}",
                [str(data), normals, RATIO],
                lambda m=model: anomalib(everything, train, python, weights / WEIGHTS, m, RATIO),
            )
            found.setdefault(name, []).append(piece)
    reckoned = [one | {"fit_seconds": at_ten_percent(one)} for one in found["anomalib PatchCore, 1 %"]]

    lines = [f"{len(few)} good tiles to learn from, ResNet-18, {SIZE} px, {repeats} runs", ""]
    lines += head("", "image AUROC", "pixel AUROC", "AUPRO", "fit, s", "ms per image", "peak, MiB")
    lines += [_measured(name, pieces) for name, pieces in found.items()]
    lines += ["", *head("anomalib / Faultline", "fit", "ms per image", "peak")]
    lines += [
        _ratios("PatchCore, 1 %", found["anomalib PatchCore, 1 %"], found["Faultline PatchCore, 1 %"], COST),
        _ratios("PatchCore, 10 % (reckoned)", reckoned, found["Faultline PatchCore, 10 %"], COST[:1]),
        _ratios("PaDiM", found["anomalib PaDiM"], found["Faultline PaDiM"], COST),
    ]
    name, arguments = "Faultline PatchCore, defaults, all good tiles", ["patchcore", "--set", "backbone=resnet18"]
    whole = results.measure(name, [code, str(data), *arguments], lambda: ours(data, arguments))
    lines += ["", *head("", "image AUROC", "pixel AUROC", "AUPRO", "fit, s", "ms per image", "peak, MiB")]
    return [*lines, _measured(name, [whole])]


def at_ten_percent(measured: Measured) -> float:
    """Seconds that anomalib's fit would take with ten times as many picks."""
    extracted = float(measured["extract_seconds"])
    return extracted + 10 * (float(measured["fit_seconds"]) - extracted)


def _measured(name: str, pieces: Sequence[Measured]) -> str:
    cells = [name]
    for figure in ACCURACY:
        values = [piece[figure] for piece in pieces]
        low, high = pieces[0]["ci95"][figure]
        text = f"{values[0]:.3f} ({low:.3f} to {high:.3f})"
        others = "" if len({f"{v:.3f}" for v in values}) == 1 else "; then " + ", ".join(f"{v:.3f}" for v in values[1:])
        cells.append(text + others)
    return row(*cells, *(spread([piece[figure] for piece in pieces]) for figure in COST))


def _ratios(name: str, theirs: Sequence[Measured], mine: Sequence[Measured], figures: Sequence[str]) -> str:
    cells = [spread([b[figure] / a[figure] for a, b in zip(mine, theirs, strict=True)]) for figure in figures]
    return row(name, *cells, *("" for _ in COST[len(figures) :]))


def path_table(found: Measured) -> list[str]:
    """One image from file to verdict, as ``image_path`` measured it."""
    lines = head("step", "ms per image", "times the bare forward pass")
    bare = found["steps"]["bare forward pass"]
    for step, values in found["steps"].items():
        lines.append(row(step, spread(values), spread([a / b for a, b in zip(values, bare, strict=True)])))
    lines += ["", *(f"{name}: {shown(value)}" for name, value in found["fit"].items())]
    return lines
