"""Settings come from the environment, and a wrong one is told in a sentence."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.errors import UserError
from core.settings import settings


@pytest.fixture(autouse=True)
def unread() -> Iterator[None]:
    settings.cache_clear()
    yield
    settings.cache_clear()


@pytest.mark.parametrize(
    ("text", "roots"),
    [
        ("/data", ["/data"]),
        (os.pathsep.join(["/data", "/more parts"]), ["/data", "/more parts"]),
        ('["/data", "/a:b"]', ["/data", "/a:b"]),
        ("", []),
    ],
)
def test_allowed_roots(monkeypatch: pytest.MonkeyPatch, text: str, roots: list[str]) -> None:
    monkeypatch.setenv("FAULTLINE_ALLOWED_ROOTS", text)
    assert settings().allowed_roots == [Path(root) for root in roots]


@pytest.mark.parametrize(
    ("name", "text"),
    [("MAX_JOBS", "0"), ("MAX_JOBS", "two"), ("ALLOWED_ROOTS", "[/data"), ("ALLOWED_ROOTS", "[1]")],
)
def test_a_wrong_setting_is_one_sentence(monkeypatch: pytest.MonkeyPatch, name: str, text: str) -> None:
    monkeypatch.setenv(f"FAULTLINE_{name}", text)
    with pytest.raises(UserError, match=f"FAULTLINE_{name} is not valid") as caught:
        settings()
    assert "\n" not in str(caught.value)
