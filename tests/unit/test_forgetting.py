"""``scrapy forget``: rows leave the archive for good, the feeds get the deletions, and no crawl brings them back."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from newsbot.archive import Archive
from newsbot.archive.followed import Followed, FollowedSite
from newsbot.archive.forgetting import Plan, undisturbed
from newsbot.archive.near_names import near_names
from newsbot.archive.payloads import compressed
from newsbot.archive.reader import Filter, read_current, read_history
from newsbot.errors import ArchiveError, BadArgument
from newsbot.export.forgotten import Unconfirmed, Wish, forget
from newsbot.items import Author, Checkpoint, Comment, Post, Record, User
from newsbot.wordpress.questions import AskKnown

SITE, OTHER = "https://news.example", "https://other.example"
SECRET = "my address is Elm Street 7"


def comment(number: int, name: str, site: str = SITE, text: str = "fine") -> Comment:
    author = Author(id=None, name=name)
    return Comment(site=site, type="comment", id=number, author=author, content_text=text)


def fill(url: str) -> None:
    replies = [{"id": 1, "author": "Jo  DOE", "text": SECRET}, {"id": 2, "author": "Ann", "text": "fine"}]
    listed: list[Record] = [
        comment(1, "Jo Doe", text=SECRET),
        comment(2, "Ann"),
        Post(site=SITE, type="post", id=1, title="One", linked={"replies": replies}, author=Author(name="Jo Doe")),
        User(site=SITE, type="user", id=7, name="Jo Doe", slug="jo"),
        comment(1, "jo doe", site=OTHER),
    ]
    take(url, listed)


def take(url: str, listed: list[Record], run: str = "first") -> list[bool]:
    archive = Archive.open(url, run=run)
    delivered = [archive.add(record) for record in listed]
    for record in listed:
        key = (record.site, record.type, record.collection)
        count = sum((other.site, other.type, other.collection) == key for other in listed)
        archive.commit(
            Checkpoint(site=key[0], type=key[1], kind=key[2], sequence=count, cursor={"whole": True}, done=True)
        )
    archive.flush()
    archive.close()
    return delivered


@pytest.fixture
def url(tmp_path: Path) -> str:
    found = f"sqlite:///{tmp_path / 'newsbot.db'}"
    fill(found)
    return found


def check_forgetting(url: str, folder: Path) -> None:
    """On any database: a person leaves the comments of every site, and then a site leaves the archive."""
    fill(url)
    ask(url, "person", "Jo Doe", folder=folder)
    assert (held(url, "comments"), held(url, "users")) == ([(SITE, 2)], [])
    assert take(url, [comment(1, "Jo Doe", text=SECRET), comment(2, "Ann")], run="second") == [False, False]
    ask(url, "site", SITE, folder=folder)
    assert (held(url, "comments"), held(url, "posts")) == ([], [])
    files = sorted(path.name.rpartition("-")[2] for path in (folder / "data" / "forget").iterdir())
    assert files == ["comments.jsonl", "comments.jsonl", "posts.jsonl", "users.jsonl"]


def ask(
    url: str, what: str, *words: str, site: str | None = None, agree: bool = True, folder: Path | None = None
) -> list[str]:
    data = str((folder or Path(url.removeprefix("sqlite:///")).parent) / "data")
    wish = Wish(what=what, words=words, site=site)
    return forget(wish, archive_url=url, data=data, warc="", confirm=lambda _: agree)


def held(url: str, kind: str) -> list[tuple[str, int]]:
    archive = Archive.open(url)
    broken: list[str] = []
    found = [row.record() for row in read_current(archive.database, Filter(kind=kind, deleted=True), broken)]
    archive.close()
    assert broken == []
    return [(row.site, row.id) for row in found]


def delivered_rows(url: str, kind: str) -> list[dict[str, Any]]:
    folder = Path(url.removeprefix("sqlite:///")).parent / "data" / "forget"
    return [json.loads(line) for path in folder.glob(f"*-{kind}.jsonl") for line in path.read_text().splitlines()]


def bytes_of(url: str) -> bytes:
    place = Path(url.removeprefix("sqlite:///"))
    return b"".join(path.read_bytes() for path in place.parent.glob("newsbot.db*"))


def payloads(url: str, site: str, row_id: int) -> list[bytes]:
    """The stored contents of a comment of a site."""
    query = (
        "SELECT payload FROM revisions JOIN collections USING (collection) WHERE site=? AND kind='comments' AND id=?"
    )
    with sqlite3.connect(url.removeprefix("sqlite:///")) as connection:
        return [payload for (payload,) in connection.execute(query, (site, row_id))]


def test_person_is_forgotten_except_as_an_author_of_articles(url: str) -> None:
    lines = ask(url, "person", "jo", "doe")
    assert lines[0] == "3 rows are removed from the archive"
    assert held(url, "comments") == [(SITE, 2)]
    assert held(url, "users") == []
    assert [(row["site"], row["id"], row["change"]) for row in delivered_rows(url, "comments")] == [
        (SITE, 1, "deleted"),
        (OTHER, 1, "deleted"),
    ]
    assert all(row["author"] is None and row["content_text"] is None for row in delivered_rows(url, "comments"))
    assert [row["id"] for row in delivered_rows(url, "users")] == [7]
    archive = Archive.open(url)
    (post,) = (row.record() for row in read_current(archive.database, Filter()))
    assert isinstance(post, Post)
    assert [reply["author"] for reply in post.linked["replies"]] == ["Ann"]
    assert post.author is not None and post.author.name == "Jo Doe"
    assert [json.loads(line)["id"] for line in read_history(archive.database, Filter(kind="comments"))] == [2]
    archive.close()
    # No feed waits for a row without content, which the next run would take for a damaged one.
    with sqlite3.connect(url.removeprefix("sqlite:///")) as connection:
        waiting = connection.execute("SELECT id FROM outbox JOIN collections USING (collection) WHERE kind='comments'")
        assert waiting.fetchall() == [(2,)]


def test_forgotten_row_counts_as_known_and_is_never_delivered_again(url: str) -> None:
    stored = payloads(url, SITE, 1)
    assert stored and all(payload in bytes_of(url) for payload in stored)
    ask(url, "person", "Jo Doe", site=SITE)
    assert held(url, "comments") == [(SITE, 2), (OTHER, 1)]
    delivered = take(url, [comment(1, "Jo Doe", text=SECRET), comment(2, "Ann")], run="second")
    assert delivered == [False, False]
    archive = Archive.open(url, run="third", full=True)
    known = archive.live.ids(AskKnown(site=SITE, type="comment", kind="comments"))
    assert sorted(known) == [1, 2]
    # With full=1 it is not delivered either, and an edit brings no content.
    assert archive.add(comment(1, "Jo Doe", text="edited")) is False
    gone = archive.tombstone(SITE, "comment", 1, "2026-01-01T00:00:00Z", kind="comments")
    assert isinstance(gone, Comment) and gone.content_text is None
    archive.flush()
    archive.close()
    assert held(url, "comments") == [(SITE, 2), (OTHER, 1)]
    # SQLite overwrote what it freed.
    assert not any(payload in bytes_of(url) for payload in stored)


def test_forgotten_text_is_overwritten_by_an_sqlite_that_keeps_it_and_in_the_log_of_an_open_archive(url: str) -> None:
    """Debian's SQLite overwrites what it frees by default, others do not. The last connection removes the log."""
    stored = payloads(url, SITE, 1)

    def keep_freed(connection: sqlite3.Connection, _: object) -> None:
        connection.execute("PRAGMA secure_delete=OFF")

    sa.event.listen(sa.pool.Pool, "connect", keep_freed)
    other = sqlite3.connect(url.removeprefix("sqlite:///"))
    try:
        assert other.execute("SELECT count(*) FROM rows").fetchone() != (0,)
        ask(url, "person", "Jo Doe", site=SITE)
        assert not any(payload in bytes_of(url) for payload in stored)
    finally:
        sa.event.remove(sa.pool.Pool, "connect", keep_freed)
        other.close()


