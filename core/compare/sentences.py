"""What a comparison found, as sentences for a page and a report; nothing here decides anything."""

from __future__ import annotations

from collections.abc import Mapping

from core.compare.pairs import SURE, Pair
from core.compare.sidebyside import SideBySide
from core.store.comparison import Compared

FIGURES = {
    "image_auroc": "image AUROC",
    "image_auprc": "image AUPRC",
    "recall": "recall at its limit",
    "false_alarm_rate": "false alarms at its limit",
    "aupimo": "AUPIMO",
}
LOWER_IS_BETTER = frozenset({"false_alarm_rate"})


def p_words(p: float) -> str:
    """«p = 0.003», «p < 0.001»."""
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}" if p < 0.0995 else f"p = {p:.2f}"


def per_defect(found: Compared, names: Mapping[str, str]) -> str:
    """Who finds more of each defect within its mask: «B beats A on 71 % of 388 defects (A on 20 %, 9 % alike),
    p = 0.003»; ``names`` by model id. Only a difference that chance hardly explains is said as one."""
    if not found.n or found.wins is None or found.losses is None or found.ties is None:
        raise ValueError("a comparison item by item has counts")
    ahead = found.wins >= found.losses
    first, second = (names[one] for one in (found.first, found.second))
    winner, loser = (first, second) if ahead else (second, first)
    most, least = max(found.wins, found.losses), min(found.wins, found.losses)
    shares = f"{winner} on {most / found.n:.0%} of {found.n} defects, {loser} on {least / found.n:.0%}"
    alike = f", alike on {found.ties / found.n:.0%}" if found.ties else ""
    if found.p_holm is None:
        return f"{found.n} defects are too few to tell {first} and {second} apart: {shares}{alike}"
    if found.p_holm >= SURE:
        return f"No difference between {first} and {second} that {found.n} defects could show: {shares}{alike}, {p_words(found.p_holm)}"
    # Signed ranks weigh how far two detectors lie apart: the one that wins more often need not be the better one.
    if (found.value > 0) != ahead:
        return f"{first} and {second} differ in kind: {shares}{alike}, but by less on average, {p_words(found.p_holm)}"
    rest = (
        f"({loser} on {least / found.n:.0%}{', alike on ' + format(found.ties / found.n, '.0%') if found.ties else ''})"
    )
    return f"{winner} beats {loser} on {most / found.n:.0%} of {found.n} defects {rest}, {p_words(found.p_holm)}"


def difference(found: Compared, figure: str, names: Mapping[str, str], n: int) -> str:
    """One figure of two models in words, with the interval; ``n`` images were counted."""
    first, second = (names[one] for one in (found.first, found.second))
    low, high = found.ci95
    span = f"{found.value:+.3f} (95 %: {low:+.3f} to {high:+.3f})"
    if found.p_holm is None or found.p_holm >= SURE:
        p = "" if found.p_holm is None else f", {p_words(found.p_holm)}"
        return f"No difference in {FIGURES[figure]} between {first} and {second} that {n} images could show: {span}{p}"
    better = (found.value > 0) != (figure in LOWER_IS_BETTER)
    words = "better" if better else "worse"
    return f"{first} is {words} than {second} in {FIGURES[figure]}: {span}, {p_words(found.p_holm)}"


def verdicts(pair: Pair, side: SideBySide) -> str:
    """Whose verdicts are right more often, by McNemar's test."""
    names = side.names
    first, second = names[pair.first], names[pair.second]
    ours, theirs = sum(pair.only_first.values()), sum(pair.only_second.values())
    counts = f"{ours} parts judged rightly by {first} alone, {theirs} by {second} alone"
    test = pair.tests.get("verdicts")
    if test is None:
        return "Without labels nobody knows whose verdicts are right"
    if not test.differs:
        return f"No difference between the verdicts of {first} and {second} that {side.n_good + side.n_bad} images could show: {counts}, {p_words(test.p_holm)}"
    winner = first if ours > theirs else second
    return f"The verdicts of {winner} are right more often: {counts}, {p_words(test.p_holm)}"


def protocol(side: SideBySide, rate: float) -> str:
    """What is counted, what was left out, and where the limits come from."""
    counted = f"Counted are {len(side)} images that every model scored and none learned from"
    if side.unlabelled < len(side):
        counted += f": {side.n_good} good, {side.n_bad} anomalous"
        counted += f", {side.unlabelled} without a label (for agreement only)" if side.unlabelled else ""
    else:
        counted += "; none of them is labelled, so only agreement can be told"
    left = "".join(f"; left out: {one.n} ({one.reason})" for one in side.left_out)
    return (
        f"{counted}{left}. Each model's limit comes from its own held-out good images and promises at most {rate:.1%} "
        "false alarms; no test image chooses a limit. F1-max and the cheapest limit on a cost curve are hindsight, "
        "chosen on these very images. Tests are two-sided and corrected over all pairs (Holm)."
    )
