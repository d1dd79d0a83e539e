"""The archive on SQLite: new, edited, unchanged and deleted rows, and their columns."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from newsbot.archive.parts import PARTS, changed_parts, fingerprint
from newsbot.items import Author, Embed, FeaturedImage, Image, Post, TermRef, columns
from newsbot.wordpress.questions import AskKnown
from tests.unit.reopened_archive import SITE, Clock, Open, checkpoint, post
from tests.unit.reopened_archive import clock as clock
from tests.unit.reopened_archive import empty_archive as empty_archive
from tests.unit.reopened_archive import reopen as reopen


@pytest.mark.parametrize(
    ("fields", "change", "changed"),
    [
        ({"title": "Other"}, "edited", "title"),
        ({"content_text": "Other"}, "edited", "text"),
        ({"author": Author(id=2, name="Ann")}, "edited", "author"),
        ({"terms": []}, "edited", "terms,term_names"),
        ({"image": None}, "edited", "image,image_url"),
        ({"author": Author(id=1, name="Ann Renamed")}, "edited", "author_name"),
        ({"author": Author(id=1)}, "unchanged", None),
        ({"author": Author(id=2)}, "edited", "author,author_name"),
        ({"terms": [TermRef(taxonomy="category", id=3, name="Reports")]}, "edited", "term_names"),
        ({"terms": [TermRef(taxonomy="category", id=3)]}, "unchanged", None),
        ({"image": FeaturedImage(id=9, url="https://news.example/new.jpg")}, "edited", "image_url"),
        ({"image": FeaturedImage(id=9)}, "unchanged", None),
        ({"image": FeaturedImage(id=9), "sticky": True}, "edited", "image_url,state"),
        ({"content_html": "<p nonce=2>Text of 1</p>", "comment_count": 5}, "unchanged", None),
        ({"slug": "new"}, "edited", "url"),
        ({"url": f"{SITE}/moved/"}, "edited", "url"),
        ({"excerpt": "Corrected"}, "edited", "excerpt"),
        ({"published": "2026-01-02T00:00:00Z"}, "edited", "published"),
        ({"published_local": "2026-01-01T02:00:00"}, "edited", "published"),
        ({"images": [Image(url="https://news.example/body.jpg")]}, "edited", "body_media"),
        ({"links": ["https://b.example/"]}, "edited", "body_media"),
        ({"embeds": [Embed(provider="YouTube", url="https://youtu.be/x")]}, "edited", "body_media"),
        ({"sticky": True}, "edited", "state"),
        ({"format": "video"}, "edited", "state"),
        ({"language": "uk"}, "unchanged", None),
        ({"authors": [Author(id=1, name="Ann"), Author(name="Ben")]}, "edited", "authors"),
        ({"modified": "2026-03-01T00:00:00Z"}, "unchanged", None),
        (
            {"terms": [TermRef(taxonomy="tag", id=5, name="A"), TermRef(taxonomy="category", id=3, name="News")]},
            "edited",
            "terms,term_names",
        ),
        ({"terms": [TermRef(taxonomy="tag", id=None, name="A")]}, "edited", "terms,term_names"),
        ({"title": " Title 1\n", "content_text": "\tText of 1 "}, "unchanged", None),
    ],
)
def test_edit_is_distinguished_from_insignificant_changes(
    reopen: Open, tmp_path: Path, fields: dict[str, Any], change: str, changed: str | None
) -> None:
    archive = reopen()
    archive.add(post(1))
    archive.commit(checkpoint(1))
    came = post(1, **fields)
    assert archive.add(came) is (change == "edited")
    archive.commit(checkpoint(2))
    assert (came.change, came.revision) == (change, 2 if changed else 1)
    with sqlite3.connect(tmp_path / "newsbot.db") as truth:
        stored = truth.execute("SELECT revision, change, changed FROM revisions ORDER BY revision").fetchall()
    assert stored == [(1, "new", None)] + ([(2, "edited", changed)] if changed else [])


def test_older_copy_of_a_cache_never_replaces_a_newer_one(reopen: Open) -> None:
    archive = reopen()
    archive.add(post(1, modified="2026-03-01T00:00:00Z"))
    archive.commit(checkpoint(1))
    old = post(1, modified="2026-02-01T00:00:00Z", title="Old")
    assert archive.add(old) is False
    archive.commit(checkpoint(2))
    assert archive.live.ids(AskKnown(site=SITE, type="post", ids=(1,))) == {1: "2026-03-01T00:00:00Z"}
    kept = archive.tombstone(SITE, "post", 1, "2026-11-23T10:00:00Z")
    assert isinstance(kept, Post)
    assert kept.title == "Title 1"


def test_two_changes_of_a_row_in_one_page_are_two_revisions(reopen: Open, tmp_path: Path) -> None:
    archive = reopen()
    for title in ("One", "Two", "Three"):
        assert archive.add(post(1, title=title)) is True
    archive.flush()
    with sqlite3.connect(tmp_path / "newsbot.db") as truth:
        stored = truth.execute("SELECT revision, change FROM revisions ORDER BY revision").fetchall()
    assert stored == [(1, "new"), (2, "edited"), (3, "edited")]


def test_copy_is_stored_like_any_other_row(reopen: Open) -> None:
    archive = reopen()
    assert archive.add(post(1, duplicate_of="https://other.example post 1")) is True
    archive.commit(checkpoint(1))
    gone = archive.tombstone(SITE, "post", 1, "2026-11-23T10:00:00Z")
    assert isinstance(gone, Post) and gone.duplicate_of == "https://other.example post 1"


def test_tombstone_holds_the_last_version_and_a_returned_row_is_edited(reopen: Open) -> None:
    archive = reopen()
    archive.add(post(1, title="Title one"))
    archive.commit(checkpoint(1))
    gone = archive.tombstone(SITE, "post", 1, "2026-11-23T10:00:00Z")
    assert isinstance(gone, Post)
    assert (gone.title, gone.change, gone.deleted_at) == ("Title one", "deleted", "2026-11-23T10:00:00Z")
    assert gone.author == Author(id=1, name="Ann")
    assert gone.terms == [TermRef(taxonomy="category", id=3, name="News")]
    assert archive.state(SITE, "post").live == 1, "nothing is written before the row came through"
    assert archive.add(gone) is True
    archive.commit(checkpoint(1))
    assert archive.state(SITE, "post").live == 0
    assert archive.tombstone(SITE, "post", 1, "2026-11-23T10:00:00Z") is None
    back = post(1, title="Title one")
    assert archive.add(back) is True
    assert (back.change, back.revision, back.deleted_at) == ("edited", 3, None)
    archive.commit(checkpoint(1))
    assert archive.state(SITE, "post").live == 1


def test_deletion_is_delivered_once(reopen: Open) -> None:
    archive = reopen()
    archive.add(post(1))
    archive.commit(checkpoint(1))
    gone = archive.tombstone(SITE, "post", 1, "2026-11-23T10:00:00Z")
    assert gone is not None
    assert archive.add(gone) is True
    again = post(1)
    again.change = "deleted"
    assert archive.add(again) is False
    archive.flush()
    never_held = post(2)
    never_held.change = "deleted"
    assert archive.add(never_held) is False


def test_full_run_delivers_unchanged_rows(reopen: Open) -> None:
    archive = reopen()
    archive.add(post(1))
    archive.commit(checkpoint(1))
    full = reopen("run-2", full=True)
    came = post(1)
    assert full.add(came) is True
    assert came.change == "unchanged"


@pytest.mark.parametrize(
    "older", [{"modified": "2026-01-15T00:00:00Z", "title": "As it was"}, {"via": "feed", "author": None, "terms": []}]
)
def test_full_run_delivers_the_stored_version_instead_of_an_older_or_poorer_one(
    reopen: Open, older: dict[str, Any]
) -> None:
    archive = reopen()
    archive.add(post(1))
    archive.commit(checkpoint(1))
    came = post(1, **older)
    assert reopen("run-2", full=True).add(came) is True
    assert (came.title, came.modified, came.via) == ("Title 1", "2026-02-01T00:00:00Z", "rest")
    assert (came.author, came.revision, came.change) == (Author(id=1, name="Ann"), 1, "unchanged")


def test_last_seen_changes_and_first_seen_does_not(reopen: Open, clock: Clock) -> None:
    archive = reopen()
    archive.add(post(1))
    archive.commit(checkpoint(1))
    clock.pass_(days=1)
    came = post(1, title="New title")
    archive.add(came)
    assert (came.first_seen, came.last_seen) == ("2026-11-23T10:00:00Z", "2026-11-24T10:00:00Z")


def test_archive_returns_all_columns(reopen: Open) -> None:
    archive = reopen()
    came = post(1, content_text="lone \ud800 surrogate", raw={"big": 2**70})
    archive.add(came)
    archive.commit(checkpoint(1))
    gone = archive.tombstone(SITE, "post", 1, "2026-11-23T10:00:00Z")
    assert isinstance(gone, Post)
    assert gone.raw == {"big": float(2**70)}
    assert [name for name in columns(Post) if getattr(gone, name) != getattr(came, name)] == [
        *("content_text", "revision", "change", "deleted_at")
    ]


def test_another_order_of_terms_is_no_edit(reopen: Open) -> None:
    archive = reopen()
    terms = [TermRef(taxonomy="category", id=number) for number in (3, 4)]
    archive.add(post(1, terms=terms))
    archive.commit(checkpoint(1))
    assert archive.add(post(1, terms=terms[::-1])) is False


def test_row_with_only_a_new_modified_date_is_touched_and_not_edited(reopen: Open) -> None:
    archive = reopen()
    archive.add(post(1))
    archive.commit(checkpoint(1))
    again = post(1, modified="2026-03-01T00:00:00Z")
    assert (archive.add(again), archive.was_touched(again)) == (False, True)
    archive.commit(checkpoint(2))
    assert (archive.add(again), archive.was_touched(again)) == (False, False)


def test_shorter_fingerprint_of_an_older_version_is_compared_in_its_parts() -> None:
    before, same, other = (fingerprint(post(1, **fields)) for fields in ({}, {"sticky": True}, {"title": "Other"}))
    older = before[:40]
    assert changed_parts("posts", older, same) == []
    assert changed_parts("posts", older, other) == ["title"]
    assert changed_parts("posts", b"", same) == list(PARTS["posts"])
