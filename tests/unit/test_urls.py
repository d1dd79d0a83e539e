"""A host with an international name is one host, in whichever of its two forms a user or a site writes the name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scrapy import Request
from scrapy.crawler import Crawler

from newsbot.archive import Archive
from newsbot.archive.reader import Filter, is_same_site, read_current
from newsbot.article import links
from newsbot.browser.rules import site_of
from newsbot.export.forgotten_warc import Sites
from newsbot.feeds.names import label
from newsbot.items import Checkpoint, Post
from newsbot.safety.addresses import AddressPolicy
from newsbot.safety.credentials import parse_auth
from newsbot.spiders.archive_answers import ArchiveAnswers
from newsbot.spiders.claims import address_lease
from newsbot.spiders.declared import DeclaredRights
from newsbot.urls import ascii_host, ascii_url, unicode_host
from newsbot.wordpress.api import Api
from newsbot.wordpress.discovery.closed import recall_closed
from newsbot.wordpress.discovery.declared import declared_roots
from newsbot.wordpress.discovery.index import read_site
from newsbot.wordpress.guids import names_site
from newsbot.wordpress.messages import Query, Reply
from newsbot.wordpress.options import Options
from newsbot.wordpress.pages.sitemap import read_sitemap
from newsbot.wordpress.pages.urls import canonical, earlier_ids, id_of_url, site_host
from newsbot.wordpress.receipt import SiteFacts
from newsbot.wordpress.same_site import address_of, bare_host, moved_url
from newsbot.wordpress.site_crawl import crawl
from tests.unit.outgoing import outgoing

WRITTEN = "https://bücher.example"
IN_DNS = "https://xn--bcher-kva.example"
BOTH = (WRITTEN, IN_DNS)


@pytest.mark.parametrize(
    "name",
    [
        "bücher.example",
        "bücher.example:8080",
        "müller.xn--bcher-kva.example",
        "新闻.example",
        "новости.рф",
        "новости.рф:8080",
        "bücher:8080",
        "user:word@bücher.example",
        "user:word@bücher:8080",
    ],
)
def test_two_forms_of_a_name_are_converted_into_each_other(name: str) -> None:
    assert ascii_host(name).isascii()
    assert ascii_host(ascii_host(name)) == ascii_host(unicode_host(name)) == ascii_host(name)
    assert urlsplit(Request(f"https://{name}/").url).netloc == ascii_host(name)
    assert ascii_url(f"https://{name}/ä?x=//ü") == f"https://{ascii_host(name)}/ä?x=//ü"


@given(st.text())
def test_any_text_is_accepted_and_other_names_are_unchanged(text: str) -> None:
    assert ascii_host(text) == text or not text.isascii()
    name = f"ü..{text.replace('@', '')}"  # what stands before this sign is a user
    assert ascii_host(name) == name, "DNS has no form of this name"
    assert unicode_host(text) == text or "xn--" in text
    assert unicode_host(f"xn--{text}") is not None


@pytest.mark.parametrize(
    "key",
    [
        lambda home: site_host(f"{home}/a/"),
        lambda home: canonical(f"{home}/a/"),
        lambda home: id_of_url(f"{home}/a/"),
        lambda home: bare_host(f"{home}:8080/a/"),
        lambda home: address_of(f"{home}/blog/"),
        lambda home: moved_url(f"{WRITTEN}/a/", old=home, new="https://new.example"),
        lambda home: moved_url(f"{IN_DNS}/a/", old=home, new="https://new.example"),
        lambda home: (names_site(f"{home}/?p=7", WRITTEN), names_site(f"{home}/?p=7", IN_DNS)),
        lambda home: moved_url(f"{home}?p=7&from=me@there", old=WRITTEN, new="https://new.example"),
        lambda home: address_lease(home),
        lambda home: next(recall_closed(f"{home}/blog/")),
        lambda home: label([home]),
        lambda home: list(parse_auth(f"{urlsplit(home).netloc}=ann:secret")),
        lambda home: AddressPolicy.parse(urlsplit(home).netloc).allows("xn--bcher-kva.example", 80),
        lambda home: (is_same_site(WRITTEN, home), is_same_site(IN_DNS, f"{urlsplit(home).netloc}/")),
        lambda home: Sites.of([(home, home)], [home]).chosen,
        lambda home: links.host(f"{home}/a.jpg"),
        lambda home: site_of(f"{home}/a.js"),
        lambda home: read_site({"home": f"{home}/blog"}, Api(root=f"{IN_DNS}/blog/wp-json/"), IN_DNS).key,
        lambda home: list(declared_roots(page(f"<link rel='https://api.w.org/' href='{home}/wp-json/'>"))),
        lambda home: list(read_sitemap(page("<urlset><url><loc>" + home + "/a/</loc></url></urlset>")).urls) != [],
    ],
)
def test_a_key_is_the_same_for_both_forms(key: Any) -> None:
    assert key(WRITTEN) == key(IN_DNS)
    assert key(WRITTEN) not in ([], None, False, (False, False))


def page(body: str) -> Reply:
    return Reply(status=200, url=f"{IN_DNS}/x", body=body.encode())


def test_rights_of_a_site_are_found_by_both_forms_of_its_name() -> None:
    crawler = SimpleNamespace(
        settings={"ROBOTSTXT_USER_AGENT": "newsbot"}, signals=SimpleNamespace(connect=lambda *_: None)
    )
    declared = DeclaredRights(cast(Crawler, crawler))
    declared.robots_read(IN_DNS, 200, b"User-agent: *\nContent-Signal: ai-train=no\n")
    assert declared.of(WRITTEN) == declared.of(IN_DNS)
    assert declared.of(WRITTEN)


def earlier_id(url: str) -> int:
    """The id that versions before this one gave a URL: they took the host as it was written."""
    place = url.partition("://")[2].rstrip("/")
    return -1 - int.from_bytes(blake2b(place.encode(), digest_size=6).digest(), "big")


def test_the_earlier_ids_of_a_url_are_those_of_its_other_form() -> None:
    for home in BOTH:
        assert {id_of_url(f"{home}/a/"), *earlier_ids(f"{home}/a/")} == {earlier_id(f"{one}/a/") for one in BOTH}
    assert (earlier_ids("https://news.example/a/"), id_of_url("https://news.example/a/")) == (
        (),
        earlier_id("https://news.example/a/"),
    )


PAGE = "<body class='single-post'><div class='entry-content'><p>Words of the article {}.</p></div></body>"


class ClosedSite:
    """A site without an API. Its sitemap writes the name of the host as ``written``; replies have the form of DNS."""

    def __init__(self, written: str) -> None:
        urls = "".join(f"<url><loc>{written}/{name}/</loc></url>" for name in "ab")
        index = f"<sitemapindex><sitemap><loc>{written}/post-sitemap.xml</loc></sitemap></sitemapindex>"
        self.pages = {
            "/sitemap_index.xml": index,
            "/post-sitemap.xml": f"<urlset>{urls}</urlset>",
            **{f"/{name}/": PAGE.format(name) for name in "ab"},
        }

    def reply(self, query: Query) -> Reply:
        parts = urlsplit(query.url)
        url = query.url.replace(parts.netloc, ascii_host(parts.netloc))
        if "wp-json" in parts.path or "rest_route" in parts.query:
            body = b'{"code":"closed","message":"No.","data":{"status":401}}'
            return Reply(status=401, url=url, body=body)
        found = self.pages.get(parts.path)
        body = (found or "<html>").encode()
        return Reply(status=404 if found is None else 200, url=url, body=body, fetched_at="2026-03-01T00:00:00Z")


@pytest.fixture
def place(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'newsbot.db'}"


def run(place: str, name: str, asked: str, site: ClosedSite) -> tuple[SiteFacts, Counter[str | None]]:
    """The receipt of a crawl, and what it changed."""
    archive = Archive.open(place, run=name, alive=lambda _: False)
    archive.runs.start("wp_posts")
    facts, changes = SiteFacts(asked=asked), Counter[str | None]()
    answers = ArchiveAnswers(archive)
    for item in outgoing(crawl(Options(url=asked), facts), site.reply, answers.answer):
        if isinstance(item, Checkpoint):
            archive.commit(item)
        else:
            archive.add(item)
            changes[item.change] += 1
    archive.close()
    return facts, changes


def held(place: str) -> Iterator[tuple[str, int]]:
    archive = Archive.open(place, run="reading", alive=lambda _: False)
    for row in read_current(archive.database, Filter()):
        fields = row.fields()
        yield fields["site"], fields["id"]
    archive.close()


@pytest.mark.parametrize("first", BOTH)
@pytest.mark.parametrize("then", BOTH)
def test_a_site_without_an_api_has_one_key_and_one_row_an_article(place: str, first: str, then: str) -> None:
    asked, _ = run(place, "run-1", first, ClosedSite(written=first))
    again, changes = run(place, "run-2", then, ClosedSite(written=then))
    assert (asked.site, again.site, again.moved_from) == (IN_DNS, IN_DNS, None)
    assert changes.keys() <= {"unchanged", None}
    assert sorted(held(place)) == sorted((IN_DNS, id_of_url(f"{IN_DNS}/{name}/")) for name in "ab")


@pytest.mark.parametrize("asked", BOTH)
def test_an_archive_of_an_older_version_keeps_its_rows(place: str, asked: str) -> None:
    older = Archive.open(place, run="run-1", alive=lambda _: False)
    older.runs.start("wp_posts")
    url = f"{WRITTEN}/a/"
    older.add(Post(site=WRITTEN, type="post", id=earlier_id(url), url=url, content_html="<p>Old words.</p>"))
    older.commit(Checkpoint(site=WRITTEN, type="post", sequence=1, done=True))
    older.close()
    facts, _ = run(place, "run-2", asked, ClosedSite(written=WRITTEN))
    assert (facts.site, facts.moved_from) == (IN_DNS, WRITTEN)
    assert sorted(held(place)) == sorted([(IN_DNS, earlier_id(url)), (IN_DNS, id_of_url(f"{WRITTEN}/b/"))])
    facts, _ = run(place, "run-3", asked, ClosedSite(written=IN_DNS))
    assert (facts.site, facts.moved_from) == (IN_DNS, None)
    assert sorted(held(place)) == sorted([(IN_DNS, earlier_id(url)), (IN_DNS, id_of_url(f"{WRITTEN}/b/"))])
