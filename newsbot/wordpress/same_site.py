"""Decides whether the rows of a site are rows that the archive holds. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from newsbot.urls import ascii_host
from newsbot.wordpress.dates import local_date
from newsbot.wordpress.guids import canonical_guid, is_evidence, names_site
from newsbot.wordpress.questions import HeldRow
from newsbot.wordpress.values import decoded, rendered, row_id, text

IDENTIFYING = "id,guid,slug,date,link"
"""``_fields`` of a query for the identifying fields of rows."""

FEW = 3
"""The least number of rows to compare, if the site has this many."""


def bare_host(url: str | None) -> str | None:
    """The host of a URL, with its port and without ``www.``; None where there is no host."""
    try:
        netloc = urlsplit(url or "").netloc
    except ValueError:
        return None
    return ascii_host(netloc.rpartition("@")[2].lower()).removeprefix("www.") or None


def address_of(key: str) -> str:
    """A site's key without the differences that http, HTTPS, ``www.`` and the forms of an international name make."""
    host, slash, path = key.partition("://")[2].lower().partition("/")
    return f"{ascii_host(host).removeprefix('www.')}{slash}{path}".rstrip("/")


def moved_url(url: str, *, old: str, new: str) -> str:
    """A URL of the site ``old`` as it is since the site has the key ``new``. Other URLs stay as they are."""
    host, slash, path = url.partition("://")[2].partition("/")
    bare, home = f"{ascii_host(host.lower()).removeprefix('www.')}{slash}{path}", address_of(old)
    rest = bare[len(home) :]
    return f"{new}{rest}" if bare[: len(home)].lower() == home and rest[:1] in ("", "/", "?") else url


def link_host(raw: Mapping[str, Any]) -> str | None:
    return bare_host(decoded(raw.get("link")))


def guid_host(raw: Mapping[str, Any]) -> str | None:
    return bare_host(canonical_guid(rendered(raw.get("guid"))))


def is_too_few(rows: Sequence[Mapping[str, Any]], held: Mapping[int, HeldRow]) -> bool:
    """Whether the archive holds too few of ``rows`` to compare two sites by them."""
    return len(_pairs(rows, held)) < max(1, min(FEW, len(rows)))


def moved_here(rows: Sequence[Mapping[str, Any]], held: Mapping[int, HeldRow], *, former: str) -> bool:
    """Whether a site that gives ``rows`` is the site ``former``, of which the archive holds ``held``.

    Ids, guids and slugs must agree: in four of five rows that both sites have, and in enough rows. Every new WordPress
    has a post 1 with the slug ``hello-world``, so a guid without a public host counts only together with the date.
    """
    pairs = _pairs(rows, held)
    agreeing = sum(_is_same_row(raw, row, former) for raw, row in pairs)
    return not is_too_few(rows, held) and agreeing * 5 >= len(pairs) * 4 > 0


def _is_same_row(raw: Mapping[str, Any], held: HeldRow, former: str) -> bool:
    if text(raw.get("slug")) != held.slug or held.slug is None:
        return False
    guid = rendered(raw.get("guid"))
    if guid and canonical_guid(guid) == canonical_guid(held.guid) and (is_evidence(guid) or names_site(guid, former)):
        return True
    return held.date is not None and local_date(raw.get("date")) == held.date


def agreeing(rows: Sequence[Mapping[str, Any]], held: Mapping[int, HeldRow]) -> tuple[int, int]:
    """How many of the rows the archive holds too, and how many of these may be edited copies of the archived rows."""
    pairs = _pairs(rows, held)
    return len(pairs), sum(_may_be_same_row(raw, row) for raw, row in pairs)


def _may_be_same_row(raw: Mapping[str, Any], held: HeldRow) -> bool:
    """Whether two of guid, slug and date agree, or all of these fields that both rows have: an edit changes at most one
    of them.
    """
    fields = (
        (canonical_guid(rendered(raw.get("guid"))), canonical_guid(held.guid)),
        (text(raw.get("slug")), held.slug),
        (local_date(raw.get("date")), held.date),
    )
    both = [given == kept for given, kept in fields if given is not None and kept is not None]
    return sum(both) >= min(2, len(both))


def _pairs(rows: Sequence[Mapping[str, Any]], held: Mapping[int, HeldRow]) -> list[tuple[Mapping[str, Any], HeldRow]]:
    found = ((raw, held.get(row_id(raw.get("id")) or 0)) for raw in rows)
    return [(raw, row) for raw, row in found if row is not None]
