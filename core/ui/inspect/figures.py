"""How good the detector is on this dataset: figures with intervals beside what guessing gets, by class and by size."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from core.charts.counts import recall_bars
from core.charts.curves import pr_figure, roc_figure
from core.datasets.wording import percent, verb
from core.metrics.ranking import confusion, curve
from core.ui import blocks, words
from core.ui.inspect.scored import Scored
from core.ui.verdicts import Limits

METRICS = {  # name in the evaluation: what a person reads, what it means
    "image_auroc": ("Image AUROC", "chance that a bad part scores above a good one"),
    "image_auprc": ("Image AUPRC", "precision, averaged over recall"),
    "image_f1": ("F1 at the promised limit", "precision and recall at the model's own limit"),
    "image_f1_max": ("F1-max (oracle)", "best F1 of any limit, chosen on these very images"),
    "recall": ("Recall at the promised limit", "share of bad parts that were found"),
    "false_alarm_rate": ("False-alarm rate", "share of good parts above the promised limit"),
    "pixel_auroc": ("Pixel AUROC", "chance that a defective pixel scores above a good one"),
    "aupro": ("AUPRO at 0.3", "overlap with defects, up to 30\u00a0% of good pixels flagged"),
}


def show(scored: Scored, known: pd.DataFrame, now: Limits) -> None:
    """``known`` are the parts that the model has not learned from; ``now`` the limits that the curves mark."""
    metrics = scored.metrics
    by_hand = int((known["label"].fillna("") != known["truth"].fillna("")).sum())
    if by_hand:
        st.warning(
            f"{words.count(by_hand, 'part')} {verb(by_hand, 'counts', 'count')} otherwise by what people said by hand "
            "(labels where the dataset has none, parts taken out). What is below was measured before and goes by the "
            "dataset alone; the counts above and the Compare page go by both.",
            icon=":material/edit_note:",
        )
    if metrics is None or not metrics["n_images"]:
        st.info(
            "The dataset has no labels of these images, so there is nothing to measure against.",
            icon=":material/label_off:",
        )
        return
    _table(metrics)
    labelled = known[known["label"].notna() & (known["split"] == "test")]
    if metrics["image_auroc"] is None:
        st.caption("ROC and precision-recall need good and bad parts among the test images.")
    else:
        _curves(metrics, labelled, now)
    left, right = st.columns(2, gap="large")
    with left:
        _classes(metrics["per_class"])
    with right:
        _sizes(metrics["per_size"])
    _categories(metrics["per_category"])


def _table(metrics: Mapping[str, Any]) -> None:
    blocks.headed(
        "Figures",
        "The detector's figures on the labelled test images, with 95\u00a0% intervals, beside what guessing would get.",
        "An interval says how far the figure could be off with another set of as many images. It comes from resampled "
        "images; for the AUROC, Compare has DeLong's, which differs a little.",
        "They hold at the model's own promised limit; moving the limits on this page does not change them.",
    )
    rate = metrics["promised_rate"]  # a guess that flags this share of parts finds as many of the bad ones
    random = metrics["baselines"]["random"] | {"recall": rate, "false_alarm_rate": rate}
    rows = [
        {
            "Figure": title,
            "Value": metrics[name],
            "95 % interval": _interval(metrics["ci95"].get(name)),
            "Guessing": random.get(name),
            "What it is": meaning,
        }
        for name, (title, meaning) in METRICS.items()
        if metrics[name] is not None
    ]
    number = st.column_config.NumberColumn(format="%.3f")
    st.dataframe(
        pd.DataFrame(rows), hide_index=True, column_config={"Value": number, "Guessing": number}, height="content",
        alt="Figures of the detector with 95\u00a0% intervals and what guessing gets",
    )  # fmt: skip
    st.caption(f"Protocol: {words.plain(metrics['protocol'])}")


def _interval(found: list[float] | None) -> str:
    return f"{found[0]:.3f} to {found[1]:.3f}" if found else ""


def _curves(metrics: Mapping[str, Any], labelled: pd.DataFrame, now: Limits) -> None:
    scores, bad = labelled["score"].to_numpy(), (labelled["label"] == "bad").to_numpy()
    operating, intervals = confusion(scores, bad, now.review), metrics["ci95"]
    left, right = st.columns(2, gap="large")
    with left:
        blocks.headed("ROC", "Recall against the false-alarm rate, for every possible limit.",
                "Up and to the left is better. The diamond is the review limit set now.",
                "With few good parts the left edge is rough.")  # fmt: skip
        found = curve(scores, bad, "roc")
        if found:
            figure = roc_figure(
                found, metrics["image_auroc"], interval=intervals.get("image_auroc"), operating=operating
            )
            blocks.plot(figure, key="roc", alt=f"ROC curve, AUROC {metrics['image_auroc']:.3f}")
    with right:
        blocks.headed("Precision and recall", "How many alarms are right, against how many bad parts are found.",
                "Up and to the right is better. The diamond is the review limit set now.",
                "Precision depends on how many of the test parts are bad: on a line it is lower.")  # fmt: skip
        found = curve(scores, bad, "pr")
        if found:
            figure = pr_figure(
                found, metrics["image_auprc"], interval=intervals.get("image_auprc"), operating=operating
            )
            blocks.plot(figure, key="pr", alt=f"Precision-recall curve, AUPRC {metrics['image_auprc']:.3f}")


def _classes(per_class: Mapping[str, Any]) -> None:
    if not per_class:
        return
    blocks.headed(
        "By defect class",
        "Share of each class's parts above the promised limit, with a 95\u00a0% interval.",
        "The worst class is on top: that is where to look first.",
        "A class of few parts has a wide interval.",
    )
    blocks.plot(recall_bars(per_class), key="classes", alt=_bars_words("class", per_class))


def _sizes(per_size: list[dict[str, Any]]) -> None:
    found = {f"{percent(size['low'])} to {percent(size['high'])} of the image": size for size in per_size if size["n"]}
    if not found:
        st.caption("Recall by defect size needs masks.")
        return
    blocks.headed(
        "By defect size",
        "Share of parts found, by how much of the image the defect covers.",
        "From small to large; small defects are usually the hardest.",
        "The size is the mask's, all of its regions together.",
    )
    blocks.plot(recall_bars(found, worst_first=False), key="sizes", alt=_bars_words("defect size", found))


def _bars_words(what: str, found: Mapping[str, Any]) -> str:
    return f"Recall by {what}: " + ", ".join(f"{name} {percent(entry['recall'], 0)}" for name, entry in found.items())


def _categories(per_category: Mapping[str, Any]) -> None:
    if not per_category:
        return
    st.subheader("By category", anchor=False)
    names = ("image_auroc", "image_f1", "recall", "false_alarm_rate", "pixel_auroc", "aupro")
    rows = [
        {"Category": category, "Images": found["n_images"]} | {METRICS[name][0]: found[name] for name in names}
        for category, found in per_category.items()
    ]
    number = st.column_config.NumberColumn(format="%.3f")
    st.dataframe(
        pd.DataFrame(rows), hide_index=True, height="content", alt="Figures by category",
        column_config={METRICS[name][0]: number for name in names},
    )  # fmt: skip
