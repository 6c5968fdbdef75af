"""Whether a distilled backbone is better than the bundled one: PatchCore on the same splits, and a rule."""
