"""PCA with Hotelling's T2 and the residual Q."""
