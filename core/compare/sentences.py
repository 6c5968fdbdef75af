"""What a comparison found, as sentences for a page and a report; nothing here decides anything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from core.compare.figures import Row
from core.compare.pairs import SURE, Pair
from core.compare.seriesbyside import SeriesSideBySide
from core.compare.sidebyside import SideBySide
from core.datasets.wording import percent
from core.store.comparison import Compared

FIGURES = {
    "image_auroc": "image AUROC",
    "image_auprc": "image AUPRC",
    "recall": "recall at its limit",
    "false_alarm_rate": "false alarms at its limit",
    "aupimo": "AUPIMO",
    "vus_pr": "VUS-PR",
    "vus_roc": "VUS-ROC",
    "auc_pr": "AUC-PR",
    "auc_roc": "AUC-ROC",
}
LOWER_IS_BETTER = frozenset({"false_alarm_rate"})


def p_words(p: float) -> str:
    """«p = 0.003», «p < 0.001»."""
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}" if p < 0.0995 else f"p = {p:.2f}"


def per_defect(found: Compared, names: Mapping[str, str]) -> str:
    """Who finds more of each defect within its mask: «B beats A on 71 % of 388 defects (A on 20 %, alike on 9 %),
    p = 0.003»; ``names`` by model id. Only a difference that chance hardly explains is said as one."""
    if not found.n or found.wins is None or found.losses is None:
        raise ValueError("a comparison item by item has counts")
    first, second = names[found.first], names[found.second]
    ahead = found.wins >= found.losses
    winner, loser = (first, second) if ahead else (second, first)
    most, least = max(found.wins, found.losses) / found.n, min(found.wins, found.losses) / found.n
    alike = f", alike on {percent(found.ties / found.n, 0)}" if found.ties else ""
    shares = f"{winner} is ahead on {percent(most, 0)} of {found.n} defects, {loser} on {percent(least, 0)}{alike}"
    if found.p_holm is None:
        return f"{found.n} defects are too few to tell {first} and {second} apart by AUPIMO: {shares}"
    p = p_words(found.p_holm)
    if found.p_holm >= SURE:
        return f"No difference between {first} and {second} that {found.n} defects could show by AUPIMO: {shares}, {p}"
    # Signed ranks weigh how far two detectors lie apart: the one that wins more often need not be the better one.
    if (found.value > 0) != ahead:
        return f"{first} and {second} differ by AUPIMO, neither throughout: {shares}, yet behind on average, {p}"
    return (
        f"{winner} beats {loser} on {percent(most, 0)} of {found.n} defects by AUPIMO "
        f"({loser} on {percent(least, 0)}{alike}), {p}"
    )


def difference(found: Compared, figure: str, names: Mapping[str, str], counted: str) -> str:
    """One figure of two models in words, with the interval. ``figure`` is one of ``FIGURES``, with or without a mode
    before it; ``counted`` says over what, such as «583 images»."""
    mode, _, name = figure.rpartition(".")
    title = FIGURES[name] + (f" ({mode})" if mode else "")
    first, second = names[found.first], names[found.second]
    span = f"{found.value:+.3f}"
    if found.ci95 is not None:
        span += f" (95\u00a0%: {found.ci95[0]:+.3f} to {found.ci95[1]:+.3f})"
    p = "" if found.p_holm is None else f", {p_words(found.p_holm)}"
    if found.p_holm is None or found.p_holm >= SURE:
        return f"No difference in {title} between {first} and {second} that {counted} could show: {span}{p}"
    word = "better" if (found.value > 0) != (name in LOWER_IS_BETTER) else "worse"
    return f"{first} is {word} than {second} in {title}: {span}{p}"


def leader(rows: Sequence[Row], pairs: Sequence[Pair], counted: str) -> str:
    """Who ranks best, and who cannot be told apart from it. ``rows`` and ``pairs`` are those of ``image_rows`` and
    ``image_pairs``, with truth."""
    best = max(range(len(rows)), key=lambda index: rows[index].figures["image_auroc"] or 0.0)
    low, high = rows[best].ci95["image_auroc"]
    alike = [
        rows[pair.first if pair.second == best else pair.second].name
        for pair in pairs
        if best in (pair.first, pair.second) and not pair.tests["auroc"].differs
    ]
    value = f"{rows[best].figures['image_auroc']:.3f} (95\u00a0%: {low:.3f} to {high:.3f})"
    told = f"Highest image AUROC: {rows[best].name}, {value}"
    if not alike:
        return f"{told}; {counted} tell it apart from every other"
    return f"{told}; {counted} do not tell it apart from {' and '.join(alike)}"


def auroc(pair: Pair, names: tuple[str, ...], counted: str) -> str:
    """The AUROCs of two models in words, by DeLong's test. The pair must have one."""
    if pair.auroc is None or pair.auroc_ci95 is None:
        raise ValueError("this pair has no AUROCs to tell of")
    first, second, test = str(pair.first), str(pair.second), pair.tests["auroc"]
    found = Compared(first=first, second=second, value=pair.auroc, ci95=pair.auroc_ci95, p=test.p, p_holm=test.p_holm)
    return difference(found, "image_auroc", {first: names[pair.first], second: names[pair.second]}, counted)


