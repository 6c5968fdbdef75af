"""The Continual page: comparisons of learners on a stream that drifts."""
