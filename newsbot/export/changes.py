"""The latest changes of an archive as a feed: ``.rss`` (RSS 2.0) and ``.feed.json`` (JSON Feed 1.1)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from email.utils import format_datetime
from html import escape
from typing import Any

import orjson

from newsbot.archive.reader import ChangedRow, read_latest
from newsbot.export.reading import ExportTarget, Reading, Written
from newsbot.feeds.rows import fit_bytes
from newsbot.safe_json import json_bytes

SUMMARY = 300
"""Characters of a text in the summary of a new row."""

_WORDS = {"new": "New", "edited": "Edited", "deleted": "Deleted"}

_RSS = """<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/">
<channel>
"""


def write_rss(target: ExportTarget, reading: Reading) -> Written:
    found = _latest(reading)
    title, home = _titles(reading, found)
    channel = (
        f"<title>{escape(title)}</title>\n<link>{escape(home)}</link>\n"
        "<description>What is new, edited and deleted, as newsbot saw it</description>\n"
        "<generator>newsbot</generator>\n"
    )
    target.file.write(fit_bytes(_RSS + channel)[0])
    for event in found:
        target.file.write(fit_bytes(_item(event))[0])
    target.file.write(b"</channel>\n</rss>\n")
    return Written(rows=len(found))


def write_json_feed(target: ExportTarget, reading: Reading) -> Written:
    found = _latest(reading)
    title, home = _titles(reading, found)
    feed: dict[str, Any] = {"version": "https://jsonfeed.org/version/1.1", "title": title}
    feed |= {"home_page_url": home} if home else {}
    feed["items"] = [_json_item(event) for event in found]
    target.file.write(json_bytes(feed, option=orjson.OPT_INDENT_2)[0] + b"\n")
    return Written(rows=len(found))


def _latest(reading: Reading) -> list[ChangedRow]:
    # A deletion is a change, whether or not deleted rows are wanted.
    selection = replace(reading.selection, deleted=True)
    found = read_latest(reading.database, selection, reading.latest, reading.broken)
    return found if reading.keep is None else [event for event in found if reading.keep(event.archived)]


def _titles(reading: Reading, found: list[ChangedRow]) -> tuple[str, str]:
    """The title of the feed and its home page. A feed of one site has the site's name and home page."""
    sites = {event.change.site for event in found}
    site = reading.selection.site or (next(iter(sites)) if len(sites) == 1 else "")
    home = site if "://" in site else next(iter(sites), "")
    return f"Changes of {site or 'all sites of an archive'}", home


def _item(event: ChangedRow) -> str:
    return "".join(
        [
            f"<item>\n<title>{escape(_title(event))}</title>\n",
            f"<link>{escape(event.row['url'])}</link>\n" if event.row.get("url") else "",
            f'<guid isPermaLink="false">{escape(_id(event))}</guid>\n',
            f"<pubDate>{format_datetime(datetime.fromisoformat(event.change.seen))}</pubDate>\n",
            *(f"<dc:creator>{escape(name)}</dc:creator>\n" for name in _authors(event)),
            *(f"<category>{escape(name)}</category>\n" for name in _tags(event)),
            # A description is HTML inside of XML: the text is escaped twice.
            f"<description>{escape(escape(_summary(event)))}</description>\n</item>\n",
        ]
    )


def _json_item(event: ChangedRow) -> dict[str, Any]:
    change, row = event.change, event.row
    item = {
        "id": _id(event),
        "url": row.get("url"),
        "title": _title(event),
        "content_text": _summary(event),
        "date_published": change.seen,
        "language": row.get("language"),
        "authors": [{"name": name} for name in _authors(event)],
        "tags": _tags(event),
        "_newsbot": {
            "change": change.change,
            "changed": list(change.changed),
            "site": change.site,
            "type": change.type,
            "id": change.id,
            "revision": change.revision,
            "published": row.get("published"),
        },
    }
    return {name: value for name, value in item.items() if value not in (None, [])}


def _id(event: ChangedRow) -> str:
    return f"{event.change.site} {event.change.type} {event.change.id} {event.change.revision}"


def _title(event: ChangedRow) -> str:
    named = event.row.get("title") or event.row.get("name") or f"{event.change.type} {event.change.id}"
    return f"{_WORDS.get(event.change.change, event.change.change)}: {named}"


def _summary(event: ChangedRow) -> str:
    if event.word_diff:
        return event.word_diff
    if event.change.changed:
        return f"Changed: {', '.join(event.change.changed)}"
    text = str(event.row.get("excerpt") or event.row.get("content_text") or event.row.get("description") or "")
    return text if len(text) <= SUMMARY else f"{text[:SUMMARY].rsplit(' ', 1)[0]} ..."


def _tags(event: ChangedRow) -> list[str]:
    return [event.change.change, *(event.row.get("categories") or ())]


def _authors(event: ChangedRow) -> Iterator[str]:
    found = event.row.get("authors") or ([event.row["author"]] if event.row.get("author") else [])
    return (author["name"] for author in found if author.get("name"))
