"""The elements of WordPress's own export format (WXR 1.2): text, dates, and what every item has. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from html import escape
from urllib.parse import urlsplit

from newsbot.feeds.rows import fit_bytes


def element(name: str, text: object) -> str:
    """An element whose text is in CDATA, as WordPress writes it."""
    inner = str(text).replace("]]>", "]]]]><![CDATA[>")
    return f"<{name}><![CDATA[{inner}]]></{name}>\n"


def encoded(xml: str) -> bytes:
    """XML in UTF-8; U+FFFD replaces the characters that XML forbids."""
    return fit_bytes(xml)[0]


@dataclass(frozen=True, slots=True)
class Dates:
    """Times in the form that WordPress stores: ``2026-01-01 08:00:00``. ``sent`` is in the form of RSS."""

    local: str
    utc: str
    modified_local: str
    modified: str
    sent: str

    @classmethod
    def of(cls, published: str | None, local: str | None, modified: str | None) -> Dates:
        utc = _plain(published)
        wall = _plain(local) or utc
        changed = _plain(modified) or utc
        return cls(wall, utc, _shifted(changed, utc, wall), changed, _sent(utc))


def _plain(moment: str | None) -> str:
    return (moment or "").replace("T", " ").partition("Z")[0].partition(".")[0]


def _shifted(moment: str, utc: str, wall: str) -> str:
    """``moment`` in local time, with the same distance from UTC as the time of publication."""
    try:
        shift = datetime.fromisoformat(wall) - datetime.fromisoformat(utc)
        return str(datetime.fromisoformat(moment) + shift)
    except (ValueError, OverflowError):
        return moment


def _sent(utc: str) -> str:
    try:
        return format_datetime(datetime.fromisoformat(utc).replace(tzinfo=UTC))
    except ValueError:
        return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """The elements that every item has. Texts are HTML."""

    id: int
    type: str
    title: str
    link: str
    guid: str
    creator: str
    content: str
    excerpt: str
    dates: Dates
    slug: str
    status: str
    parent: int
    comment_status: str = "closed"
    sticky: bool = False

    def opening(self) -> str:
        return (
            "<item>\n"
            + element("title", self.title)
            + f"<link>{escape(self.link)}</link>\n<pubDate>{self.dates.sent}</pubDate>\n"
            + element("dc:creator", self.creator)
            + f'<guid isPermaLink="false">{escape(self.guid)}</guid>\n<description></description>\n'
            + element("content:encoded", self.content)
            + element("excerpt:encoded", self.excerpt)
            + f"<wp:post_id>{self.id}</wp:post_id>\n"
            + element("wp:post_date", self.dates.local)
            + element("wp:post_date_gmt", self.dates.utc)
            + element("wp:post_modified", self.dates.modified_local)
            + element("wp:post_modified_gmt", self.dates.modified)
            + element("wp:comment_status", self.comment_status)
            + element("wp:ping_status", "closed")
            + element("wp:post_name", self.slug)
            + element("wp:status", self.status)
            + f"<wp:post_parent>{self.parent}</wp:post_parent>\n<wp:menu_order>0</wp:menu_order>\n"
            + element("wp:post_type", self.type)
            + element("wp:post_password", "")
            + f"<wp:is_sticky>{int(self.sticky)}</wp:is_sticky>\n"
        )


def category_element(taxonomy: str, slug: str, name: str) -> str:
    inner = html_of(name).replace("]]>", "]]]]><![CDATA[>")
    return f'<category domain="{_attribute(taxonomy)}" nicename="{_attribute(slug)}"><![CDATA[{inner}]]></category>\n'


def meta_elements(values: Mapping[str, str]) -> Iterable[str]:
    for key, value in values.items():
        yield "<wp:postmeta>" + element("wp:meta_key", key) + element("wp:meta_value", value) + "</wp:postmeta>\n"


def file_elements(url: str, alt: str | None) -> str:
    path = urlsplit(url).path.partition("/uploads/")[2] if _is_url(url) else ""
    values = {"_wp_attached_file": path, "_wp_attachment_image_alt": alt or ""}
    meta = meta_elements({key: value for key, value in values.items() if value})
    return element("wp:attachment_url", url) + "".join(meta)


def _is_url(url: str) -> bool:
    try:
        return bool(urlsplit(url).netloc)
    except ValueError:
        return False


def html_of(text: str) -> str:
    """Plain text as HTML."""
    return escape(text, quote=False)


def _attribute(text: str) -> str:
    return escape(text).replace("\n", "&#10;").replace("\r", "&#13;").replace("\t", "&#9;")
