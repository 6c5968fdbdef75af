"""Training compact backbones: a small network learns to give the features of a large one (Hinton et al., 2015,
arXiv:1503.02531; of features: Romero et al., ICLR 2015, arXiv:1412.6550)."""
