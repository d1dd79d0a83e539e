"""The names of the files in ``data/``: the requested site or list, and the run. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from pathlib import PurePath
from urllib.parse import unquote, urlsplit

from newsbot.urls import as_url, ascii_host

LONGEST = 80
"""Characters of a label. A file system allows names of 255 bytes, and the part file has a longer name than the final
file."""


def label(sites: Sequence[str], listing: str | None = None, *, due: bool = False) -> str:
    """The request of a run, as part of a file's name: ``news.example``, ``news.example-and-2-more``, ``sites-due``.

    ``sites`` are the addresses of ``site=``, ``listing`` is the file of ``sites=``, ``due`` is ``due=``. The label has
    only ASCII letters, digits, dots, hyphens and underscores, and begins with a letter or a digit.
    """
    if listing is not None:
        return _safe(PurePath(listing).stem, otherwise="list") + ("-due" if due else "")
    if not sites:
        return "none"
    more = f"-and-{len(sites) - 1}-more" if len(sites) > 1 else ""
    return _safe(_address(sites[0]), otherwise="site") + more


def _address(url: str) -> str:
    """Host, port, path and query of an address, without ``www.``: the usual spellings of a site get one label."""
    parts = urlsplit(as_url(url))
    host = ascii_host(parts.netloc.lower()).removeprefix("www.")
    return unquote(f"{host}{parts.path}/{parts.query}")


def _safe(text: str, *, otherwise: str) -> str:
    """The text in characters that have no special meaning for a file system or a shell."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^A-Za-z0-9._-]+", "-", plain)[:LONGEST].strip("-._") or otherwise
