"""The latent space of a VAE to look at: parts that it can draw, and what lies between two photographs."""
