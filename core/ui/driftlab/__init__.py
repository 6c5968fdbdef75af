"""The Drift lab: a drift dialled in by hand on what a trained detector judges."""
