"""k-means on windows."""
