"""A model site with a sitemap, a feed and pages, and crawls of it."""

from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from newsbot.archive import Archive
from newsbot.archive.archive import Clock, utc_now
from newsbot.items import Checkpoint, Record
from newsbot.spiders.archive_answers import ArchiveAnswers
from newsbot.wordpress.api import Site
from newsbot.wordpress.messages import Query, Reply
from newsbot.wordpress.offered import crawl_collections
from newsbot.wordpress.options import Options
from newsbot.wordpress.receipt import CollectionFacts, SiteFacts
from tests.unit.model_site import HOME, ModelSite, Object
from tests.unit.outgoing import outgoing
from tests.unit.test_languages import site_of

INDEX = "/wp-sitemap.xml"
LIST = "/wp-sitemap-posts-post-1.xml"


@dataclass
class ListedSite(ModelSite):
    """``by_slug`` are ids that only a query by slug shows, ``unseen`` those that no query shows. ``folder`` stands in
    the permalinks before the slug."""

    folder: str = ""
    by_slug: frozenset[int] = frozenset()
    unseen: frozenset[int] = frozenset()

    def _answer(self, route: str, params: dict[str, str]) -> tuple[int, int | None, Any]:
        if route == "/wp/v2/types":
            return 200, None, {"post": {"rest_base": "posts"}}
        if route in ("/wp/v2/pages", "/wp/v2/categories", "/wp/v2/tags") and "slug" in params:
            return 200, 0, []
        return super()._answer(route, params)

    def _matching(self, params: dict[str, str]) -> list[Object]:
        found = [row for row in super()._matching(params) if row.id not in self.unseen]
        if "slug" not in params:
            return [one for one in found if one.id not in self.by_slug]
        slugs = params["slug"].split(",")
        return [one for one in found if f"post-{one.id}" in slugs]

    def _row(self, one: Object, params: dict[str, str]) -> dict[str, Any]:
        return super()._row(one, params) | {"slug": f"post-{one.id}", "link": f"{HOME}{self.folder}/post-{one.id}/"}


def slugged() -> Site:
    """A site that declares the parameter ``slug``, as WordPress does."""
    site = site_of(takes=False)
    site.accepts = {
        route: replace(accepts, params=accepts.params | {"slug"}) for route, accepts in site.accepts.items()
    }
    return site


def urlset(urls: Iterable[str]) -> str:
    return f"<urlset>{''.join(f'<url><loc>{HOME}{url}</loc></url>' for url in urls)}</urlset>"


def index(*names: str) -> str:
    return f"<sitemapindex>{''.join(f'<sitemap><loc>{HOME}{name}</loc></sitemap>' for name in names)}</sitemapindex>"


def page(number: int, *, body: str = "The article.", type_: str = "post") -> str:
    head = f"<html><body class='single single-{type_} postid-{number}'><h1 class='entry-title'>Title {number}</h1>"
    return f"{head}<div class='entry-content'><p>{body}</p></div></body></html>"


def listed_site(count: int = 30, *, listed: Iterable[str] | None = None, **fields: Any) -> ListedSite:
    model = ListedSite({number: Object(number, 60 * number) for number in range(1, count + 1)}, **fields)
    urls = [f"/post-{number}/" for number in model.objects] if listed is None else listed
    model.web |= {INDEX: index(LIST), LIST: urlset(urls)}
    return model


def ids(rows: Iterable[Record]) -> list[int]:
    return sorted(row.id for row in rows)


def run(
    folder: Path,
    model: ListedSite,
    name: str,
    *,
    site: Site | None = None,
    dropped: Container[int] = (),
    clock: Clock = utc_now,
    **options: Any,
) -> tuple[list[Record], CollectionFacts]:
    """A run with an archive. A pipeline of the user drops the rows with ``dropped`` ids."""
    archive = Archive.open(f"sqlite:///{folder / 'a.db'}", run=name, clock=clock, alive=lambda _: False)
    archive.runs.start("wp_posts")
    facts, rows = SiteFacts(asked=HOME), []
    chosen = Options(url=HOME, follow=frozenset(), **options)
    talk = crawl_collections(site or slugged(), chosen, facts)
    for message in outgoing(talk, model.reply, ArchiveAnswers(archive).answer):
        if isinstance(message, Checkpoint):
            archive.commit(message)
        elif message.id in dropped:
            archive.count_dropped(message)
        elif archive.add(message):
            rows.append(message)
    archive.close()
    return rows, facts.collections["post"]


@dataclass
class DatedSite(ListedSite):
    """``today`` is the day of the site's answers."""

    today: str = "2026-01-01"
    listed_folder: str = ""
    """What stands in the permalinks of rows that come without their content."""

    def _row(self, one: Object, params: dict[str, str]) -> dict[str, Any]:
        row = super()._row(one, params)
        fields = params.get("_fields", "content").split(",")
        if "content" not in fields:
            row |= {"link": row["link"].replace(HOME, HOME + self.listed_folder)}
        return {name: value for name, value in row.items() if name in fields}

    def reply(self, query: Query) -> Reply:
        return replace(super().reply(query), fetched_at=f"{self.today}T00:00:00Z")


def dated_site(count: int) -> DatedSite:
    model = DatedSite({number: Object(number, 60 * number) for number in range(1, count + 1)})
    model.web |= {INDEX: index(LIST), LIST: urlset(f"/post-{number}/" for number in model.objects)}
    return model


def addressed() -> Site:
    """A site that declares ``slug`` and ``modified_after``."""
    site = slugged()
    for route, accepts in site.accepts.items():
        site.accepts[route] = replace(accepts, params=accepts.params | {"modified_after"})
    return site
