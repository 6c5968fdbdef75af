"""Rust: the part, its rusted area, its grade, how it grows and when it reaches a limit. See README.md."""
