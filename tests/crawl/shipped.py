"""The settings that newsbot ships, for spiders of the tests, so that the tests prove newsbot/settings.py itself."""

from __future__ import annotations

from typing import Any

from scrapy.settings import Settings


def shipped(overrides: dict[str, Any]) -> Settings:
    """newsbot/settings.py, changed by ``overrides`` as ``-s NAME=VALUE`` changes it."""
    settings = Settings()
    settings.setmodule("newsbot.settings", priority="project")
    settings.update(overrides, priority="cmdline")
    return settings
