"""The verb that compares: several models' runs over one dataset, with paired tests and a report."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from core.cli.data import opened
from core.cli.output import console_progress, emit, table
from core.datasets.series import SeriesSet
from core.errors import UserError
from core.progress import Progress

if TYPE_CHECKING:
    from core.compare.figures import Row
    from core.datasets.types import ImageSet
    from core.metrics.cost import CostWeights

IMAGE_COLUMNS = ("image_auroc", "image_auprc", "recall", "false_alarm_rate", "pixel_auroc", "aupro", "aupimo")
SERIES_COLUMNS = ("vus_pr", "auc_pr", "events_found", "far")


def add_options(verb: argparse.ArgumentParser) -> None:
    """The options of ``python -m core compare``."""
    verb.add_argument("runs", type=Path, nargs="+", metavar="RUN_DIR", help="run folders that «score» wrote")
    verb.add_argument("--data", type=Path, required=True, help="the dataset that they scored")
    verb.add_argument(
        "--model",
        type=Path,
        action="append",
        default=[],
        metavar="DIR",
        help="folder of a model behind a run, for its size, settings and calibration; may be repeated",
    )
    verb.add_argument("--rate", type=float, help="promised false-alarm rate (images: 0.05; recordings: 0.001 a step)")
    verb.add_argument(
        "--mode", choices=("settled", "now"), default="settled", help="recordings: judged with hindsight, or at once"
    )
    verb.add_argument("--pin", metavar="NAME", help="the model that the others are held against (default: the first)")
    verb.add_argument("--bootstrap", type=int, help="resamples (default: images 1000, recordings 200)")
    verb.add_argument("--seed", type=int, default=0, help="of the bootstrap")
    verb.add_argument(
        "--miss", type=float, metavar="COST", help="cost of a missed defect or anomaly, for what each limit costs"
    )
    verb.add_argument("--false-alarm", type=float, default=1.0, metavar="COST", help="cost of a false alarm (1)")
    verb.add_argument(
        "--defect-rate", type=float, default=0.01, metavar="SHARE", help="images: share of defective parts (0.01)"
    )
    verb.add_argument(
        "--anomalies", type=float, metavar="N", help="recordings: anomalies in 10,000 steps (as many as are counted)"
    )
    verb.add_argument("--out", type=Path, metavar="ZIP", help="report, tables and scores, in a file not there yet")


def compare(options: argparse.Namespace) -> None:
    """Compare, print the answer, and write the report where ``--out`` asks for one."""
    if options.rate is not None and not 0 < options.rate < 1:
        raise UserError(f"A false-alarm rate of {options.rate} is not between 0 and 1", "--rate", "Try 0.05")
    if options.bootstrap is not None and options.bootstrap < 0:
        raise UserError("There is no negative number of resamples", "--bootstrap", "Give 0 for none")
    if options.out is not None and options.out.exists():
        raise UserError("There is something there already", str(options.out), "Name a file that does not exist yet")
    if options.out is not None and not options.out.absolute().parent.is_dir():
        raise UserError("The folder above it does not exist", str(options.out), "Make it first, or name another")
    _weights(options)  # told before the work, not after it
    progress = console_progress()
    with opened(options, progress.part(0.0, 0.2)) as data, TemporaryDirectory(prefix="faultline-") as scratch:
        rest, home = progress.part(0.2, 1.0), Path(scratch) / "comparison"
        if isinstance(data, SeriesSet):
            result, rows, report = _recordings(options, data, home, rest)
        else:
            result, rows, report = _images(options, data, home, rest)
    if options.out is not None:
        from core.store import atomic

        atomic.write_bytes(options.out, report)
        result["report"] = str(options.out)
    emit(result, options.json, _text(result, rows, options.out))


def _images(
    options: argparse.Namespace, data: ImageSet, scratch: Path, progress: Progress
) -> tuple[dict[str, Any], Sequence[Row], bytes]:
    from core.compare.contestants import from_folders
    from core.compare.curves import costs
    from core.compare.disagreements import agreement, disagreements
    from core.compare.export import image_zip
    from core.compare.figures import image_rows, random_row, with_study
    from core.compare.groups import by_category, recall_by_class, recall_by_size
    from core.compare.maps import check_dataset
    from core.compare.pairs import image_pairs
    from core.compare.report import Chosen, findings
    from core.compare.sentences import protocol
    from core.compare.sidebyside import RATE, align
    from core.compare.study import study_images
    from core.compare.tables import as_json, differences
    from core.store.comparison import write_comparison
    from core.store.comparisons import RESAMPLES
    from core.store.runfolder import Run

    side = align(from_folders([Run(folder) for folder in options.runs], options.model))
    check_dataset(side, data)
    rate = options.rate or RATE
    weights = _weights(options)
    chosen = Chosen(rate, _pinned(options.pin, side.names), weights, options.defect_rate)
    resamples = RESAMPLES if options.bootstrap is None else options.bootstrap
    studied = study_images(side, data, rate=rate, resamples=resamples, seed=options.seed, progress=progress)
    study = write_comparison(scratch, *studied)
    pairs, measured = image_pairs(side, rate), image_rows(side, rate)
    rows = [*with_study(measured, study.info), random_row(side, rate)]
    ids = [one.id for one in side.contestants]
    found = differences(side.names, pairs, study.info, ids)
    cost = costs(side, weights, options.defect_rate, rate) if weights else None
    shares = study.items().set_index("item")["mask_share"].reindex(side.items).to_numpy(float)
    result = {
        "modality": "image",
        "dataset": side.dataset_name,
        "dataset_id": side.dataset_id,
        "rate": rate,
        "n_images": len(side),
        "n_good": side.n_good,
        "n_anomalous": side.n_bad,
        "n_unlabelled": side.unlabelled,
        "left_out": [asdict(one) for one in side.left_out],
        "findings": findings(side, measured, pairs, chosen, study),
        **as_json(rows, found, agreement(side, rate), side.names),
        "disagreements": [asdict(one) for one in disagreements(side, rate)],
        "per_class": [asdict(one) for one in recall_by_class(side, rate)],
        "per_category": [asdict(one) for one in by_category(side, rate)],
        "per_size": [asdict(one) for one in recall_by_size(side, shares, rate)],
        "costs": [
            {"model": name, "at_limit": one.at_limit, "hindsight": float(one.curve.cost[one.curve.hindsight])}
            for name, one in zip(side.names, cost or (), strict=bool(cost))
        ],
        "protocol": protocol(side, rate),
    }
    return result, rows, image_zip(side, data, chosen, study) if options.out else b""


def _recordings(
    options: argparse.Namespace, data: SeriesSet, scratch: Path, progress: Progress
) -> tuple[dict[str, Any], Sequence[Row], bytes]:
    from core.compare.contestants import from_folders
    from core.compare.export import series_zip
    from core.compare.figures import with_study
    from core.compare.sentences import series_protocol
    from core.compare.seriesbyside import align_series
    from core.compare.seriescurves import common, limit_curves, series_costs, worst
    from core.compare.seriesfigures import baseline_rows, moments, series_agreement, series_pairs, series_rows
    from core.compare.seriesgroups import event_kinds, recall_by_kind, recall_by_length, recall_by_machine
    from core.compare.seriesreport import Chosen, series_report
    from core.compare.seriesstudy import study_series
    from core.compare.tables import as_json, differences
    from core.detectors.series.calibration import RATE
    from core.store.comparison import write_comparison
    from core.store.comparisons import SERIES_RESAMPLES
    from core.store.seriesrun import SeriesRun

    side = align_series(from_folders([SeriesRun(folder) for folder in options.runs], options.model))
    if data.content_id != side.dataset_id:
        raise UserError(f"The runs scored other recordings than «{data.name}»", str(options.data), "Name those")
    rate, mode, pinned = options.rate or RATE, options.mode, _pinned(options.pin, side.names)
    resamples = SERIES_RESAMPLES if options.bootstrap is None else options.bootstrap
    studied = study_series(side, rate=rate, resamples=resamples, seed=options.seed, progress=progress)
    study = write_comparison(scratch, *studied)
    rows = [*with_study(series_rows(side, mode, rate), study.info, mode), *baseline_rows(side, rate)]
    ids = [one.id for one in side.contestants]
    found = differences(side.names, series_pairs(side, mode, rate), study.info, ids)
    weights = _weights(options)
    chosen = Chosen(rate, pinned, mode, weights, options.anomalies)
    report = series_report(side, data, chosen, study)
    often = (common(side) if side.has_truth else 0.0) if options.anomalies is None else options.anomalies
    cost = series_costs(limit_curves(study.limits(), mode, ids), weights, often, rate) if weights else None
    unit = worst(weights, often) if weights else 0.0
    result = {
        "modality": "series",
        "dataset": side.dataset_name,
        "dataset_id": side.dataset_id,
        "rate": rate,
        "mode": mode,
        "n_units": len(side.units),
        "n_steps": len(side),
        "n_events": len(side.events),
        "left_out": [asdict(one) for one in side.left_out],
        "findings": list(report.findings),
        **as_json(rows, found, series_agreement(side, mode, rate), side.names),
        "moments": [asdict(one) for one in moments(side, mode, rate)],
        "per_kind": [asdict(one) for one in recall_by_kind(side, event_kinds(side, data), mode, rate)],
        "per_length": [asdict(one) for one in recall_by_length(side, mode, rate)],
        "per_machine": [asdict(one) for one in recall_by_machine(side, mode, rate)],
        "costs": [
            {
                "model": name,
                "at_limit": one.at_limit * unit,
                "hindsight": float(one.curve.cost[one.curve.hindsight]) * unit,
            }
            for name, one in zip(side.names, cost or (), strict=bool(cost))
        ],
        "protocol": series_protocol(side, rate),
    }
    packed = series_zip(side, data, chosen, study) if options.out else b""
    return result, rows, packed


def _weights(options: argparse.Namespace) -> CostWeights | None:
    """What a miss and a false alarm cost; None where nobody said."""
    from core.metrics.cost import CostWeights
    from core.metrics.costcurve import expected_cost

    if options.anomalies is not None and not 0 <= options.anomalies < float("inf"):
        raise UserError(f"{options.anomalies} anomalies in 10,000 steps cannot be", "--anomalies", "Try 2")
    if options.miss is None:
        return None
    weights = CostWeights(options.miss, options.false_alarm)
    expected_cost(0, 0, weights, options.defect_rate)  # UserError where these costs make no curve
    return weights


def _pinned(name: str | None, names: Sequence[str]) -> int:
    if name is None:
        return 0
    if name not in names:
        raise UserError(f"There is no «{name}» in the comparison", "--pin", f"Name one of {', '.join(names)}")
    return list(names).index(name)


def _text(result: dict[str, Any], rows: Sequence[Row], out: Path | None) -> str:
    """The answer, the main figures and the protocol."""
    columns = IMAGE_COLUMNS if result["modality"] == "image" else SERIES_COLUMNS
    lines = [
        *result["findings"],
        "",
        table([{"model": row.name} | {name: row.figures[name] for name in columns} for row in rows]),
    ]
    lines += ["", result["protocol"]]
    return "\n".join([*lines, *([f"Report: {out}"] if out else [])])
