"""How what is remembered of each modality may be moved: one small stochastic process a modality."""
