"""What vibration and sound look like to an engineer, and the frames of features that detectors see of them."""
