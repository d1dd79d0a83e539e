"""Archives with rows to order, and exports of them in this process."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from scrapy.settings import BaseSettings

from newsbot.archive import Archive
from newsbot.export.files import export
from newsbot.items import Author, Comment, FeaturedImage, Media, Post, Record, Term, TermRef, User

SITE = "https://one.example"
NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)

HOSTILE = "a\x00b\x0bc ]]> <script>alert(1)</script> &amp; \ud800 \U0001f600 \u2028 =1+1"
"""Text that no format takes unchanged."""


def archive_of(folder: Path, *rows: Record) -> None:
    """Add rows to the archive in a folder."""
    archive = Archive.open(f"sqlite:///{folder / 'newsbot.db'}", run="r", clock=lambda: NOW)
    for row in rows:
        archive.add(row)
    archive.flush()
    archive.close()


def deleted(folder: Path, number: int) -> None:
    """Note in the archive that a post is deleted."""
    archive = Archive.open(f"sqlite:///{folder / 'newsbot.db'}", run="d", clock=lambda: NOW)
    gone = archive.tombstone(SITE, "post", number, "2026-11-23T10:00:00Z")
    assert gone is not None
    archive.add(gone)
    archive.flush()
    archive.close()


def exported(folder: Path, name: str, **options: Any) -> int:
    """The number of rows that ``scrapy export name`` reports. ``options`` are those of its command line."""
    given: dict[str, Any] = {"format": None, "site": None, "type": None, "kind": None, "since": None, "until": None}
    given |= {"category": None, "tag": None, "author": None, "search": None, "use": None}
    given |= {"latest": None, "package": False, "deleted": False, "duplicates": False, "revisions": False, **options}
    settings = BaseSettings(
        {"NEWSBOT_ARCHIVE": f"sqlite:///{folder / 'newsbot.db'}", "NEWSBOT_DATA": str(folder / "data")}
    )
    return export(folder / name, argparse.Namespace(**given), settings)


def post(number: int, **values: Any) -> Post:
    given: dict[str, Any] = {
        "site": SITE,
        "type": "post",
        "id": number,
        "title": f"Title {number}",
        "status": "publish",
    }
    given |= {"slug": f"title-{number}", "url": f"{SITE}/{number}/", "published": f"2026-01-{number:02}T08:00:00Z"}
    given |= {"published_local": f"2026-01-{number:02}T09:00:00", "content_text": "words"}
    given |= {"author": Author(id=1, name="Ann Ünal", slug="ann"), "modified": f"2026-02-{number:02}T08:00:00Z"}
    return Post(**{**given, **values})


def newsroom() -> list[Record]:
    """Two posts and a page below another, with what belongs to them."""
    news = TermRef(taxonomy="category", id=3, slug="news", name="News", parent=2)
    fire = TermRef(taxonomy="post_tag", id=4, slug="fire", name="Fire & Rescue")
    image = FeaturedImage(id=9, url=f"{SITE}/i.jpg", alt="A dog", mime="image/jpeg", width=800, height=600)
    return [
        post(1, content_text="The quick brown fox", content_html="<p>The quick brown fox</p>", terms=[news, fire]),
        post(2, content_text="Élan vital", content_html="<p>Élan</p>", terms=[news], image=image, sticky=True),
        post(5, type="page", slug="about", title="About"),
        post(6, type="page", slug="team", title="Team", parent=5),
        post(7, title=HOSTILE, excerpt=HOSTILE, content_text=HOSTILE, content_html=HOSTILE, slug=HOSTILE),
        Comment(site=SITE, type="comment", id=1, post=1, content_html="<p>Yes</p>", content_text="Yes"),
        Comment(site=SITE, type="comment", id=2, post=1, parent=1, content_html=HOSTILE, content_text="No"),
        Media(site=SITE, type="attachment", id=9, title="Dog", file_url=f"{SITE}/i.jpg", mime="image/jpeg", post=2),
        Term(site=SITE, type="category", id=2, slug="all", name="All", count=2),
        Term(site=SITE, type="category", id=3, slug="news", name="News", parent=2, count=2),
        User(site=SITE, type="user", id=1, slug="ann", name="Ann Ünal"),
    ]
