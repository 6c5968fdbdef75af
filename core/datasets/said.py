"""What people said by hand of a dataset's images, and the dataset as they see it.

The dataset's own label stands; a person's judgement counts where the dataset has none, and what a person took out plays
no part. The dataset itself, and its identity, stay as they were read.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal

from core.datasets.types import ImageSet, Label

Judgement = Literal["good", "bad", "unsure"]


@dataclass(frozen=True)
class Said:
    """``labels`` by image name; names of images that are ``excluded``."""

    labels: Mapping[str, Judgement] = field(default_factory=dict)
    excluded: frozenset[str] = frozenset()

    @cached_property
    def id(self) -> str:
        """16 hex digits that change with anything that was said; empty where nothing was."""
        if not self.labels and not self.excluded:
            return ""
        text = json.dumps([sorted(self.labels.items()), sorted(self.excluded)], ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def truth(self, name: str, label: str | None) -> Label | None:
        """Whether an image that the dataset gives ``label`` is good; None where nobody knows, or it was taken out."""
        if name in self.excluded:
            return None
        found = label or self.labels.get(name)
        return "good" if found == "good" else "bad" if found == "bad" else None

    def bearing_on(self, data: ImageSet) -> Said:
        """What of it changes what is known of the images that runs score, which are the test images where there are
        any: labels where the dataset has none, and what was taken out of these images."""
        scored = {item.name: item.label for item in (data.test().items or data.items)}
        labels = {
            name: label
            for name, label in self.labels.items()
            if label != "unsure" and name in scored and scored[name] is None
        }
        return Said(labels, self.excluded & scored.keys())

    def seen(self, data: ImageSet) -> ImageSet:
        """``data`` with these labels and without what was taken out."""
        return replace(
            data,
            items=tuple(
                replace(item, label=self.truth(item.name, item.label))
                for item in data.items
                if item.name not in self.excluded
            ),
        )


NOTHING = Said()
