"""Colours of every figure: Okabe and Ito's colour-blind-safe set (Color Universal Design, 2008).

Vermillion means "anomalous" and nothing else; it never stands alone, but with a dash, a hatching, a marker or a word.
"""

from __future__ import annotations

ANOMALOUS = "#D55E00"  # vermillion
GOOD = "#0072B2"  # blue
NEUTRAL = "#8A949C"  # grey: no label, limits, chance lines
CATEGORICAL = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#8C6D31", "#F0E442")

LABEL_COLOURS = {"good": GOOD, "bad": ANOMALOUS, None: NEUTRAL}
LABEL_NAMES = {"good": "good", "bad": "anomalous", None: "no label"}
LABEL_HATCHINGS = {"good": "", "bad": "/", None: "."}
LABEL_MARKERS = {"good": "circle-open", "bad": "x", None: "diamond-open"}
LABEL_ORDER = ("good", None, "bad")  # what must be seen is drawn last

VERDICT_COLOURS = {"accept": "#009E73", "review": "#E69F00", "reject": ANOMALOUS}


def faint(colour: str, alpha: float) -> str:
    """``#RRGGBB`` with an opacity, as CSS."""
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{alpha:g})"
