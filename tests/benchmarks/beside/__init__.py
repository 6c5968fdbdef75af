"""Faultline beside other libraries, in one run: ``make bench``."""
