"""A comparison to take along: one zip with the report, its tables as CSV, and every score as Parquet."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from core.charts.comparereport import to_html
from core.charts.csvtable import to_csv
from core.compare.figures import TITLES, image_rows, random_row, with_study
from core.compare.pairs import image_pairs
from core.compare.report import Chosen, image_report
from core.compare.seriesbyside import SeriesSideBySide
from core.compare.seriesfigures import TITLES as SERIES_TITLES
from core.compare.seriesfigures import baseline_rows, moments, series_pairs, series_rows
from core.compare.seriesreport import Chosen as SeriesChosen
from core.compare.seriesreport import series_report
from core.compare.sidebyside import SideBySide
from core.compare.tables import differences, differences_csv, figures_csv
from core.datasets.series import SeriesSet
from core.datasets.types import ImageSet
from core.detectors.series.calibration import Mode
from core.progress import Progress
from core.store.comparison import StoredComparison

if TYPE_CHECKING:
    import pandas as pd

DATE = (1980, 1, 1, 0, 0, 0)  # the same content is the same zip but for the report's own date


def image_zip(
    side: SideBySide,
    data: ImageSet,
    chosen: Chosen,
    study: StoredComparison | None = None,
    progress: Progress = Progress(),
) -> bytes:
    """``report.html``, ``figures.csv``, ``differences.csv``, ``images.csv`` and ``images.parquet``."""
    info = study.info if study else None
    rows = image_rows(side, chosen.rate)
    rows = [*(with_study(rows, info) if info else rows), random_row(side, chosen.rate)]
    found = differences(side.names, image_pairs(side, chosen.rate), info, [one.id for one in side.contestants])
    items = image_items(side, chosen.rate, study)
    return packed(
        {
            "report.html": to_html(image_report(side, data, chosen, study, progress)).encode(),
            "figures.csv": figures_csv(rows, TITLES),
            "differences.csv": differences_csv(found),
            "images.csv": _csv(items),
            "images.parquet": _parquet(items),
        }
    )


def series_zip(
    side: SeriesSideBySide, data: SeriesSet, chosen: SeriesChosen, study: StoredComparison | None = None
) -> bytes:
    """``report.html``, ``figures.csv``, ``differences.csv``, ``moments.csv`` and ``steps.parquet``; with a study
    ``limits.csv`` too: what every limit finds and what it calls people out for."""
    rate, mode = chosen.rate, chosen.mode
    info, pairs = study.info if study else None, series_pairs(side, mode, rate)
    rows = series_rows(side, mode, rate)
    rows = [*(with_study(rows, info, mode) if info else rows), *baseline_rows(side, rate)]
    found = differences(side.names, pairs, info, [one.id for one in side.contestants])
    files = {
        "report.html": to_html(series_report(side, data, chosen, study)).encode(),
        "figures.csv": figures_csv(rows, SERIES_TITLES),
        "differences.csv": differences_csv(found),
        "moments.csv": _moments_csv(side, mode, rate),
        "steps.parquet": _parquet(series_steps(side)),
    }
    return packed(files | ({"limits.csv": _csv(study.limits())} if study else {}))


def series_steps(side: SeriesSideBySide) -> pd.DataFrame:
    """A row per counted step: recording, step, time, label (None where nobody said), and the surprises of each
    contestant."""
    import pandas as pd

    sizes = [unit.stop - unit.start for unit in side.units]
    frame = pd.DataFrame(
        {
            "unit": pd.Categorical.from_codes(
                np.repeat(np.arange(len(sizes)), sizes), [unit.name for unit in side.units]
            ),
            "step": np.concatenate([np.arange(size) for size in sizes]),
            "time": side.time,
            "anomalous": pd.array(side.anomalous, "boolean"),
        }
    )
    frame.loc[~side.known, "anomalous"] = None
    for mode, surprise in side.surprise.items():
        for name, own in zip(side.names, surprise, strict=True):
            frame[f"surprise ({mode}): {name}"] = own
    return frame


def _moments_csv(side: SeriesSideBySide, mode: Mode, rate: float) -> bytes:
    columns = ["unit", "machine", "start", "stop", "peak", "spread", "anomalous"]
    columns += [f"{what}: {name}" for name in side.names for what in ("surprise", "alarm")]
    rows = [
        [one.unit, one.machine, one.start, one.stop, one.peak, one.spread, one.anomalous]
        + [cell for pair in zip(one.surprise, one.alarmed, strict=True) for cell in pair]
        for one in moments(side, mode, rate, top=None)
    ]
    return to_csv(columns, rows)


def image_items(side: SideBySide, rate: float, study: StoredComparison | None = None) -> pd.DataFrame:
    """A row per counted image: what it is, and of each contestant the score, the p-value and the verdict."""
    import pandas as pd

    flagged = side.flagged(rate)
    frame = pd.DataFrame(
        {"item": side.items, "category": side.categories, "label": side.labels, "defect": side.defects}
    )
    for place, name in enumerate(side.names):
        frame[f"score: {name}"] = side.scores[place]
        frame[f"p: {name}"] = side.p_values[place]
        frame[f"bad: {name}"] = flagged[place]
    if study:
        items = study.items().set_index("item").reindex(side.items)
        frame["mask_share"] = items["mask_share"].to_numpy()
        for one in side.contestants:
            frame[f"aupimo: {one.name}"] = items[f"aupimo.{one.id}"].to_numpy()
    return frame


def packed(files: Mapping[str, bytes]) -> bytes:
    """The files as a zip."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, DATE), content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def _csv(frame: pd.DataFrame) -> bytes:
    known = frame.astype(object).where(frame.notna(), None)
    return to_csv(list(frame.columns), known.itertuples(index=False, name=None))


def _parquet(frame: pd.DataFrame) -> bytes:
    buffer = io.BytesIO()
    frame.to_parquet(buffer, index=False)
    return buffer.getvalue()
