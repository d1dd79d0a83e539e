"""Finds the system's Chromium."""

from __future__ import annotations

import shutil

NAMES = ("chromium", "chromium-browser", "google-chrome")
"""The names of Chromium on PATH, best first."""


def find_chromium(named: str) -> tuple[str | None, str]:
    """The path of the executable, or None and the reason. ``named`` is NEWSBOT_CHROMIUM; "" means a search on PATH."""
    if named:
        found = shutil.which(named)
        return found, "" if found else f"NEWSBOT_CHROMIUM is {named}, which is not a program"
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    return (
        found,
        ""
        if found
        else f"there is no Chromium: PATH has none of {', '.join(NAMES)}; install one or set NEWSBOT_CHROMIUM",
    )
