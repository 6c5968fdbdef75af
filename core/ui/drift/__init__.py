"""Drift and retraining on a page: what moved, since when, which candidates were tried, and the way back."""
