"""Which sensor, which moment, which latent number: causes of a score, and how far they can be trusted."""
