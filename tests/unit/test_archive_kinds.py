"""A post type and a taxonomy of one name: two collections, and the migration that takes them apart."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest
import sqlalchemy as sa

from newsbot.archive import Archive, last_crawled
from newsbot.archive.parts import fingerprint
from newsbot.archive.payloads import pack, shape_of
from newsbot.archive.reader import Filter, archived_collections, read_current
from newsbot.items import Checkpoint, Post, Record, Term
from newsbot.wordpress.questions import AskKnown
from tests.older_archive import older_archive

SITE = "https://news.example"


def event(number: int, **fields: Any) -> Post:
    return Post(
        site=SITE, type="event", id=number, **({"title": f"Event {number}", "content_text": "A fair."} | fields)
    )


def term(number: int) -> Term:
    return Term(site=SITE, type="event", id=number, name=f"Term {number}", slug=f"term-{number}", count=3)


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return Archive.open(f"sqlite:///{tmp_path / 'newsbot.db'}", run="run-1")


def test_post_type_and_taxonomy_with_one_name_are_separate_collections(archive: Archive) -> None:
    for number in (1, 2):
        assert archive.add(event(number))
    archive.commit(Checkpoint(site=SITE, type="event", sequence=2, cursor={"whole": True}, done=True))
    assert archive.add(term(2))
    archive.commit(Checkpoint(site=SITE, type="event", sequence=1, cursor={"whole": False}, done=True, kind="terms"))
    assert (archive.state(SITE, "event").live, archive.state(SITE, "event", "terms").live) == (2, 1)
    assert (archive.state(SITE, "event").whole, archive.state(SITE, "event", "terms").whole) == (True, False)
    assert archive.live.ids(AskKnown(site=SITE, type="event", kind="terms")).keys() == {2}
    assert archive.tombstone(SITE, "event", 1, "2026-11-23T10:00:00Z", kind="terms") is None
    gone = archive.tombstone(SITE, "event", 2, "2026-11-23T10:00:00Z", kind="terms")
    assert gone is not None and gone.collection == "terms"
    assert archive.add(event(2)) is False, "the term with this id is another row"
    assert archived_collections(archive.database) == [(SITE, "event", "posts"), (SITE, "event", "terms")]
    archive.close()


# The migration.


def in_0001(path: Path, rows: list[tuple[Record, int, list[Record | None]]]) -> str:
    """An archive of the first version with one collection ``event``. A row: its item, its number of revisions, and
    the item of each revision (None: a deletion)."""
    with older_archive(path, "0001") as connection:
        insert = "INSERT INTO collections VALUES (1, :site, 'event', NULL, 0, :whole, '2026-01-01', 3, '2026-01-01')"
        connection.execute(sa.text(insert), {"site": SITE, "whole": True})
        for first, number, history in rows:
            current = next(record for record in reversed(history) if record is not None)
            connection.execute(
                sa.text(
                    "INSERT INTO rows (collection, id, kind, revision, content, fingerprint, collision, twin,"
                    " first_seen, last_seen, deleted_at) VALUES (1, :id, :kind, :revision, :content, :print,"
                    " :no, :no, '1', '2', :gone)"
                ),
                {
                    "id": first.id, "kind": first.collection, "revision": number, "no": False,
                    "content": max(place for place, record in enumerate(history, 1) if record is not None),
                    "print": fingerprint(current), "gone": "9" if history[-1] is None else None,
                },
            )  # fmt: skip
            for place, record in enumerate(history, 1):
                values = {
                    "id": first.id, "place": place, "change": "deleted" if record is None else "edited",
                    "shape": None if record is None else 1 if record.id == 5 else shape_of(record.collection),
                    "payload": None if record is None else pack(record),
                }  # fmt: skip
                connection.execute(
                    sa.text(
                        "INSERT INTO revisions (collection, id, revision, change, seen, run, shape, payload)"
                        " VALUES (1, :id, :place, :change, '3', 'old', :shape, :payload)"
                    ),
                    values,
                )
            connection.execute(
                sa.text(
                    "INSERT INTO outbox (run, collection, id, revision, change) VALUES ('old', 1, :id, :n, 'edited')"
                ),
                {"id": first.id, "n": number},
            )
    return f"sqlite:///{path}"


def held(archive: Archive, kind: str) -> list[tuple[int, str]]:
    rows = read_current(archive.database, Filter(kind=kind, deleted=True))
    return [(row.record().id, row.state.change) for row in rows]


def test_migration_separates_the_kinds_of_a_mixed_collection(tmp_path: Path) -> None:
    rows: list[tuple[Record, int, list[Record | None]]] = [
        (event(1), 2, [event(1), None]),  # buried by the crawl of the terms
        (event(2), 3, [event(2), term(2), None]),  # both kinds, one id; buried by the crawl of the posts
        (term(3), 1, [term(3)]),
        (event(5), 1, [event(5)]),  # a payload of an older version, whose shape is unknown
    ]
    archive = Archive.open(in_0001(tmp_path / "old.db", rows), run="run-2")
    try:
        assert held(archive, "posts") == [(1, "deleted"), (2, "new"), (5, "new")]
        assert held(archive, "terms") == [(2, "deleted"), (3, "new")]
        for kind in ("posts", "terms"):
            state = archive.state(SITE, "event", kind)
            assert (state.whole, state.watermark, state.hidden, state.swept) == (False, None, 0, None), "walk again"
        assert archive.add(event(2)) is False, "nothing of the row has changed"
        assert archive.add(event(1)) is True, "a row that was buried by mistake comes back"
        assert archive.add(term(2)) is True
        promised = [(row.record.collection, row.record.id) for row in archive.outbox.recover(SITE, "posts")]
        assert promised == [], "the run that promised these rows has no entry"
        with archive.database.reading() as connection:
            entries = connection.execute(
                sa.text("SELECT kind, id FROM outbox JOIN collections USING (collection) WHERE run = 'old'")
            )
            assert sorted(map(tuple, entries)) == [("posts", 1), ("posts", 5), ("terms", 2), ("terms", 3)]
    finally:
        archive.close()


def test_migration_keeps_the_state_of_a_collection_of_one_kind(tmp_path: Path) -> None:
    url = in_0001(tmp_path / "old.db", [(term(3), 1, [term(3)])])
    archive = Archive.open(url, run="run-2")
    state = archive.state(SITE, "event", "terms")
    assert (state.whole, state.hidden, state.live) == (True, 3, 1)
    assert archive.state(SITE, "event").live == 0
    archive.close()


@pytest.mark.parametrize(("type_", "kind"), [("post", "posts"), ("attachment", "media"), ("user", "users")])
def test_migration_knows_the_kind_of_an_empty_collection_of_core(tmp_path: Path, type_: str, kind: str) -> None:
    with older_archive(tmp_path / "old.db", "0001") as connection:
        insert = "INSERT INTO collections (site, type, sequence, whole, hidden) VALUES (:site, :type, 0, 1, 0)"
        connection.execute(sa.text(insert), [{"site": SITE, "type": name} for name in (type_, "podcast")])
    archive = Archive.open(f"sqlite:///{tmp_path / 'old.db'}", run="run-2")
    assert archive.state(SITE, type_, kind).whole is True
    assert archive.state(SITE, "podcast").whole is False, "its kind cannot be told, so it is listed again"
    archive.close()


def test_collection_with_rows_held_back_for_their_guid_is_listed_again_after_migration(tmp_path: Path) -> None:
    url = in_0001(tmp_path / "old.db", [(event(1), 1, [event(1)]), (event(2), 1, [event(2)])])
    with older_archive(tmp_path / "old.db", "0001") as connection:
        connection.execute(sa.text("UPDATE rows SET twin = 1, revision = 0, content = 0 WHERE id = 2"))
        connection.execute(sa.text("DELETE FROM revisions WHERE id = 2"))
    archive = Archive.open(url, run="run-2")
    assert (archive.state(SITE, "event").whole, archive.state(SITE, "event").live) == (False, 1)
    assert archive.add(event(2)) is True
    archive.flush()
    archive.close()


def test_migration_lists_the_urls_of_each_site(tmp_path: Path) -> None:
    facts = {SITE: {"asked": ["news.example"], "crawled": {"wp_posts": "2026-01-01T00:00:00+00:00"}}}
    facts["news.example"] = {"asked": ["news.example"], "crawled": {}}  # the site was down once
    with older_archive(tmp_path / "old.db", "0001") as connection:
        insert = "INSERT INTO sites (site, facts, first_seen, last_seen) VALUES (:site, :facts, '1', '2')"
        for site, known in facts.items():
            connection.execute(sa.text(insert), {"site": site, "facts": orjson.dumps(known)})
    url = f"sqlite:///{tmp_path / 'old.db'}"
    assert last_crawled(url, "wp_posts", ["news.example"]).keys() == {"news.example"}
