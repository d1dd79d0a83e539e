"""Extras: libraries that a plain crawl does not need, and the message where an extra is missing."""

from __future__ import annotations

import importlib.util

from newsbot.errors import BadArgument
from newsbot.terminal import program

EXTRAS: dict[str, tuple[str, ...]] = {
    "browser": ("playwright", "scrapy-playwright"),
    "duplicates": ("datasketch", "numpy"),
    "fleet": ("procrastinate", "psycopg[binary,pool]"),
    "markdown": ("html-to-markdown",),
    "metrics": ("prometheus-client",),
    "monitors": ("spidermon", "premailer", "jinja2", "sentry-sdk"),
    "parquet": ("pyarrow",),
    "progress": ("rich",),
    "postgresql": ("psycopg[binary]",),
    "report": ("jinja2",),
    "sqlite": ("sqlite-utils",),
    "warc": ("warcio",),
    "xlsx": ("xlsxwriter",),
}
"""Extra -> the names of its libraries for ``pip install``. ``requirements-extras.txt`` has their versions."""


def missing(extra: str, wanted: str) -> str | None:
    """One line for an extra that is not installed and that ``wanted`` (an option or a setting) needs, or None."""
    modules = [module for library in EXTRAS[extra] for module in _modules(library)]
    if all(importlib.util.find_spec(module) is not None for module in modules):
        return None
    libraries = " ".join(f"'{library}'" if "[" in library else library for library in EXTRAS[extra])
    # A user who installed the wheel has no Makefile.
    other = f"pipx inject newsbot-wp {libraries}" if program() == "newsbot" else "make setup installs every extra"
    return f"{wanted} needs the extra [{extra}]: pip install {libraries} ({other})"


def require(extra: str, wanted: str) -> None:
    """Raise BadArgument where an extra is not installed."""
    if (line := missing(extra, wanted)) is not None:
        raise BadArgument(line)


def _modules(library: str) -> list[str]:
    """The modules of a library and of its extras that newsbot needs."""
    name, _, extras = library.partition("[")
    module = name.replace("-", "_")
    return [module, f"{module}_pool"] if "pool" in extras else [module]
