"""The facts of the run in the first record of each WARC file. No password, no path and no address of an archive."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
from scrapy.crawler import Crawler

from newsbot import __version__
from newsbot.safe_json import json_bytes
from newsbot.warc.exchange import SECRET, open_url

SETTINGS = (
    *("NEWSBOT_DELAY", "NEWSBOT_PERSONAL", "NEWSBOT_MARKDOWN", "NEWSBOT_SWEEP_DAYS", "NEWSBOT_MAX_TOMBSTONES"),
    *("NEWSBOT_BUDGET", "NEWSBOT_MAX_WAIT", "NEWSBOT_GIVE_UP", "NEWSBOT_ROBOTS_TRIES", "NEWSBOT_RENDER_SECONDS"),
    *("ROBOTSTXT_OBEY", "DOWNLOAD_TIMEOUT", "DOWNLOAD_MAXSIZE"),
)
"""Settings that change the requests to a site. Other settings may contain a password, or a path of this machine."""


def warcinfo(crawler: Crawler) -> dict[str, str]:
    """The fields of a ``warcinfo`` record."""
    settings, spider = crawler.settings, crawler.spider
    arguments: Any = getattr(spider, "arguments", None)
    given = arguments.model_dump(mode="json", exclude_defaults=True) if arguments is not None else {}
    if "sites" in given:
        given["sites"] = Path(str(given["sites"])).name
    return {
        "software": f"newsbot/{__version__}",
        "format": "WARC File Format 1.1",
        "conformsTo": "https://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/",
        "isPartOf": str(settings["NEWSBOT_RUN"]),
        "robots": "obey" if settings.getbool("ROBOTSTXT_OBEY") else "ignore",
        "http-header-user-agent": open_url(str(settings["USER_AGENT"])),
        "newsbot-spider": spider.name if spider is not None else "",
        "newsbot-arguments": _one_line(without_secrets(given)),
        "newsbot-settings": _one_line({name: settings[name] for name in SETTINGS}),
        "newsbot-headers-left-out": f"names with {', '.join(SECRET)}",
    }


def without_secrets(given: Any) -> Any:
    """The values in the form of JSON, without the user names, passwords and keys of their URLs."""
    match given:
        case str():
            return open_url(given)
        case dict():
            return {name: without_secrets(value) for name, value in given.items()}
        case list() | tuple():
            return [without_secrets(value) for value in given]
    return given


def _one_line(value: Any) -> str:
    return json_bytes(value, option=orjson.OPT_SORT_KEYS)[0].decode("utf-8")