def test_forgetting_comments_of_a_site_keeps_those_of_other_sites(url: str) -> None:
    ask(url, "comments", site="news.example")
    assert held(url, "comments") == [(OTHER, 1)]
    assert len(delivered_rows(url, "comments")) == 2
    archive = Archive.open(url)
    (post,) = (row.record() for row in read_current(archive.database, Filter()))
    assert isinstance(post, Post) and post.linked == {"replies": []}
    # The next crawl begins as if it were the first one.
    assert archive.state(SITE, "comment", "comments").whole is False
    archive.close()


@pytest.mark.parametrize("wishes", [("person", "comments"), ("person", "comments", "comments"), ("comments", "person")])
def test_forgetting_all_comments_does_not_restore_a_forgotten_person(wishes: tuple[str, ...], url: str) -> None:
    for number, what in enumerate(wishes):
        ask(url, what, *(("Jo Doe",) if what == "person" else ()), site=SITE)
        if what == "comments" and number == 0:
            # The comments come again, and the person asks after that.
            assert take(url, [comment(1, "Jo Doe", text=SECRET)], run="again") == [True]
    assert (SITE, 1) not in held(url, "comments")
    # A feed gets each deletion once.
    again = [(SITE, 1)] * (wishes[0] == "comments")
    assert sorted((row["site"], row["id"]) for row in delivered_rows(url, "comments")) == sorted(
        [(SITE, 1), (SITE, 2), *again]
    )
    archive = Archive.open(url)
    state = archive.state(SITE, "comment", "comments")
    assert (state.whole, state.cursor) == (wishes[-1] == "person", None)
    archive.close()
    brought = take(url, [comment(1, "Jo Doe", text=SECRET), comment(2, "Ann"), comment(3, "Jo Doe")], run="second")
    assert brought == [False, True, True]
    assert held(url, "comments") == [(SITE, 2), (SITE, 3), (OTHER, 1)]


