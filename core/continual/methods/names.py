"""The names of all methods, and what to say of one that is unknown. Imports nothing, so that configurations can."""

from __future__ import annotations

from difflib import get_close_matches

from core.errors import UserError

LOOP = (
    "finetune", "joint", "er", "derpp", "mir", "gdumb", "memory-evolution", "dcmt-like", "scmt-like", "er-utility",
    "dynamad",
)  # fmt: skip
ABLATIONS = (
    "dynamad-no-transform", "dynamad-no-tail", "dynamad-no-drift", "dynamad-uniform", "dynamad-diffusion-only",
    "dynamad-published",
)  # fmt: skip
TRAINED = (*LOOP, *ABLATIONS)  # settings of the one loop: a network that learns by gradient descent
BANKS = ("patchcore-coreset", "patchcore-per-task", "patchcore-joint")
REFERENCES = ("spade", "usad")
NAMES = (*TRAINED, *BANKS, *REFERENCES)


def known(name: str) -> str:
    """``name`` where it is that of a method. UserError otherwise, with the nearest one."""
    if name not in NAMES:
        near = get_close_matches(name, NAMES, 1)
        remedy = f"Perhaps «{near[0]}» is meant" if near else "Methods are: " + ", ".join(NAMES)
        raise UserError(f"There is no continual method «{name}»", "methods", remedy)
    return name
