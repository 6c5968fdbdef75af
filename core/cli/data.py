"""Verbs about datasets: inspect, sample."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from core.cli.output import console_progress, emit, table
from core.datasets.types import ImageSet
from core.errors import UserError
from core.progress import Progress


@contextmanager
def opened(path: Path, layout: str | None, progress: Progress) -> Iterator[ImageSet]:
    """The dataset in a folder or a zip; a zip is unpacked for as long as the block runs."""
    from core.datasets import archives, readers

    if path.is_file():
        with TemporaryDirectory(prefix="faultline-") as scratch:
            files = Path(scratch) / path.stem
            refused = archives.unpack(path, files, progress.part(0.0, 0.5))
            data = readers.read(files, format=layout, name=path.stem, progress=progress.part(0.5, 1.0))
            yield replace(data, rejected=(*refused, *data.rejected))
    else:
        yield readers.read(path, format=layout, progress=progress)


def inspect(options: argparse.Namespace) -> None:
    """What a dataset holds, what was left out, and what stands in the way of training on it."""
    from core.datasets.checks import summary

    with opened(options.path, options.format, console_progress()) as data:
        found = summary(data)
        result = {
            "name": data.name,
            "format": data.format,
            "content_id": data.content_id,
            "n_images": len(data),
            "categories": data.categories,
            "summary": asdict(found),
            "rejected": [asdict(one) for one in data.rejected],
            "notes": list(data.notes),
        }
        lines = [f"{data.name}: {len(data)} images, layout «{data.format}», content {data.content_id[:12]}"]
        lines.append(table([asdict(count) for count in found.counts]))
        lines += [f"note: {note}" for note in data.notes]
        lines += [f"warning: {warning}" for warning in found.warnings]
        lines += [f"left out: {one.name}: {one.reason}" for one in data.rejected]
    emit(result, options.json, "\n".join(lines))


def sample(options: argparse.Namespace) -> None:
    """Write a synthetic dataset."""
    from core.datasets.samples import SAMPLES

    if options.name not in SAMPLES:
        raise UserError(f"There is no sample «{options.name}»", "", f"Choose one of {', '.join(SAMPLES)}")
    SAMPLES[options.name].write(options.out, options.seed, console_progress())
    result = {"sample": options.name, "seed": options.seed, "path": str(options.out)}
    emit(result, options.json, f"{SAMPLES[options.name].title} written to {options.out}")