def test_person_is_forgotten_although_a_post_has_unreadable_json(url: str) -> None:
    unreadable = compressed(b'{"linked":{"replies":[]},"raw":{"views":1' + b"0" * 400 + b"}}")
    with sqlite3.connect(url.removeprefix("sqlite:///")) as connection:
        of_posts = "collection IN (SELECT collection FROM collections WHERE kind='posts')"
        connection.execute(f"UPDATE revisions SET payload=? WHERE {of_posts}", (unreadable,))
    ask(url, "person", "Jo Doe")
    assert (held(url, "comments"), held(url, "users")) == ([(SITE, 2)], [])


def test_site_is_forgotten_completely(url: str) -> None:
    archive = Archive.open(url, run="links")
    archive.remember(SITE, "/wp/v2/users", {7: {"id": 7, "name": "Jo Doe"}})
    # The site is followed by an address that no check has seen yet.
    archive.runs.keep_site("news.example", {"key": SITE, "name": "News"})
    Followed(archive.database).add([FollowedSite(url="news.example", spider="wp_posts")])
    archive.flush()
    archive.close()
    ask(url, "site", "https://news.example/")
    assert (held(url, "posts"), held(url, "users"), held(url, "comments")) == ([], [], [(OTHER, 1)])
    assert {row["site"] for kind in ("posts", "comments", "users") for row in delivered_rows(url, kind)} == {SITE}
    with sqlite3.connect(url.removeprefix("sqlite:///")) as connection:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type='table'")]
        for table in tables:
            rows = connection.execute(f"SELECT * FROM {table}").fetchall()
            assert not any(SITE in str(value) for row in rows for value in row), table
        assert connection.execute("SELECT url FROM followed").fetchall() == []
    assert SITE.encode() not in bytes_of(url)


