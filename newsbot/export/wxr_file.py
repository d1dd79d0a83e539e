"""The file ``.wxr``: everything that the archive holds of one site, for WordPress's own importer."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO

from newsbot import __version__
from newsbot.archive.reader import site_name
from newsbot.export import wxr
from newsbot.export.reading import ExportTarget, Reading, Written
from newsbot.export.wxr import FullTerm
from newsbot.export.wxr_elements import encoded
from newsbot.items import Author, Media, Post, TermRef


@dataclass(slots=True)
class _Site:
    """The authors and terms that the items name, which are written before the items. ``keys``: the keys by which an
    importer recognises an item."""

    authors: dict[str, Author] = field(default_factory=dict)
    terms: dict[tuple[str, int], FullTerm] = field(default_factory=dict)
    media: set[int] = field(default_factory=set)
    keys: set[int] = field(default_factory=set)
    alike: int = 0
    undated: int = 0

    def note_author(self, author: Author | None) -> None:
        if author is not None and (login := wxr.login_of(author)):
            known = self.authors.get(login)
            if known is None or not known.name:
                self.authors[login] = author

    def note_term(self, term: TermRef, description: str | None = None) -> None:
        if term.id is not None and (term.slug or term.name):
            key = (term.taxonomy, term.id)
            if key not in self.terms or description is not None:
                self.terms[key] = FullTerm(term, description)

    def note_key(self, row: Post | Media) -> None:
        """Count a row that an importer would mistake for an earlier one: a row with the same type, time and title, or
        without a title and with the same type and time.

        Also count a row that has no time: an importer gives it the time of the import.
        """
        when = row.published_local or row.published or ""
        own, of_time = hash((row.type, when, row.title)), hash((row.type, when))
        self.alike += own in self.keys or (not row.title and of_time in self.keys)
        self.keys |= {own, of_time}
        self.undated += not when


def write_wxr(target: ExportTarget, reading: Reading) -> Written:
    """Write the channel with its authors and terms, then an item for each post and each file.

    Comments are inside the item of their post, so they are written to a temporary file first.
    """
    site = _Site()
    with tempfile.TemporaryFile() as items, tempfile.TemporaryFile() as comments:
        places = _write_comments(comments, reading)
        rows = _write_terms_and_users(site, reading)
        rows += _write_media(items, site, reading)
        posts, of_comments = _write_posts(items, comments, places, site, reading)
        key = reading.selection.site or ""
        title = site_name(reading.database, key) or key
        target.file.write(encoded(wxr.HEAD + wxr.channel(title, key, f"newsbot {__version__}")))
        for text in (*map(wxr.author_element, site.authors.values()), *wxr.term_elements(site.terms)):
            target.file.write(encoded(text))
        items.seek(0)
        shutil.copyfileobj(items, target.file, 1 << 20)
        target.file.write(wxr.TAIL.encode())
    return Written(rows=rows + posts + of_comments, notes=tuple(_notes(site, places)))


def _notes(site: _Site, left: dict[int, list[tuple[int, int]]]) -> Iterator[str]:
    if orphans := sum(map(len, left.values())):
        yield f"comments of posts that are not in the file, and that were left out: {orphans:,}"
    if lost := wxr.lost_parents(site.terms):
        yield f"terms whose parent the archive does not hold: {lost:,}. Crawl wp_terms to have the parents"
    if site.alike:
        yield (
            f"items with the type, time and title of another item: {site.alike:,}. WordPress's importer treats such "
            "items as one item and leaves the later item out"
        )
    if site.undated:
        yield f"items without a date: {site.undated:,}. WordPress gives them the time of the import"


def _write_comments(file: IO[bytes], reading: Reading) -> dict[int, list[tuple[int, int]]]:
    """Write the XML of all comments. Returns post -> place and length of each of its comments."""
    places: dict[int, list[tuple[int, int]]] = {}
    if "comments" in reading.kinds:
        end = 0
        for comment in reading.records("comments", whole=True):
            data = wxr.comment_element(comment)
            file.write(data)
            places.setdefault(comment.post or 0, []).append((end, len(data)))
            end += len(data)
    return places


def _write_terms_and_users(site: _Site, reading: Reading) -> int:
    rows = 0
    if "users" in reading.kinds:
        for user in reading.records("users", whole=True):
            site.note_author(Author(id=user.id, name=user.name, slug=user.slug, url=user.url))
            rows += 1
    if "terms" in reading.kinds:
        for term in reading.records("terms", whole=True):
            ref = TermRef(taxonomy=term.type, id=term.id, slug=term.slug, name=term.name, parent=term.parent)
            site.note_term(ref, term.description or "")
            rows += 1
    return rows


def _write_media(file: IO[bytes], site: _Site, reading: Reading) -> int:
    rows = 0
    if "media" in reading.kinds:
        for media in reading.records("media", whole=True):
            file.write(wxr.media_item(media))
            site.media.add(media.id)
            site.note_author(media.author if media.author and media.author.slug else None)
            site.note_key(media)
            rows += 1
    return rows


def _write_posts(
    file: IO[bytes], comments: IO[bytes], places: dict[int, list[tuple[int, int]]], site: _Site, reading: Reading
) -> tuple[int, int]:
    """Write the posts with their comments. Returns the number of posts and comments.

    ``places``: id of a post -> the places of its comments in ``comments``. The written posts are removed from
    ``places``.
    """
    posts = of_posts = 0
    if "posts" not in reading.kinds:
        return 0, 0
    for post in reading.records("posts"):
        own = places.pop(post.id, [])
        file.write(wxr.post_item(post, b"".join(_at(comments, place, length) for place, length in own)))
        site.note_author(post.author)
        for term in post.terms:
            site.note_term(term)
        site.note_key(post)
        image = post.image
        if image is not None and image.id and image.url and image.id not in site.media:
            file.write(wxr.image_item(image, post))
            site.media.add(image.id)
        posts += 1
        of_posts += len(own)
    return posts, of_posts


def _at(file: IO[bytes], place: int, length: int) -> bytes:
    file.seek(place)
    return file.read(length)
