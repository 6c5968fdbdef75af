"""Measures of rust, side by side: one file each, listed in ``registry``. See core/severity/README.md."""
