"""Checks the settings of Scrapy that a user changed. With a wrong value, Scrapy itself ends with a traceback or crawls
nothing."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from scrapy.settings import SETTINGS_PRIORITIES, BaseSettings, default_settings

from newsbot.errors import BadArgument

COMPONENTS = ("EXTENSIONS", "ITEM_PIPELINES", "DOWNLOADER_MIDDLEWARES", "SPIDER_MIDDLEWARES")
TIMES = ("DOWNLOAD_TIMEOUT", "DNS_TIMEOUT", "LOGSTATS_INTERVAL")
"""Settings in seconds, . Twisted fails if such a setting is below 0 or not a number (``nan``, ``inf``)."""

REACTOR = "twisted.internet.asyncioreactor.AsyncioSelectorReactor"


def check_scrapy_settings(settings: BaseSettings) -> None:
    """Raise BadArgument for a setting of Scrapy that has a value of another type, or names a module that is missing."""
    check_log(settings)
    for name, default in vars(default_settings).items():
        if name.isupper() and _is_changed(settings, name):
            _check_type(settings, name, default)
    if settings["TWISTED_REACTOR"] != REACTOR:
        raise BadArgument(f"TWISTED_REACTOR must be {REACTOR}, since newsbot runs on asyncio; remove the setting")
    if settings.getfloat("CONCURRENT_ITEMS") != 1:
        raise BadArgument("CONCURRENT_ITEMS must be 1, since rows come in their order; remove the setting")
    if settings.getfloat("CONCURRENT_REQUESTS_PER_DOMAIN") < 1:
        # With a value below 1, Scrapy sends no request and never ends.
        raise BadArgument("CONCURRENT_REQUESTS_PER_DOMAIN must be 1 or more; remove the setting")
    for name in COMPONENTS:
        for component, place in settings.getdict(name).items():
            if place is not None and isinstance(component, str):
                check_module(name, component)


def check_given(settings: BaseSettings, words: Iterable[str]) -> None:
    """Set the settings that the user gives with ``-s NAME=VALUE``. Raise BadArgument for a word that does not have this
    form, or for a value that Scrapy cannot read: Scrapy's own message names neither the setting nor its allowed
    values."""
    for word in words:
        name, sign, value = word.partition("=")
        if not (name and sign):
            raise BadArgument(f"-s takes NAME=VALUE, not {word!r}")
        try:
            settings.set(name, value, priority="cmdline")
        except (TypeError, ValueError):
            raise BadArgument(f"{name} takes JSON, not {value!r}") from None


def check_log(settings: BaseSettings) -> None:
    """Raise BadArgument for a level, a format or an encoding that logging cannot use, or for a file that cannot be
    written."""
    level = settings["LOG_LEVEL"]
    if not isinstance(level, int) and level not in (levels := logging.getLevelNamesMapping()):
        raise BadArgument(f"LOG_LEVEL takes one of {', '.join(sorted(levels))}, not {level!r}")
    if file := settings["LOG_FILE"]:
        try:
            with Path(file).open("ab"):
                pass
        except OSError as error:
            raise BadArgument(f"LOG_FILE {file} cannot be written: {error.strerror}. Correct the name") from None
    _check_format(settings["LOG_FORMAT"], settings["LOG_DATEFORMAT"])
    try:
        "".encode(settings["LOG_ENCODING"])
    except (LookupError, TypeError, ValueError):
        raise BadArgument(f"LOG_ENCODING takes the name of an encoding, not {settings['LOG_ENCODING']!r}") from None


def _check_format(form: Any, dates: Any) -> None:
    """Raise BadArgument for a format with which no line of the log can be written."""
    # The user's own class of log records may have further fields.
    line = logging.getLogRecordFactory()("newsbot", logging.INFO, __file__, 1, "a line", (), None)
    for name, value, formats in (("LOG_FORMAT", form, (form, None)), ("LOG_DATEFORMAT", dates, ("%(asctime)s", dates))):
        try:
            logging.Formatter(*formats).format(line)
        except (AttributeError, TypeError, ValueError):
            raise BadArgument(f"{name} takes a format of Python's logging, not {value!r}") from None


def _is_changed(settings: BaseSettings, name: str) -> bool:
    return (settings.getpriority(name) or 0) > SETTINGS_PRIORITIES["default"] and settings[name] is not None


def _check_type(settings: BaseSettings, name: str, default: Any) -> None:
    try:
        if isinstance(default, bool):
            settings.getbool(name)
        elif isinstance(default, int | float):
            settings.getfloat(name)
        elif isinstance(default, dict):
            settings.getdict(name)
    except (TypeError, ValueError):
        takes = "1 or 0" if isinstance(default, bool) else "a number" if isinstance(default, int | float) else "JSON"
        raise BadArgument(f"{name} takes {takes}, not {settings[name]!r}") from None
    if name in TIMES and not 0 <= settings.getfloat(name) < math.inf:
        raise BadArgument(f"{name} takes a number, 0 or more, not {settings[name]!r}")
    if isinstance(default, str) and default.startswith("scrapy.") and isinstance(settings[name], str):
        check_module(name, settings[name])


def check_module(setting: str, path: str) -> None:
    """Raise BadArgument for a component whose module does not exist.

    The module itself is not imported. It could import Twisted's reactor before Scrapy has chosen a reactor.
    """
    module = path.rpartition(".")[0]
    if not (module and is_installed(module)):
        raise BadArgument(f"{setting} names {path}, and there is no module {module or path!r}. Correct the name")


def is_installed(module: str) -> bool:
    """Whether a module exists."""
    try:
        return find_spec(module) is not None
    except (ImportError, ValueError):
        return False
