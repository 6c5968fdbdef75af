"""``python -m core extend``: a model folder takes in new good images and becomes another model folder."""

from __future__ import annotations

import argparse
from contextlib import ExitStack
from pathlib import Path

from core.cli import byhand
from core.cli.data import opened
from core.cli.output import console_progress, emit, table
from core.datasets.wording import percent
from core.errors import UserError
from core.store.atomic import refuse_occupied


def add_options(verb: argparse.ArgumentParser) -> None:
    """The verb's own options."""
    verb.add_argument("model", type=Path)
    verb.add_argument("--data", type=Path, required=True, help="folder or zip of the new images")
    verb.add_argument(
        "--old", type=Path, action="append", required=True,
        help="what the model learned from, first what it began with; repeated where it was extended before",
    )  # fmt: skip
    verb.add_argument("--out", type=Path, required=True, help="model folder to write, which must not exist")
    for whose, of in (("", "the new images"), ("old-", "the first --old")):
        verb.add_argument(f"--{whose}labels", type=Path, help=f"labels by hand of {of}: CSV with item,your_label")
        verb.add_argument(f"--{whose}exclude", type=Path, help=f"text file of names of {of} to leave out, one a line")
    verb.add_argument("--everything", action="store_true", help="all images not called bad, not the training ones only")
    verb.add_argument("--name", help="the model's name (default: the name of its folder)")
    verb.add_argument("--format", help="how the folders are laid out (default: found by looking)")
    verb.set_defaults(mapping=None)


def run(options: argparse.Namespace) -> None:
    """Extend, write the model, and tell what it forgot."""
    from core.continual.stored import extend, good_of
    from core.datasets.series import SeriesSet
    from core.store.continuedmodel import learned_from, read_parent, write_continued
    from core.store.manifest import model_id

    refuse_occupied(options.out)
    progress = console_progress()
    with ExitStack() as stack:
        sets = []
        for place, path in enumerate((*options.old, options.data)):
            data = stack.enter_context(opened(options, progress.part(0.02 * place, 0.02 * place + 0.02), path))
            if isinstance(data, SeriesSet):
                raise UserError("Recordings cannot be added to a model", str(path), "Train again with them")
            sets.append(data)
        *old, added = sets
        parent, manifest = read_parent(options.model)
        if old[0].content_id != learned_from(manifest)[0]:
            raise UserError(
                f"The model began with «{manifest.dataset.name}», and this is other data", str(options.old[0]),
                "Give what it was trained on first",
            )  # fmt: skip
        strangers = {data.content_id: data.name for data in old if data.content_id not in learned_from(manifest)}
        if strangers:
            raise UserError(
                f"The model never learned from «{next(iter(strangers.values()))}»", "--old",
                "Give what it learned from with --old, and the new images with --data",
            )  # fmt: skip
        told = byhand.said(options.labels, options.exclude, added)
        home = byhand.said(options.old_labels, options.old_exclude, old[0])
        new = good_of(added, told.labels, told.excluded, everything=options.everything)
        found = extend(parent, old, new, progress.part(0.1, 1.0), home)
        name = options.name or options.out.name
        written = write_continued(
            options.out, found, name=name, parent=model_id(options.model), before=manifest, old=old, added=added
        )
    rows = [
        {
            "images": f"{one.part} {one.defect}".strip(), "n": one.n,
            "alarms before": f"{one.before} ({percent(one.before_ci[0], 0)} to {percent(one.before_ci[1], 0)})",
            "after": f"{one.after} ({percent(one.after_ci[0], 0)} to {percent(one.after_ci[1], 0)})",
        }
        for one in found.forgetting.counts()
    ]  # fmt: skip
    growth = found.growth
    text = (
        f"{found.taken_in} images taken in, {found.held_out} more calibrate it; of {growth.before} rows of the bank "
        f"{growth.kept} stayed and {growth.added} came. Written to {options.out}"
    )
    result = written.model_dump(mode="json") | {"forgetting": found.forgetting.to_json()}
    emit(result, options.json, f"{table(rows)}\n{text}")
