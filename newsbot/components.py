"""Components that run only if a setting of the user switches them on: some of Scrapy's, and some of newsbot's.

``settings.py`` sets them to None in its ``*_BASE`` lists, so that Scrapy does not import them needlessly.
"""

from __future__ import annotations

import difflib
import logging
from collections.abc import Iterable, Mapping

from scrapy.settings import BaseSettings, default_settings

logger = logging.getLogger(__name__)

LISTS = ("EXTENSIONS", "ITEM_PIPELINES", "DOWNLOADER_MIDDLEWARES", "SPIDER_MIDDLEWARES")
"""Settings by which the user adds components to newsbot's components, or switches these off."""

SWITCHES: dict[str, dict[str, tuple[str, ...]]] = {
    "DOWNLOADER_MIDDLEWARES_BASE": {
        "scrapy.downloadermiddlewares.retry.RetryMiddleware": ("RETRY_ENABLED",),
        "scrapy.downloadermiddlewares.redirect.MetaRefreshMiddleware": ("METAREFRESH_ENABLED",),
        "scrapy.downloadermiddlewares.cookies.CookiesMiddleware": ("COOKIES_ENABLED",),
        "scrapy.downloadermiddlewares.httpproxy.HttpProxyMiddleware": ("HTTPPROXY_ENABLED",),
        "scrapy.downloadermiddlewares.httpcache.HttpCacheMiddleware": ("HTTPCACHE_ENABLED",),
    },
    "EXTENSIONS_BASE": {
        "scrapy.extensions.telnet.TelnetConsole": ("TELNETCONSOLE_ENABLED",),
        "scrapy.extensions.memdebug.MemoryDebugger": ("MEMDEBUG_ENABLED",),
        "scrapy.extensions.closespider.CloseSpider": (
            "CLOSESPIDER_TIMEOUT",
            "CLOSESPIDER_ITEMCOUNT",
            "CLOSESPIDER_PAGECOUNT",
            "CLOSESPIDER_ERRORCOUNT",
            "CLOSESPIDER_TIMEOUT_NO_ITEM",
            "CLOSESPIDER_PAGECOUNT_NO_ITEM",
        ),
        "scrapy.extensions.spiderstate.SpiderState": ("JOBDIR",),
        "scrapy.extensions.throttle.AutoThrottle": ("AUTOTHROTTLE_ENABLED",),
        "scrapy.extensions.remote_control.RemoteControl": ("REMOTE_CONTROL_ENABLED",),
    },
}
"""Base list -> component -> settings; any of the settings switches the component on."""

OWN: dict[str, tuple[int, tuple[str, ...]]] = {
    "newsbot.warc.extension.WarcExtension": (880, ("NEWSBOT_WARC",)),  # before the receipt, which names the files
    "newsbot.extensions.json_receipt.JsonReceipt": (970, ("NEWSBOT_LOG_JSON",)),
    "newsbot.extensions.metrics.MetricsExtension": (980, ("NEWSBOT_METRICS_PORT", "NEWSBOT_METRICS_FILE")),
    "spidermon.contrib.scrapy.extensions.Spidermon": (990, ("SPIDERMON_ENABLED",)),  # after the receipt
}
"""Extension of newsbot or of a library -> its place, and settings; any of the settings switches the extension on."""

HANDLER = "newsbot.warc.handler.RecordingHandler"
"""The download handler of a run that writes WARC files."""

_OFF = {"", "0", "0.0", "false", "none"}


class SwitchedComponents:
    """Add-on. Puts a switched-on component back into its base list: one of Scrapy's at Scrapy's own priority."""

    def update_settings(self, settings: BaseSettings) -> None:
        for name in LISTS:
            for path, near in mistyped(settings.getdict(name), settings[f"{name}_BASE"]):
                hint = f"did you mean {near}? " if near else ""
                logger.warning("%s switches off %s, which is no component: %sIt has no effect", name, path, hint)
        for name, components in SWITCHES.items():
            for component, switches in components.items():
                if any(is_on(settings[switch]) for switch in switches):
                    settings[name].set(component, getattr(default_settings, name)[component], priority="cmdline")
        for extension, (place, names) in OWN.items():
            if any(is_on(settings[name]) for name in names):
                settings["EXTENSIONS_BASE"].set(extension, place, priority="cmdline")
        if is_on(settings["NEWSBOT_WARC"]):
            for scheme in ("http", "https"):
                settings["DOWNLOAD_HANDLERS_BASE"].set(scheme, HANDLER, priority="cmdline")


def mistyped(given: Mapping[object, object], base: Iterable[object]) -> list[tuple[str, str | None]]:
    """The components of newsbot that a user switches off and that do not exist, each with the near name, if any."""
    known = [path for path in base if isinstance(path, str) and path.startswith("newsbot.")]
    off = [path for path, place in given.items() if place is None and isinstance(path, str)]
    wrong = [path for path in off if path.startswith("newsbot.") and path not in known]
    return [(path, next(iter(difflib.get_close_matches(path, known, 1)), None)) for path in wrong]


def is_on(value: object) -> bool:
    """Whether the value of a setting switches a component on. The component itself refuses an invalid value."""
    return str(value).strip().lower() not in _OFF
