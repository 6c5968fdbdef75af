"""Whether the machine still is the one that was learned: detectors of drift, and a monitor of a machine."""

RECENT_FORMAT = "recent"  # of recordings that were taken from a feed to retrain on
