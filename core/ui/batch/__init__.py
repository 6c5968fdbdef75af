"""The page «Check new parts» in pieces: bring parts in, see the verdicts, take them along."""
