"""What all detectors over time share: the contract, scaling, calibration, training and the trained model."""
