"""What the posts of a site are made of: languages, authors, sections."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from newsbot.archive.database import Database
from newsbot.archive.reader import Filter, read_current

NONE_NAMED = "none named"


@dataclass(slots=True)
class Contents:
    """Counts of live posts. A post with several authors or sections counts for each of them."""

    languages: Counter[str] = field(default_factory=Counter)
    authors: Counter[str] = field(default_factory=Counter)
    sections: Counter[str] = field(default_factory=Counter)
    words: int = 0
    empty: int = 0
    truncated: int = 0


def contents_of(database: Database, site: str, broken: list[str]) -> Contents:
    """Read every live post of a site once. ``broken`` gets the names of the damaged ones."""
    contents = Contents()
    for row in read_current(database, Filter(kind="posts", site=site), broken):
        post = row.fields()
        contents.languages[post.get("language") or "unknown"] += 1
        authors = [author.get("name") for author in post.get("authors") or ()] or [
            (post.get("author") or {}).get("name")
        ]
        contents.authors.update({name for name in authors if name} or {NONE_NAMED})
        contents.sections.update(set(post.get("categories") or ()))
        contents.words += post.get("word_count") or 0
        contents.empty += not post.get("content_text") and not post.get("protected")
        contents.truncated += bool(post.get("truncated"))
    return contents
