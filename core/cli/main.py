"""The command line: parses, runs one verb, and turns a user's error into one sentence and exit code 2."""

from __future__ import annotations

import argparse
import errno
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from core.allocator import keep_large_blocks
from core.cli import (
    benchmark,
    compare,
    continual,
    data,
    explain,
    exporting,
    extend,
    features,
    jobs,
    models,
    rust,
    tracking,
)
from core.cli.output import check_target
from core.detectors.base import MAX_SEED
from core.errors import UserError

# What a disk or its permissions may say to whoever writes; the user can mend it.
DISK_ERRORS = frozenset({errno.EACCES, errno.EPERM, errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EISDIR})


def main(arguments: Sequence[str]) -> int:
    """Run one command; 0 on success, 2 on a user's error, 130 when interrupted."""
    options = parser().parse_args(arguments)
    os.environ.setdefault("OPENCV_FOR_THREADS_NUM", "1")  # its threads would fight with torch's for the same cores
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # as for background jobs, see core/jobs/local.py
    keep_large_blocks()
    try:
        check_target(options.json)
        options.run(options)
        sys.stdout.flush()
    except UserError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("Stopped. Nothing was left half-written.", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # The reader of our output (head, less) has gone; nothing is wrong. Python would complain again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        if error.errno not in DISK_ERRORS:
            raise
        remedy = "Free some space, or choose a place that this user may write to"
        print(UserError(str(error.strerror), str(error.filename or ""), remedy), file=sys.stderr)
        return 2
    return 0


def parser() -> argparse.ArgumentParser:
    """Every verb with its options."""
    root = argparse.ArgumentParser(prog="python -m core", description="Faultline: find what is wrong with a part.")
    verbs = root.add_subparsers(required=True, metavar="COMMAND")

    _verb(verbs, "detectors", "list the detectors, their parameters and presets", models.detectors)

    inspect = _verb(verbs, "inspect", "tell what a dataset holds and whether it is fit to train on", data.inspect)
    inspect.add_argument("path", type=Path)
    _format(inspect)

    sample = _verb(verbs, "sample", "write a synthetic dataset", data.sample)
    sample.add_argument("name")
    sample.add_argument("--out", type=Path, required=True, help="folder to write, which must not exist")
    sample.add_argument("--seed", type=_seed, default=0)

    train = _verb(verbs, "train", "train a detector on the good images of a dataset", models.train)
    train.add_argument("detector")
    train.add_argument("--data", type=Path, required=True, help="folder, zip, table or recording")
    train.add_argument("--out", type=Path, required=True, help="model folder to write, which must not exist")
    train.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="a parameter; may be repeated")
    train.add_argument("--config", type=Path, help="YAML file of parameters; --set wins over it")
    train.add_argument("--preset", help="a named set of parameters; --config and --set win over it")
    train.add_argument("--seed", type=_seed, default=0)
    train.add_argument("--name", help="the model's name (default: the name of its folder)")
    train.add_argument(
        "--scope",
        choices=("auto", "one", "each"),
        default="auto",
        help="recordings: one model for all machines, or one for each",
    )
    train.add_argument("--exclude", type=Path, help="text file of item names to leave out, one a line")
    _format(train)

    extend.add_options(_verb(verbs, "extend", "let a model take in new good images", extend.run))

    score = _verb(verbs, "score", "score a dataset: scores.parquet and maps/<item>.npy", models.score)
    score.add_argument("model", type=Path)
    score.add_argument("--data", type=Path, required=True, help="folder, zip, table or recording")
    score.add_argument("--out", type=Path, required=True, help="run folder to write, which must not exist")
    _format(score)

    evaluate = _verb(verbs, "evaluate", "score the labelled test images and measure the detector", models.evaluate)
    evaluate.add_argument("model", type=Path)
    evaluate.add_argument("--data", type=Path, required=True, help="folder, zip, table or recording")
    evaluate.add_argument(
        "--rate", type=float, help="false-alarm rate that sets the threshold (images: 0.05; recordings: 0.001 a step)"
    )
    evaluate.add_argument(
        "--mode",
        choices=("settled", "now"),
        default="settled",
        help="recordings: judged with hindsight, or by what was known at once",
    )
    evaluate.add_argument(
        "--threshold",
        choices=("fixed", "dynamic", "adaptive"),
        default="fixed",
        help="recordings: the promised one, telemanom's dynamic one, or one that follows each unit",
    )
    evaluate.add_argument(
        "--bootstrap", type=int, help="resamples behind the intervals (default: images 1000, recordings 200)"
    )
    evaluate.add_argument("--seed", type=_seed, default=0, help="of the bootstrap")
    _format(evaluate)

    versus = _verb(verbs, "compare", "hold several models' scores of one dataset against each other", compare.compare)
    compare.add_options(versus)
    _format(versus)

    why = _verb(verbs, "explain", "tell which sensors a stretch of a recording was judged by", explain.explain)
    why.add_argument("model", type=Path)
    why.add_argument("--data", type=Path, required=True, help="the recordings, best with those trained on")
    why.add_argument("--unit", required=True, help="name of the recording, as «inspect» and «score» tell it")
    why.add_argument("--start", type=int, default=0, help="first step")
    why.add_argument("--stop", "--end", type=int, help="step after the last (default: to the recording's end)")
    why.add_argument("--mode", choices=("settled", "now"), default="settled", help="which score is explained")
    why.add_argument("--method", action="append", default=[], help="one of the methods; may be repeated (default: all)")
    why.add_argument("--seed", type=_seed, default=0, help="of the sampled Shapley values")
    _format(why)

    export = _verb(verbs, "export", "write a model of recordings as ONNX or TorchScript", exporting.export)
    export.add_argument("model", type=Path)
    export.add_argument("--to", choices=("onnx", "torchscript"), required=True)
    export.add_argument("--out", type=Path, required=True, help="file to write, which must not exist")
    export.add_argument("--machine", help="whose model, where each machine has one (default: the first)")
    export.add_argument("--rate", type=float, default=0.001, help="false-alarm rate of the threshold written into it")
    export.add_argument("--data", type=Path, help="recordings to compare over (default: drawn around usual values)")
    _format(export)

    course = _verb(verbs, "continual", "compare continual methods on a stream that drifts", continual.run)
    course.add_argument("--config", type=Path, required=True, help="YAML file, or the name of a shipped one")
    course.add_argument("--data", type=Path, help="folder below which the configuration's data lie")
    course.add_argument("--out", type=Path, help="folder for the records, which must not exist")
    course.add_argument("--checkpoint", type=Path, help="folder from which an interrupted run goes on")

    papers = _verb(verbs, "benchmark", "measure a benchmark and set it beside what was published", benchmark.run)
    benchmark.add_options(papers)
    papers.add_argument("--seed", type=_seed, default=0)
    _format(papers)

    rust.add_options(_verb(verbs, "rust", "tell how far the parts in a folder have rusted, and what comes", rust.rust))

    features.add_options(verbs.add_parser("features", help="train and compare compact backbones"))

    tracking.add_options(_verb(verbs, "mlflow", "send runs of the workspace to an MLflow server", tracking.run))

    table = _verb(verbs, "jobs", "list, show or cancel background jobs of the workspace", jobs.run)
    table.add_argument("action", choices=("list", "show", "cancel"))
    table.add_argument("id", nargs="?")
    return root


def _verb(verbs: argparse._SubParsersAction, name: str, text: str, run: object) -> argparse.ArgumentParser:  # type: ignore[type-arg]
    verb: argparse.ArgumentParser = verbs.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
    verb.add_argument("--json", metavar="FILE", help="write the result as JSON («-» is stdout)")
    verb.set_defaults(run=run)
    return verb


def _seed(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) <= MAX_SEED):
        raise argparse.ArgumentTypeError(f"«{text}» is not a whole number from 0 to {MAX_SEED}")
    return int(text)


def _format(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--format", help="how the folder is laid out (default: found by looking)")
    verb.add_argument("--mapping", type=Path, metavar="FILE", help="YAML or JSON: what the columns of a table are")
