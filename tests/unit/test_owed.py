"""Rows that a run could not get are asked for again, however that run ended."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from newsbot.archive import Archive
from newsbot.archive.reader import Filter, read_current
from newsbot.items import Checkpoint
from newsbot.spiders.archive_answers import ArchiveAnswers
from newsbot.wordpress.api import Collection
from newsbot.wordpress.collection.crawl import CollectionCrawl
from newsbot.wordpress.collection.intake import MAX_OWED
from newsbot.wordpress.options import Options
from newsbot.wordpress.queries import Queries
from newsbot.wordpress.receipt import CollectionFacts
from tests.unit.model_site import HOME, ModelSite, Object, site
from tests.unit.outgoing import outgoing

POSTS = Collection(name="post", route="/wp/v2/posts")


class AuthorsUnreadable(ModelSite):
    """The site's authors cannot be read while ``authors_fail`` is true."""

    authors_fail = True

    def _answer(self, route: str, params: dict[str, str]) -> tuple[int, int | None, Any]:
        if route == "/wp/v2/users" and self.authors_fail:
            return 500, None, {"code": "internal_server_error", "message": "fatal", "data": {"status": 500}}
        return super()._answer(route, params)


def newsroom(posts: int) -> AuthorsUnreadable:
    """A site where each post has a different author."""
    numbers = range(1, posts + 1)
    return AuthorsUnreadable({n: Object(n, n * 10, author=n) for n in numbers}, users=tuple(numbers))


def crawl(folder: Path, model: ModelSite, *, run_: str, rows: int = 10**9) -> CollectionFacts:
    """A run that dies after this many rows have left."""
    archive = Archive.open(f"sqlite:///{folder / 'newsbot.db'}", run=run_, alive=lambda _: False)
    archive.runs.start("wp_posts")
    facts = CollectionFacts(type="post")
    queries = Queries(site=site(), collection=POSTS, options=Options(url=HOME))
    talk = CollectionCrawl(queries=queries, facts=facts).run()
    for message in outgoing(talk, model.reply, ArchiveAnswers(archive).answer):
        if isinstance(message, Checkpoint):
            archive.commit(message)
            continue
        archive.add(message)
        rows -= 1
        if not rows:
            break
    archive.close()
    return facts


def nameless(folder: Path) -> list[int]:
    """The archived posts whose author has no name."""
    archive = Archive.open(f"sqlite:///{folder / 'newsbot.db'}")
    posts: list[Any] = [kept.record() for kept in read_current(archive.database, Filter())]
    archive.close()
    return [post.id for post in posts if post.author.name is None]


def test_next_run_brings_missing_linked_objects_of_a_killed_run(tmp_path: Path) -> None:
    model = newsroom(700)
    crawl(tmp_path, model, run_="1", rows=250)
    assert len(nameless(tmp_path)) == 200
    model.authors_fail = False
    assert crawl(tmp_path, model, run_="2").resumed == 200
    assert nameless(tmp_path) == []


@pytest.mark.parametrize("dies", [False, True])
def test_walk_with_too_many_owed_rows_is_not_whole(tmp_path: Path, dies: bool) -> None:
    model = newsroom(MAX_OWED + 150)
    first = crawl(tmp_path, model, run_="1", rows=MAX_OWED + 120 if dies else 10**9)
    assert first.verdict == "incomplete"
    model.authors_fail = False
    again = crawl(tmp_path, model, run_="2")
    assert (again.mode, again.verdict) == ("walk", "complete")
    assert nameless(tmp_path) == []
    assert crawl(tmp_path, model, run_="3").mode == "update"


def test_missing_linked_objects_come_after_several_interrupted_walks(tmp_path: Path) -> None:
    model = newsroom(700)
    crawl(tmp_path, model, run_="1", rows=250)
    lacking = nameless(tmp_path)
    assert lacking
    model.authors_fail = False
    # The second run goes on after these rows, lacks nothing itself, and dies too.
    crawl(tmp_path, model, run_="2", rows=250)
    crawl(tmp_path, model, run_="3")
    assert nameless(tmp_path) == []


class Failing(AuthorsUnreadable):
    """Lists this many pages of posts, and then answers to nothing."""

    pages = 2

    def _answer(self, route: str, params: dict[str, str]) -> tuple[int, int | None, Any]:
        if route == "/wp/v2/posts":
            self.pages -= "content" in params.get("_fields", "content")
        if self.pages < 0:
            return 503, None, {"busy": True}
        return super()._answer(route, params)


def test_rows_delivered_without_linked_objects_are_before_the_cursor(tmp_path: Path) -> None:
    posts = range(1, 701)
    model = Failing({n: Object(n, n * 10, author=1 + n // 8) for n in posts}, users=tuple(range(1, 100)))
    model.authors_fail = False
    first = crawl(tmp_path, model, run_="1")
    assert (first.verdict, bool(nameless(tmp_path))) == ("incomplete", True)
    model.pages = 10**6
    crawl(tmp_path, model, run_="2")
    assert nameless(tmp_path) == []


def test_an_update_that_a_fault_ends_leaves_rows_without_their_links_to_the_next_run(tmp_path: Path) -> None:
    model = Failing({n: Object(n, n * 10) for n in range(1, 301)})
    model.authors_fail, model.pages = False, 10**6
    crawl(tmp_path, model, run_="1")
    model.objects |= {n: Object(n, n * 10, author=2) for n in range(301, 451)}
    model.users, model.pages = (1, 2), 1
    second = crawl(tmp_path, model, run_="2")
    assert (second.mode, second.verdict) == ("update", "incomplete")
    assert nameless(tmp_path) == [], "a row without its author would come again as edited"
    model.pages = 10**6
    third = crawl(tmp_path, model, run_="3")
    assert (third.mode, third.verdict, third.sent) == ("update", "complete", 150)
    assert nameless(tmp_path) == []
