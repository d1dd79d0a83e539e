"""A post as a file of Markdown: its name, its front matter and its text. Pure."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable
from html import escape, unescape
from typing import Any
from urllib.parse import unquote, urlsplit

from newsbot.article.cleaning.markdown import markdown
from newsbot.items import Post
from newsbot.numbers import is_digits
from newsbot.safe_json import without_surrogates

LONGEST = 60
"""Characters of a slug in a file's name."""

LONGEST_FOLDER = 120
"""Characters of a folder's name. File systems allow 255 bytes."""

_RESERVED = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?")
"""Names that Windows reserves for devices."""

_SOURCE = re.compile(r'(<img\b[^<>]*?\ssrc=")([^"]*)(")')
_UNPRINTABLE = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
"""Characters that JSON does not escape, and that YAML reads as a line break or refuses."""


def file_name(post: Post) -> str:
    """``2026-01-31-the-slug-17.md``: in ASCII and lower case, with the id, so that it is unique in its folder."""
    day = (post.published_local or post.published or "")[:10]
    begin = day if re.fullmatch(r"\d{4}-\d\d-\d\d", day) else "undated"
    slug = safe_name(unquote(post.slug or post.title or ""))[:LONGEST].strip("-")
    return "-".join(part for part in (begin, slug, str(post.id)) if part) + ".md"


def type_folder(name: str) -> str:
    """A folder's name for a type."""
    return safe_name(name)[:LONGEST_FOLDER].strip("-.") or "type"


def year_folder(post: Post) -> str:
    year = (post.published_local or post.published or "")[:4]
    return year if is_digits(year) else "undated"


def site_folder(site: str) -> str:
    """A folder's name for a site: the host, the port and the path."""
    try:
        parts = urlsplit(site)
    except ValueError:
        return safe_name(site)[:LONGEST_FOLDER].strip("-.") or "site"
    return safe_name(f"{parts.netloc}{parts.path}".strip("/"), also=".")[:LONGEST_FOLDER].strip("-.") or "site"


def safe_name(text: str, *, also: str = "") -> str:
    """``text`` in lower-case ASCII letters, digits and hyphens, which every file system allows."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    name = re.sub(f"[^a-z0-9{re.escape(also)}]+", "-", plain).strip("-.")
    return f"{name}-" if _RESERVED.fullmatch(name) else name


def front_matter(post: Post, image: str | None) -> str:
    """The facts of a post in YAML. Every value is JSON, which is YAML too, so no text of a site can end the front
    matter."""
    authors = [author.name for author in post.authors if author.name]
    if not authors and post.author is not None and post.author.name:
        authors = [post.author.name]
    facts: dict[str, Any] = {
        "title": post.title,
        "url": post.url,
        "site": post.site,
        "type": post.type,
        "id": post.id,
        "slug": post.slug,
        "status": post.status,
        "date": post.published,
        "modified": post.modified,
        "deleted": post.deleted_at,
        "authors": authors,
        "byline": post.byline,
        "categories": post.categories,
        "tags": post.tags,
        "language": post.language,
        "image": image,
        "description": post.excerpt,
        "source": post.source.url if post.source is not None else None,
        "truncated": post.truncated,
        "parent": post.parent,
    }
    lines = [f"{name}: {_yaml(value)}" for name, value in facts.items() if value not in (None, [], False)]
    return "---\n" + "\n".join(lines) + "\n---\n"


def _yaml(value: Any) -> str:
    if isinstance(value, list):
        value = [without_surrogates(part) for part in value]
    text = json.dumps(without_surrogates(value) if isinstance(value, str) else value, ensure_ascii=False)
    return _UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def body(post: Post, local: Callable[[str], str | None]) -> str:
    """The clean text as Markdown. ``local`` gives the path of a downloaded picture, or None."""

    def replaced(found: re.Match[str]) -> str:
        path = local(unescape(found[2]))
        return found[0] if path is None else f"{found[1]}{escape(path)}{found[3]}"

    return markdown(_SOURCE.sub(replaced, without_surrogates(post.content_html or "")))
