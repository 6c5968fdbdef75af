"""The methods that can be compared, by name. Free of torch.

What is called «-like» has no public code, and a paper of which the abstract alone could be read: it is specified here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from core.continual.methods.names import known
from core.continual.methods.options import Learner, complete

VALUE: Mapping[str, Any] = {
    "retention": "utility", "utility": "value", "normal_quota": 0.3, "concept_quota": 0.1,
}  # fmt: skip


@dataclass(frozen=True)
class Method:
    """One row of a comparison. ``kind``: ``loop`` methods are settings of the one loop; ``bank`` and ``reference``
    learn from normals alone and have classes of their own."""

    name: str
    title: str
    summary: str
    paper: str
    kind: Literal["loop", "bank", "reference"] = "loop"
    settings: Mapping[str, Any] = field(default_factory=dict)

    def options(self, overrides: Mapping[str, Any]) -> Learner:
        """The method's own settings over those shared by a comparison; UserError for unknown keys."""
        return complete({**overrides, **self.settings})


DYNAMAD: Mapping[str, Any] = {
    **VALUE, "transform": "dynamics", "short_share": 0.1, "tail_weight": 0.18, "divergence_weight": 0.42,
}  # fmt: skip
ABLATIONS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "dynamad-no-transform": ("without transformation", {"transform": "none", "divergence_weight": 0.0}),
    "dynamad-no-tail": ("without the tail of critical losses", {"tail_weight": 0.0}),
    "dynamad-no-drift": ("with a diffusion that no drift changes", {"kappa": 0.0}),
    "dynamad-uniform": (
        "with a uniform memory and one horizon",
        {"utility": "constant", "retention": "uniform", "normal_quota": 0.0, "concept_quota": 0.0},
    ),
    "dynamad-diffusion-only": ("with the diffusion as published", {"adaptive": "diffusion_only"}),
    "dynamad-published": (
        "with the diffusion and the constants of the published code",
        {"adaptive": "diffusion_only", "rarity_weight": 2.8, "severity_weight": 1.6, "gradient_weight": 0.9},
    ),
}


METHODS: Mapping[str, Method] = {
    method.name: method
    for method in (
        Method(
            "finetune", "Fine-tuning", "Learns from the stream alone: the lower end.", "",
            settings={"rehearsal": "none"},
        ),
        Method(
            "joint", "Joint", "Replays from everything seen, without a budget: the upper end for AUROC.", "",
            settings={"rehearsal": "everything"},
        ),
        Method("er", "ER", "Replays a uniform sample of the past.", "Chaudhry et al., 2019, arXiv:1902.10486"),
        Method(
            "derpp", "DER++", "ER that also matches the outputs remembered with each sample.",
            "Buzzega et al., NeurIPS 2020, arXiv:2004.07211", settings={"logit_weight": 0.3, "label_weight": 0.5},
        ),
        Method(
            "mir", "MIR", "ER that replays what the next step would harm most.",
            "Aljundi et al., NeurIPS 2019, arXiv:1908.04742", settings={"selection": "interference"},
        ),
        Method(
            "gdumb", "GDumb", "Keeps a balanced memory and learns from it alone, from scratch, when a task ends.",
            "Prabhu et al., ECCV 2020", settings={"rehearsal": "scratch", "retention": "balanced"},
        ),
        Method(
            "memory-evolution", "Memory evolution", "ER with a second, harder copy of what is replayed, by Langevin "
            "steps.",
            "Wang et al., ICML 2022, arXiv:2207.07256",
            settings={"transform": "sgld", "raw_too": True, "evolved_weight": 0.02},
        ),
        Method(
            "dcmt-like", "DCMT-like", "ER whose memories follow an ordinary differential equation towards hardness.",
            "after Wang et al., ICLR 2023 submission (abstract)",
            settings={"transform": "dynamics", "sigma": 0.0, "kappa": 0.0},
        ),
        Method(
            "scmt-like", "SCMT-like", "The same with noise: a stochastic differential equation, one horizon for all.",
            "after Wang et al., ICLR 2023 submission (abstract)", settings={"transform": "dynamics", "kappa": 0.0},
        ),
        Method(
            "er-utility", "ER + utility", "ER that keeps what is rare, severe and informative: the decisive ablation.",
            "", settings=VALUE,
        ),
        Method(
            "dynamad", "DynaMAD", "Value decides what is kept and how far it is transformed; drift, how noisily; the "
            "tail of critical losses is learned.", "after the README of SaeedIqbal/DynaMAD, re-derived",
            settings=DYNAMAD,
        ),
        *(
            Method(name, f"DynaMAD {title}", "An ablation of DynaMAD.", "", settings={**DYNAMAD, **changes})
            for name, (title, changes) in ABLATIONS.items()
        ),
        Method(
            "patchcore-coreset", "Continual PatchCore", "One memory bank of a fixed size for all tasks, by incremental "
            "k-centre selection.", "Roth et al., CVPR 2022; after PatchCoreCL, arXiv:2508.18013", kind="bank",
        ),
        Method(
            "patchcore-per-task", "PatchCore, a bank per task", "The same budget split among the tasks.",
            "after PatchCoreCL, arXiv:2508.18013", kind="bank",
        ),
        Method(
            "patchcore-joint", "PatchCore, joint", "A bank of the same size chosen from all tasks at once.",
            "Roth et al., CVPR 2022", kind="bank",
        ),
        Method("spade", "SPADE", "Distance to the nearest remembered normals, learned without labels.",
               "Cohen & Hoshen, 2020, arXiv:2005.02357", kind="reference"),
        Method("usad", "USAD", "Adversarial autoencoders, learned without labels.",
               "Audibert et al., KDD 2020", kind="reference"),
    )
}  # fmt: skip


def method(name: str) -> Method:
    """The method called ``name``. UserError where there is none."""
    return METHODS[known(name)]
