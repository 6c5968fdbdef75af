"""``python -m core features``: distil a compact backbone, and find out whether one is better than the bundled."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from core.cli.output import console_progress, emit, table
from core.datasets.wording import percent
from core.detectors.base import MAX_SEED
from core.errors import UserError
from core.validation import told


def add_options(verb: argparse.ArgumentParser) -> None:
    """The two verbs with their options."""
    verbs = verb.add_subparsers(required=True, metavar="VERB")
    train = verbs.add_parser("distill", help="train a compact backbone to imitate ImageNet's ResNet-18")
    train.add_argument("--images", type=Path, required=True, help="folder of photographs to learn from, of any layout")
    train.add_argument(
        "--out", type=Path, required=True, help="folder for weights and record; an interrupted run goes on"
    )
    train.add_argument("--config", type=Path, help="YAML file of a configuration; --set wins over it")
    train.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="a setting of core/features/distill/config.py, e.g. textures=0.5 for half of the crops drawn surfaces "
        "in place of photographs; may be repeated",
    )
    train.add_argument("--minutes", type=float, help="stop after so long, the learning rate falling in time")
    train.add_argument("--threads", type=int, help="processor threads (default: what torch takes)")
    train.add_argument("--json", metavar="FILE", help="write the result as JSON («-» is stdout)")
    train.set_defaults(run=distill)

    judge = verbs.add_parser("evaluate", help="compare a distilled backbone with the bundled one and with ResNet-18")
    judge.add_argument("--candidate", type=Path, required=True, help="file of weights")
    judge.add_argument("--data", type=Path, required=True, nargs="+", help="labelled image datasets")
    judge.add_argument("--splits", type=int, default=3, help="fits on other normals, for each set and backbone")
    judge.add_argument("--seed", type=int, default=0)
    judge.add_argument("--cache", type=Path, help="folder where scores stay for the next comparison")
    judge.add_argument("--json", metavar="FILE", help="write the result as JSON («-» is stdout)")
    judge.set_defaults(run=evaluate)


def distill(options: argparse.Namespace) -> None:
    """Train, and write weights and record; the same command goes on where it was interrupted."""
    config = read_config(options.config, options.set)
    if options.minutes is not None and not options.minutes > 0:  # a NaN is no time either
        raise UserError(f"{options.minutes:g} minutes are no time to train in", "--minutes", "Give a number above 0")
    if options.out.exists() and not options.out.is_dir():
        raise UserError("The result is a folder", str(options.out), "Name a folder, new or of this run")
    from core.datasets.readers import read_images

    progress = console_progress()
    data = read_images(options.images, format="parts", progress=progress.part(0.0, 0.02))
    # What can be wrong with the folder has been said by now: torch takes seconds to load.
    import torch

    from core.features.distill.candidate import write_candidate
    from core.features.distill.crops import Photographs
    from core.features.distill.training import distil

    if options.threads is not None:
        torch.set_num_threads(max(1, options.threads))
    photographs = Photographs(data.items, config.seed)
    distilled = distil(
        config, photographs, progress.part(0.02, 1.0), folder=options.out / "checkpoint", minutes=options.minutes
    )
    record = write_candidate(options.out, distilled, config, photographs.described(data.name, data.content_id))
    last = record["curve"][-1]
    text = (
        f"{record['steps']} steps on {len(photographs.learnt)} photographs; on {len(photographs.held_out)} held out it "
        f"leaves {percent(last['val_loss'], 1)} of the teacher's variance unexplained. {record['bytes'] / 2**20:.1f} "
        "MiB, "
        f"sha256 {record['sha256'][:12]}, written to {options.out}. «features evaluate» tells whether it is better"
    )
    if data.rejected:
        left_out = data.rejected[0]
        text += f". Files left out: {len(data.rejected)}, among them {left_out.name}: {left_out.reason}"
    emit(record, options.json, text)


def read_config(path: Path | None, assignments: list[str]) -> Any:
    """The configuration of a file with the assignments laid over it, «architecture.stem=24» reaching inside."""
    from core.features.distill.config import DistillConfig

    values: dict[str, Any] = {}
    if path is not None:
        try:
            loaded = yaml.safe_load(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            raise UserError("The configuration cannot be read", f"{path}: {error}", "Give a YAML file") from None
        if not isinstance(loaded, dict):
            raise UserError("The configuration is not a list of «name: value»", str(path), "Give a YAML file")
        values = loaded
    for assignment in assignments:
        key, sign, value = assignment.partition("=")
        if not sign:
            raise UserError(f"«{assignment}» is not of the form key=value", "--set", "Write --set textures=0.5")
        *outer, last = key.split(".")
        inside = values
        for name in outer:
            inside = inside.setdefault(name, {})
            if not isinstance(inside, dict):
                raise UserError(f"«{name}» holds no further settings", "--set", "See core/features/distill/config.py")
        try:
            inside[last] = yaml.safe_load(value)
        except yaml.YAMLError:
            raise UserError(f"The value of «{key}» cannot be read", value, "Put it in quotation marks") from None
    try:
        return DistillConfig.model_validate(values)
    except ValidationError as error:
        raise UserError(told(error, "the configuration"), "distillation", "Correct it, or leave it out") from None


def evaluate(options: argparse.Namespace) -> None:
    """PatchCore with candidate, bundled and ResNet-18 on the same splits, and what the rule says."""
    if options.splits < 1:
        raise UserError(f"{options.splits} splits are none", "--splits", "Give 1 or more")
    if not 0 <= options.seed <= MAX_SEED:
        raise UserError(f"{options.seed} is no seed", "--seed", f"Give a whole number from 0 to {MAX_SEED}")
    if options.cache is not None and options.cache.exists() and not options.cache.is_dir():
        raise UserError("The cache is a folder", str(options.cache), "Name a folder, new or of an earlier comparison")
    if not options.candidate.is_file():
        raise UserError("There is no such file", str(options.candidate), "Name a file that «features distill» wrote")
    from core.compare.backbones.forward import time_ratios
    from core.compare.backbones.rule import CANDIDATE, PRESENT, TEACHER, judge
    from core.compare.backbones.trial import trial
    from core.datasets.readers import read_images
    from core.features.backbones import load_backbone, load_compact
    from core.features.backbones_info import BUNDLED

    progress = console_progress()
    contenders = {
        CANDIDATE: load_compact(options.candidate),
        PRESENT: load_compact(BUNDLED, "bundled"),
        TEACHER: load_backbone("resnet18"),
    }
    trials = []
    for number, path in enumerate(options.data):
        part = progress.part(number / len(options.data), (number + 1) / len(options.data))
        data = read_images(path, progress=part.part(0.0, 0.05))
        trials.append(
            trial(
                data,
                contenders,
                splits=options.splits,
                seed=options.seed,
                cache=options.cache,
                progress=part.part(0.05, 1.0),
            )
        )
    verdict = judge(trials, time_ratios(contenders), options.candidate.stat().st_size, seed=options.seed)
    emit(verdict.to_json(), options.json, _figures(verdict))


def _figures(verdict: Any) -> str:
    """The figures by set, and the decision with its reasons."""

    def gain(one: Any) -> str:
        return f"{one.value:+.4f} ({one.low:+.4f} to {one.high:+.4f})"

    rows = [
        {"set": row["name"], "normals": row["normals"], "good": row["good"], "bad": row["bad"]}
        | {name: f"{value:.4f}" for name, value in row["auroc"].items()}
        | {"over present": gain(row["over_present"]), "over resnet18": gain(row["over_resnet18"])}
        for row in verdict.sets
    ]
    empty = {"normals": "", "good": "", "bad": ""}
    means = {name: f"{verdict.auroc[name]:.4f}" for name in rows[0] if name in verdict.auroc}
    rows.append(
        {"set": "mean", **empty, **means, "over present": gain(verdict.over_present)}
        | {"over resnet18": gain(verdict.over_teacher)}
    )
    times = ", ".join(f"{name} {value:.2f}" for name, value in verdict.time_ratio.items())
    reasons = f": {'; '.join(verdict.reasons)}" if verdict.reasons else ""
    return f"{table(rows)}\ntime for one image, of ResNet-18's: {times}\n{verdict.decision}{reasons}"
