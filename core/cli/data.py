"""Verbs about datasets: inspect, sample."""

from __future__ import annotations

import argparse
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import yaml
from pydantic import ValidationError

from core.cli import series
from core.cli.output import console_progress, emit, table
from core.datasets.dataset import Dataset
from core.datasets.mapping import TableMapping
from core.datasets.series import SeriesSet
from core.errors import UserError
from core.progress import Progress

NOT_ARCHIVES = frozenset({".npz"})  # zips by their bytes, recordings by what they mean


@contextmanager
def opened(options: argparse.Namespace, progress: Progress, path: Path | None = None) -> Iterator[Dataset]:
    """The dataset in ``options.data``, or at ``path``: a folder, a table or recording, or a zip, which is unpacked for
    as long as the block runs."""
    from core.datasets import archives, readers

    path = path or options.data
    mapping = _mapping(options.mapping)
    if path.is_file() and zipfile.is_zipfile(path) and path.suffix.lower() not in NOT_ARCHIVES:
        with TemporaryDirectory(prefix="faultline-") as scratch:
            files = Path(scratch) / path.stem
            refused = archives.unpack(path, files, progress.part(0.0, 0.5))
            data = readers.read(
                files, format=options.format, name=path.stem, mapping=mapping, progress=progress.part(0.5, 1.0)
            )
            yield replace(data, rejected=(*refused, *data.rejected))
    else:
        yield readers.read(path, format=options.format, mapping=mapping, progress=progress)


def _mapping(path: Path | None) -> TableMapping | None:
    if path is None:
        return None
    try:
        return TableMapping.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, yaml.YAMLError, ValidationError) as error:
        first = str(error).splitlines()[0]
        raise UserError(f"The mapping of columns cannot be read: {first}", str(path), "See «inspect --json»") from None


def inspect(options: argparse.Namespace) -> None:
    """What a dataset holds, what was left out, and what stands in the way of training on it."""
    from core.datasets.checks import summary

    with opened(options, console_progress(), options.path) as data:
        if isinstance(data, SeriesSet):
            series.inspect(options, data)
            return
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
