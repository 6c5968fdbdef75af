"""Isolation forest."""
