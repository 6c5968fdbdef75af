"""Metrics over time: one score per step, labels as stretches. Arrays in, numbers out.

Everywhere ``scores`` is (n,) finite, higher more anomalous; ``labels`` and ``flagged`` are (n,) bool; a stretch is a
row (start, stop) of an integer array, steps start to stop - 1. A figure that needs an event, or a normal step, is None
where there is none.
"""