def verdicts(pair: Pair, names: tuple[str, ...]) -> str:
    """Whose verdicts on parts are right more often, or who finds more events, by McNemar's exact test."""
    first, second = names[pair.first], names[pair.second]
    ours, theirs = sum(pair.only_first.values()), sum(pair.only_second.values())
    events = "events" in pair.tests
    test = pair.tests.get("events") or pair.tests.get("verdicts")
    if test is None:
        return "Without labels nobody knows who is right"
    what = "events found" if events else "parts judged rightly"
    counts = f"{what} by {first} alone: {ours}, by {second} alone: {theirs}"
    if not test.differs:
        told = "events that" if events else "verdicts of"
        told = f"No difference between the {told} {first} and {second}" + (" find" if events else "")
        return f"{told} that these labels could show: {counts}, {p_words(test.p_holm)}"
    winner = first if ours > theirs else second
    done = f"{winner} finds more events" if events else f"The verdicts of {winner} are right more often"
    return f"{done}: {counts}, {p_words(test.p_holm)}"


def broken_promises(rows: Sequence[Row], rate: float) -> list[str]:
    """Who raises more false alarms than promised: beyond what chance explains for images, more than twice as many for
    recordings, whose steps hang together. Whoever alarms at everything finds everything."""
    found = []
    for row in rows:
        alarms, promised = row.figures.get("false_alarm_rate"), row.figures.get("promised_rate") or rate
        if alarms is not None and row.ci95["false_alarm_rate"][0] > promised:
            found.append(
                f"{row.name} calls {percent(alarms, 1)} of the good parts bad, {percent(promised, 1)} were promised"
            )
        steps = row.figures.get("far")
        if steps is not None and steps > 2 * rate:
            found.append(
                f"{row.name} alarms at {percent(steps, 2)} of the normal steps, {percent(rate, 2)} were promised"
            )
    return found


def protocol(side: SideBySide, rate: float) -> str:
    """What is counted, what was left out, and where the limits come from."""
    counted = f"Counted are {len(side)} images that every model scored and none learned from"
    if side.unlabelled < len(side):
        counted += f": {side.n_good} good, {side.n_bad} anomalous"
        counted += f", {side.unlabelled} without a label (for agreement only)" if side.unlabelled else ""
        counted += f"; {side.by_hand} of the labels were given by hand" if side.by_hand else ""
    else:
        counted += "; none of them is labelled, so only agreement can be told"
    known = [(one.name, one.calibration) for one in side.contestants if one.calibration is not None]
    inexact = {
        "cross-fitted": [name for name, own in known if own.scheme != "held-out"],
        "calibrated by category": [name for name, own in known if own.categories is not None],
    }
    told = "; ".join(f"{how}: {', '.join(names)}" for how, names in inexact.items() if names)
    about = f" (only about that where it was {told})" if told else ""
    return (
        f"{counted}{_left_out(side)}. Each model's limit comes from its own held-out good images and promises at most "
        f"{percent(rate, 1)} false alarms{about}, or the lowest rate that these can promise; no test image chooses a "
        "limit. "
        "F1-max and the cheapest limit on a cost curve are hindsight, chosen on these very images. Tests are two-sided "
        "and corrected over all pairs (Holm)."
    )


def series_protocol(side: SeriesSideBySide, rate: float) -> str:
    """The same for recordings."""
    labelled = sum(unit.labelled for unit in side.units)
    truth = f"{labelled} labelled, {len(side.events)} anomalies" if labelled else "no labels: agreement only"
    return (
        f"Counted are {len(side.units)} recordings ({len(side):,} steps) that every model scored step for step "
        f"and none learned from ({truth}){_left_out(side)}. Each model's limit comes from its own held-out normal "
        f"steps and promises {percent(rate)} false alarms; no test label chooses a limit. Figures are per machine, "
        "then averaged; their differences come from the same resampled blocks of steps for all models. Tests are "
        "two-sided and corrected over all pairs (Holm)."
    )


def _left_out(side: SideBySide | SeriesSideBySide) -> str:
    return "".join(f"; left out: {one.n} ({one.reason})" for one in side.left_out)
