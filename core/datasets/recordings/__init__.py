"""Readers of recordings: one file per format, found by ``registry.recognise``."""
