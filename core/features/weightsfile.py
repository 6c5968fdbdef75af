"""Who may read a file of weights."""

from __future__ import annotations

import secrets
from pathlib import Path


def as_other_files(path: Path) -> None:
    """Give a file that was just written the mode that new files get in its folder (0666 less the umask): safetensors
    leaves its own to their owner alone, and whoever shares the workspace could not read them."""
    fresh = path.with_name(f".{secrets.token_hex(6)}")
    fresh.touch(exist_ok=False)
    try:
        path.chmod(fresh.stat().st_mode & 0o777)
    finally:
        fresh.unlink()
