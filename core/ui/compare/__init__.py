"""The Compare page: which detector should we trust? Runs side by side, tested in pairs, and where they disagree."""
