"""A site that moves between two runs: the feed of the run after holds the edits and deletions, and nothing else."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from newsbot.archive import Archive
from newsbot.items import Checkpoint, Post
from newsbot.spiders.archive_answers import ArchiveAnswers
from newsbot.wordpress.messages import Query, Reply
from newsbot.wordpress.options import Options
from newsbot.wordpress.receipt import SiteFacts
from newsbot.wordpress.site_crawl import crawl
from tests.unit.changing_site import PARAMS, ROUTE, ChangingSite
from tests.unit.outgoing import outgoing

PLAIN, SECURE, RENAMED = "http://gazette.press", "https://gazette.press", "https://the-gazette.press"
ENDPOINT = {"methods": ["GET"], "args": {name: {} for name in sorted(PARAMS)}}
INDEX = {"name": "Gazette", "namespaces": ["wp/v2"], "routes": {ROUTE: {"endpoints": [ENDPOINT]}}}
TYPES = {"post": {"slug": "post", "rest_base": "posts", "rest_namespace": "wp/v2"}}


@dataclass
class MovingSite(ChangingSite):
    """A site whose every other address redirects to ``home``. Its guids name its first address for ever."""

    home: str = PLAIN

    def reply(self, query: Query) -> Reply:
        self.asked.append(query.url)
        parts = urlsplit(query.url)
        landed = parts._replace(scheme=urlsplit(self.home).scheme, netloc=urlsplit(self.home).netloc).geturl()
        if parts.path == "/wp-json/":
            found = self._json(200, INDEX | {"home": self.home, "url": self.home})
        elif parts.path == "/wp-json/wp/v2/types":
            found = self._json(200, TYPES)
        elif parts.path.startswith("/wp-json/wp/v2/posts") and query.method == "GET":
            found = self._at_home(self._reply(query))
        else:
            found = Reply(status=404, url=landed, body=b"<html>Not here</html>", fetched_at="")
        return replace(found, url=landed)

    def _at_home(self, reply: Reply) -> Reply:
        rows = json.loads(reply.body)
        for row in rows if isinstance(rows, list) else ():
            # A listing may ask for the link without the slug.
            slug = row.get("slug") or urlsplit(row.get("link", "")).path.strip("/")
            own = {"link": f"{self.home}/{slug}/", "guid": {"rendered": f"{PLAIN}/?p={row['id']}"}}
            row |= {name: value for name, value in own.items() if name in row or "slug" in row}
        return replace(reply, body=json.dumps(rows).encode())


class OtherSite(MovingSite):
    """Another WordPress, to which every other address redirects. Its ids begin at 1 as well."""

    def _at_home(self, reply: Reply) -> Reply:
        rows = json.loads(reply.body)
        for row in rows if isinstance(rows, list) else ():
            slug, guid = f"casino-{row['id']}", f"{self.home}/?p={row['id']}"
            row |= {"slug": slug, "link": f"{self.home}/{slug}/", "guid": {"rendered": guid}}
        return replace(reply, body=json.dumps(rows).encode())


@dataclass
class Reader:
    """Runs over one site with one archive. Each run gives its feed: (site, id, change, title, url)."""

    folder: Path
    site: MovingSite = field(default_factory=MovingSite)
    facts: SiteFacts = field(default_factory=lambda: SiteFacts(asked=PLAIN))
    number: int = 0

    def __call__(
        self, url: str = PLAIN, *, limit: int | None = None
    ) -> list[tuple[str, int, str, str | None, str | None]]:
        self.number += 1
        self.site.asked.clear()
        archive = Archive.open(
            f"sqlite:///{self.folder / 'newsbot.db'}",
            run=f"run-{self.number}",
            clock=lambda: self.site.now,
            alive=lambda _: False,
        )
        self.facts = SiteFacts(asked=url)
        feed = list(self._deliver(archive, crawl(Options(url=url, follow=frozenset(), limit=limit), self.facts)))
        archive.close()
        return feed

    def _deliver(self, archive: Archive, steps: Any) -> Any:
        for message in outgoing(steps, self.site.reply, ArchiveAnswers(archive).answer):
            if isinstance(message, Checkpoint):
                archive.commit(message)
                continue
            assert isinstance(message, Post)
            message.content_text = "text"
            if archive.add(message):
                yield message.site, message.id, message.change, message.title, message.url


def test_site_that_moves_to_https_and_to_a_new_domain_delivers_its_edits_and_deletions(tmp_path: Path) -> None:
    reader = Reader(tmp_path)
    site = reader.site
    for age in range(12, 0, -1):
        site.insert(age=timedelta(days=age))
    assert len(reader()) == 12

    site.home = SECURE
    site.now += timedelta(days=1)
    site.edit(3, "Corrected")
    del site.articles[5]
    assert sorted(reader()) == [
        (SECURE, 3, "edited", "Corrected", f"{SECURE}/slug-3/"),
        (SECURE, 5, "deleted", "Title 5", f"{PLAIN}/slug-5/"),
    ]
    assert (reader.facts.verdict, reader.facts.moved_from) == ("complete", PLAIN)

    site.home = RENAMED
    site.now += timedelta(days=1)
    site.edit(3, "Corrected again")
    site.edit(8, "Corrected")
    site.articles[9].status = "trash"
    new = site.insert()
    assert sorted(reader(RENAMED)) == [
        (RENAMED, 3, "edited", "Corrected again", f"{RENAMED}/slug-3/"),
        (RENAMED, 8, "edited", "Corrected", f"{RENAMED}/slug-8/"),
        (RENAMED, 9, "deleted", "Title 9", f"{PLAIN}/slug-9/"),
        (RENAMED, new, "new", f"Title {new}", f"{RENAMED}/slug-{new}/"),
    ]
    assert (reader.facts.verdict, reader.facts.moved_from) == ("complete", SECURE)
    assert reader(RENAMED) == []


def test_address_that_leads_to_another_site_delivers_nothing_until_it_leads_back(tmp_path: Path) -> None:
    reader = Reader(tmp_path)
    own, buyer = reader.site, OtherSite(home="https://casino.press")
    for age in range(12, 0, -1):
        own.insert(age=timedelta(days=age))
        buyer.insert(age=timedelta(days=age, hours=1))
    assert len(reader()) == 12

    reader.site = buyer
    for _ in range(2):
        assert reader() == []
        assert (reader.facts.verdict, reader.facts.cause, reader.facts.site) == ("incomplete", "address", None)
        assert f"led to {PLAIN} until now, and leads to another site, {buyer.home}" in reader.facts.why
    assert len(reader(buyer.home)) == 12, "the site itself is crawled under its own address"
    assert reader() == [], "also where the archive holds the other site"

    reader.site = own
    own.edit(3, "Corrected")
    assert [row[:3] for row in reader()] == [(PLAIN, 3, "edited")]
    assert reader.facts.verdict == "complete"


@pytest.mark.parametrize("home", [SECURE, RENAMED])
def test_moved_site_is_recognised_when_the_archive_holds_only_its_newest_rows(home: str, tmp_path: Path) -> None:
    reader = Reader(tmp_path)
    for age in range(30, 0, -1):
        reader.site.insert(age=timedelta(days=age))
    assert len(reader(limit=5)) == 5
    reader.site.home = home
    reader.site.now += timedelta(days=1)
    reader(limit=5)
    assert (reader.facts.verdict, reader.facts.site) == ("complete", home), reader.facts.why
    reader.site = OtherSite(home="https://casino.press", articles=reader.site.articles)
    assert reader(limit=5) == []
    assert "leads to another site" in reader.facts.why


def test_address_without_content_is_requested_again_in_the_next_run(tmp_path: Path) -> None:
    reader = Reader(tmp_path)
    reader.site.insert(age=timedelta(days=1))
    for _ in range(2):
        assert reader(f"{PLAIN}/politics/") == []
        assert "nothing is at" in reader.facts.why
        assert f"{PLAIN}/politics/" in reader.site.asked
