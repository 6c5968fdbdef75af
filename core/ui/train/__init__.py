"""The Train page in pieces: what there is to learn from, the detectors, the request, what became of it."""
