"""Checks the settings of a run before anything is started. Each error is reported in one line."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from ipaddress import ip_address
from pathlib import Path, PureWindowsPath
from typing import Any
from urllib.parse import urlsplit

from scrapy import Spider
from scrapy.settings import BaseSettings

from newsbot.arguments.scrapy_settings import check_module, check_scrapy_settings, is_installed
from newsbot.errors import BadArgument
from newsbot.extras import require
from newsbot.safety.authorities import check_authorities
from newsbot.safety.credentials import parse_auth
from newsbot.wordpress.options import KINDS

NUMBERS = {
    "NEWSBOT_DELAY": 0,
    "NEWSBOT_SITES_AT_ONCE": 1,
    "NEWSBOT_SWEEP_DAYS": 0,
    "NEWSBOT_MAX_TOMBSTONES": 0,
    "NEWSBOT_PROGRESS": 0,
    "NEWSBOT_BUDGET": 0,
    "NEWSBOT_MAX_WAIT": 0,
    "NEWSBOT_GIVE_UP": 0,
    "NEWSBOT_ROBOTS_TRIES": 1,
    "NEWSBOT_RENDER_SECONDS": 0,
    "NEWSBOT_MEDIA_MAX": 0,
    "NEWSBOT_METRICS_PORT": 0,
}
"""Setting -> its smallest value."""

WHOLE = ("NEWSBOT_SITES_AT_ONCE", "NEWSBOT_ROBOTS_TRIES", "NEWSBOT_MEDIA_MAX", "NEWSBOT_METRICS_PORT")

CSV_SWITCHES = ("NEWSBOT_CSV_RAW", "NEWSBOT_CSV_BOM")
SWITCHES = (
    *CSV_SWITCHES,
    "NEWSBOT_PERSONAL",
    "NEWSBOT_MARKDOWN",
    "NEWSBOT_SHARE_IP",
    "NEWSBOT_LOG_JSON",
    "SPIDERMON_ENABLED",
)

CLOSED_FORMATS = ("parquet", "xlsx")
"""The formats of feed files to which no row can be added later. Each format has the name of the extra that it needs."""

LIBRARIES = {"S3FeedStorage": ("boto3", "boto3"), "GCSFeedStorage": ("google-cloud-storage", "google.cloud.storage")}
"""Storage of Scrapy -> the package that it needs, and the module of that package."""

URI_NAMES = ("name", "run", "time", "batch_id", "batch_time")
"""The names that a feed's URI may use as ``%(name)s``, besides the attributes of the spider's class."""

_URI_NAME = re.compile(r"%\((\w+)\)")
_URI_FIELD = re.compile(r"%\((\w+)\)[^A-Za-z%]*[A-Za-z]?")
_RUN = re.compile(r"[^./\x00][^/\x00]*")


def check_settings(settings: BaseSettings, spider: type[Spider]) -> None:
    """Raise BadArgument if a crawl cannot use its settings, or if a feed would lose rows."""
    check_numbers(settings)
    check_switches(settings, SWITCHES)
    _check_private_hosts(str(settings.get("NEWSBOT_ALLOW_PRIVATE") or ""))
    check_scrapy_settings(settings)
    if settings.getbool("NEWSBOT_MARKDOWN"):
        require("markdown", "NEWSBOT_MARKDOWN=1")
    _check_metrics(settings)
    if settings.getbool("SPIDERMON_ENABLED"):
        require("monitors", "SPIDERMON_ENABLED=1")
    run = str(settings["NEWSBOT_RUN"] or "run")
    if not _RUN.fullmatch(run):
        raise BadArgument(f"NEWSBOT_RUN must not contain / or begin with a dot, since it names files; it is {run!r}")
    parse_auth(settings.get("NEWSBOT_AUTH", ""))
    check_authorities(settings.get("SSL_CERT_FILE", ""))
    _check_feeds(settings, spider)


def _check_private_hosts(value: str) -> None:
    """Raise BadArgument for a URL, a range or a pattern: such a value is not a host, and would allow nothing without a
    message."""
    if wrong := next((name.strip() for name in value.split(",") if {"/", "*"} & {*name}), None):
        raise BadArgument(f"NEWSBOT_ALLOW_PRIVATE takes 1, or hosts as host or host:port with commas, not {wrong!r}")


def check_numbers(settings: BaseSettings) -> None:
    """Raise BadArgument if the value of a setting in NUMBERS is not a number or is too small."""
    for name, least in NUMBERS.items():
        _check_number(name, settings[name], least)


def check_switches(settings: BaseSettings, names: Iterable[str]) -> None:
    """Raise BadArgument for a switch whose value is neither 1 nor 0."""
    for name in names:
        try:
            settings.getbool(name)
        except ValueError:
            raise BadArgument(f"{name} takes 1 or 0, not {settings[name]!r}") from None


def _check_number(name: str, value: object, least: int) -> None:
    kind = int if name in WHOLE else float
    try:
        number = kind(str(value))
    except ValueError:
        number = math.nan
    if not math.isfinite(number) or number < least:
        whole = "whole number" if name in WHOLE else "number"
        raise BadArgument(f"{name} takes a {whole}, {least} or more, not {value!r}")


def _check_metrics(settings: BaseSettings) -> None:
    port, name = settings.getint("NEWSBOT_METRICS_PORT"), settings["NEWSBOT_METRICS_FILE"]
    if port > 65535:
        raise BadArgument(f"NEWSBOT_METRICS_PORT takes a port, 65535 at most, not {port}")
    try:
        ip_address(settings["NEWSBOT_METRICS_ADDRESS"])
    except ValueError:
        address = settings["NEWSBOT_METRICS_ADDRESS"]
        raise BadArgument(f"NEWSBOT_METRICS_ADDRESS takes an IP address of this machine, not {address!r}") from None
    try:
        name % {"name": "spider"}
    except (KeyError, TypeError, ValueError):
        raise BadArgument(f"NEWSBOT_METRICS_FILE may use %(name)s and no other name; it is {name!r}") from None
    if port or name:
        require("metrics", "NEWSBOT_METRICS_PORT" if port else "NEWSBOT_METRICS_FILE")


def _check_feeds(settings: BaseSettings, spider: type[Spider]) -> None:
    for uri, options in settings.getdict("FEEDS").items():
        if not isinstance(options, Mapping):
            raise BadArgument(f'FEEDS gives {options!r} to {uri}: write {{"format": "jsonl"}}')
        _check_storage_and_format(settings, str(uri), options)
        _check_names(settings, str(uri), options, spider)
        batches = options.get("batch_item_count", settings.getint("FEED_EXPORT_BATCH_ITEM_COUNT"))
        if batches and not options.get("overwrite") and settings["NEWSBOT_ARCHIVE"]:
            # Batches that append get their names one after the other. If the process is killed between two of them, the
            # rows of later batches are lost.
            raise BadArgument(f"the feed {uri} is written in batches, and batches cannot append to a file: use -O")
    _check_paths(settings)


def _check_paths(settings: BaseSettings) -> None:
    """Raise BadArgument where two feeds would take one name: the rows of the first would be lost."""
    met: set[Path] = set()
    for uri in map(str, settings.getdict("FEEDS")):
        if urlsplit(uri).scheme not in ("", "file"):
            continue
        # Each kind of rows has a file of its own.
        for name in [uri.replace("%(kind)s", kind) for kind in KINDS] if "%(kind)s" in uri else [uri]:
            path = Path(name.removeprefix("file://")).expanduser().resolve()
            if path in met and (path.is_file() or not path.exists()):
                raise BadArgument(f"two feeds would be written to {path}; give each a file of its own")
            met.add(path)


def _check_storage_and_format(settings: BaseSettings, uri: str, options: Mapping[str, Any]) -> None:
    # Without a storage or a format for a feed Scrapy would crawl without that feed.
    storages, exporters = _known(settings, "FEED_STORAGES"), _known(settings, "FEED_EXPORTERS")
    scheme = urlsplit(uri).scheme
    if scheme not in storages and not PureWindowsPath(uri).drive:
        raise BadArgument(f"the feed {uri} has no storage for {scheme}: use one of {', '.join(filter(None, storages))}")
    if (form := options.get("format")) not in exporters:
        raise BadArgument(
            f"the feed {uri} has an unknown format: it must be one of {', '.join(exporters)}, not {form!r}"
        )
    _check_modules(settings, uri, scheme, options)
    if form in CLOSED_FORMATS:
        require(form, uri)
        if scheme in ("", "file") and not options.get("overwrite"):
            raise BadArgument(f"the feed {uri} cannot be appended to, since it is a closed {form} file: use -O")


def _check_modules(settings: BaseSettings, uri: str, scheme: str, options: Mapping[str, Any]) -> None:
    """Raise BadArgument for a feed that cannot be written: Scrapy would crawl without it, and count its rows as
    delivered.
    """
    storage = str(settings.getwithbase("FEED_STORAGES").get(scheme, "")).rpartition(".")[2]
    package, module = LIBRARIES.get(storage, ("", ""))
    if module and not is_installed(module):
        raise BadArgument(f"the feed {uri} needs {package}: pip install {package}")
    for name in (options.get("item_filter"), *(options.get("postprocessing") or ())):
        if isinstance(name, str):
            check_module("FEEDS", name)


def _check_names(settings: BaseSettings, uri: str, options: Mapping[str, Any], spider: type[Spider]) -> None:
    if settings["FEED_URI_PARAMS"] != "newsbot.feeds.uri_params" or options.get("uri_params"):
        return  # a function of the user gives the names
    if unknown := sorted(set(_URI_NAME.findall(uri)) - {*URI_NAMES, *dir(spider)}):
        raise BadArgument(
            f"the feed {uri} uses unknown names: {', '.join(unknown)}; the names are {', '.join(URI_NAMES)}"
        )
    values = {name: getattr(spider, name, "x") for name in [*URI_NAMES, *_URI_NAME.findall(uri)]} | {"batch_id": 1}
    for found in _URI_FIELD.finditer(uri):
        try:
            found[0] % values
        except (TypeError, ValueError):
            raise BadArgument(f"the feed {uri} cannot fill in {found[0]}: write %({found[1]})s") from None


def _known(settings: BaseSettings, name: str) -> list[str]:
    """The names that a setting of components defines."""
    components = settings.getwithbase(name)
    return sorted(key for key, component in components.items() if component is not None)