def test_nothing_is_removed_without_confirmation_without_a_match_or_during_a_run(url: str) -> None:
    before = bytes_of(url)
    with pytest.raises(Unconfirmed):
        ask(url, "site", SITE, agree=False)
    with pytest.raises(BadArgument, match="does not know the site https://no"):
        ask(url, "site", "https://no.example")
    with pytest.raises(BadArgument, match="nothing of the site no"):
        ask(url, "person", "Ann", site="no.example")
    with pytest.raises(BadArgument, match="has the name Nobody; no name there is similar"):
        ask(url, "person", "Nobody")
    at_work = Archive.open(url, run="crawl")
    assert at_work.leases.take(SITE, "comments") is None
    with pytest.raises(ArchiveError, match="the run crawl crawls one of these sites now"):
        ask(url, "comments", site=SITE)
    at_work.close()
    assert held(url, "comments") == [(SITE, 1), (SITE, 2), (OTHER, 1)]
    assert len(bytes_of(url)) >= len(before)


def test_rows_stored_during_the_confirmation_are_removed(url: str, tmp_path: Path) -> None:
    def crawl_meanwhile(_: str) -> bool:
        take(
            url,
            [comment(9, "Jo Doe", text=SECRET), comment(3, "Jo Doe", site="https://third.example")],
            run="meanwhile",
        )
        return True

    lines = forget(
        Wish(what="person", words=["Jo Doe"], site=None),
        archive_url=url,
        data=str(tmp_path / "data"),
        warc="",
        confirm=crawl_meanwhile,
    )
    assert lines[0] == "5 rows are removed from the archive"
    assert held(url, "comments") == [(SITE, 2)]
    assert sorted(row["id"] for row in delivered_rows(url, "comments")) == [1, 1, 3, 9]


def test_rows_of_a_site_that_no_plan_had_before_its_lease_are_in_the_plan_after_it(url: str) -> None:
    archive = Archive.open(url, run="forget")
    # A crawl brings rows of another site before the first site's lease, and rows of both before the second lease.
    plans = [Plan(sites=[SITE]), Plan(sites=[SITE, OTHER]), Plan(sites=[OTHER, SITE])]
    made = iter(plans)
    with undisturbed(archive, lambda: next(made)) as plan:
        assert plan is plans[2]
    archive.close()


def test_unicode_forms_of_one_name_are_equal(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'newsbot.db'}"
    take(url, [comment(1, "Jose\u0301 Núñez"), comment(2, "Ann")])
    ask(url, "person", "José nu\u0301n\u0303ez".replace("nu\u0301", "nú"))
    assert held(url, "comments") == [(SITE, 2)]


def test_unknown_name_is_refused_with_similar_names(url: str) -> None:
    found = {}
    for name, site in (("Doe, Jo", None), ("Xaver", None), ("Anne", None), ("Anne", OTHER)):
        with pytest.raises(BadArgument) as refused:
            ask(url, "person", name, site=site)
        found[name, site] = str(refused.value)
    nobody = "no account and no comment in the archive has the name"
    assert found["Doe, Jo", None].lower() == f"{nobody} Doe, Jo; these names are similar: jo doe, jo".lower()
    assert found["Xaver", None] == f"{nobody} Xaver; no name there is similar"
    assert found["Anne", None] == f"{nobody} Anne; these names are similar: Ann"
    assert found["Anne", OTHER].startswith(f"no account and no comment of {OTHER} in the archive has the name Anne; no")
    assert len(held(url, "comments")) == 3
    # A name that stands in replies within posts alone is found there.
    assert ask(url, "person", "Ann", site=SITE)[0] == "1 rows are removed from the archive"


def test_five_most_similar_names_are_proposed() -> None:
    names = [f"jo doe {number}" for number in range(20)] + ["jo doe", "joe doe", "bo do", "ann", ""]
    near = near_names("jo dow", ((name, name.title()) for name in names * 2))
    assert near[:2] == ["Jo Doe", "Joe Doe"]
    assert len(near) == len(set(near)) == 5
    assert near_names("doe", [("jane doe", "Jane Doe"), ("doering", "Doering")]) == ["Jane Doe"]
