"""Whether the machine still is the one that was learned: detectors of drift, and a monitor of a machine."""
