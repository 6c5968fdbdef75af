"""Continual detection under drift: streams of tasks, memory, strategies, modality dynamics, policy, metrics."""
