"""Latent space: what has the VAE learned to draw?"""

from __future__ import annotations

from core.ui.latent import page

page.show()
