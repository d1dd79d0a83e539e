"""Asks for the rows that a witness lists and the API did not show: by slug, then from the page. Reports the others."""

from __future__ import annotations

from collections import deque
from collections.abc import Container, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from newsbot.errors import PayloadError
from newsbot.items import Post
from newsbot.wordpress.collection.intake import Intake
from newsbot.wordpress.fallback.delivery import given_id
from newsbot.wordpress.fallback.worth import Folders, PageWorth
from newsbot.wordpress.languages.spoken import in_languages
from newsbot.wordpress.messages import Query, Steps
from newsbot.wordpress.pages.asking import Halt
from newsbot.wordpress.pages.reader import Closed, Elsewhere, Gone, NoArticle, PageReader
from newsbot.wordpress.pages.times import iso_to_utc
from newsbot.wordpress.pages.urls import id_in
from newsbot.wordpress.queries import Queries
from newsbot.wordpress.receipt import CollectionFacts
from newsbot.wordpress.replies import is_final, rows_of
from newsbot.wordpress.values import decoded
from newsbot.wordpress.witness.by_slug import SlugSearch
from newsbot.wordpress.witness.findings import HearingFindings
from newsbot.wordpress.witness.judging import PageProof, prove
from newsbot.wordpress.witness.matching import Lacking, is_same, slug_batches

if TYPE_CHECKING:
    from newsbot.wordpress.pages.article_page import ArticlePage

PROBES = {True: 200, False: 40}
"""Whether a list is of one type -> the number of pages that are asked for if none of them shows a missing article."""

PROBES_EACH = 10
"""How many of these pages may be in one folder, before newsbot asks for pages of the other folders."""

MOST_PAGES = 1_000
"""The most pages that one hearing requests. The next hearing continues."""

BATCH = 10
"""The number of pages between two checkpoints."""

_OTHERS = {
    "/wp/v2/posts": "post", "/wp/v2/pages": "page", "/wp/v2/categories": "category", "/wp/v2/tags": "post_tag",
}  # fmt: skip
"""Core's routes -> the kind of their rows: a list of all kinds of pages names these too."""


@dataclass(slots=True, kw_only=True)
class Differences:
    """Resolves the lacking URLs of one type. ``held`` are keys of the URLs of held rows.

    ``typed``: the witness lists URLs of this type only. ``since``: see ``SlugSearch``. ``proven``: an earlier run
    proved that lacking articles are really missing. ``stopped``: why no more requests could be made.
    """

    findings: HearingFindings
    held: Container[int]
    typed: bool
    since: str | None
    proven: bool = False
    stopped: str | None = None
    by_slug: SlugSearch = field(init=False)
    reader: PageReader = field(init=False)

    def __post_init__(self) -> None:
        self.by_slug = SlugSearch(findings=self.findings, held=self.held, since=self.since)
        options, key = self.queries.options, self.queries.site.key
        self.reader = PageReader(type=self.type, site=key, render=options.render)

    @property
    def intake(self) -> Intake:
        return self.findings.intake

    @property
    def queries(self) -> Queries:
        return self.intake.queries

    @property
    def facts(self) -> CollectionFacts:
        return self.intake.facts

    @property
    def type(self) -> str:
        return self.findings.type

    @property
    def is_proven(self) -> bool:
        """Whether the API hides articles that the witness lists."""
        return self.proven or bool(self.findings.beside) or bool(self.facts.missing_urls)

    def run(self, lacking: Sequence[Lacking]) -> Steps[None]:
        """Ask for the lacking rows. Raises Unanswered if the crawl is stopping."""
        left = yield from self._without_known_ids(lacking)
        site, route = self.queries.site, self.queries.collection.route
        left = yield from in_languages(self.by_slug.ask(left), site=site, route=route, counts=self.facts.languages)
        if not self.typed:
            left = yield from self._without_other_types(left)
        yield from self._by_page(left)
        yield self.queries.checkpoint(self.intake.sequence)

    def _without_known_ids(self, lacking: Sequence[Lacking]) -> Steps[list[Lacking]]:
        """The lacking URLs, without those that contain the id of a held row (``?p=7``)."""
        ids = {article.url: number for article in lacking if (number := id_in(article.url, self.type)) is not None}
        known = yield from self.findings.known(ids.values())
        left = [article for article in lacking if ids.get(article.url) not in known]
        self.findings.proofs[PageProof.KNOWN] += len(lacking) - len(left)
        return left

    def readdress(self, listed: Sequence[Lacking]) -> Steps[None]:
        """Bring the held rows among ``listed`` whose address has changed. No page is requested."""
        if not listed:
            return
        site, route = self.queries.site, self.queries.collection.route
        yield from in_languages(self.by_slug.ask(listed), site=site, route=route, counts=self.facts.languages)
        yield self.queries.checkpoint(self.intake.sequence)

    def _without_other_types(self, lacking: Sequence[Lacking]) -> Steps[list[Lacking]]:
        """The lacking URLs, without those of other types of core, which a list of all kinds of pages names too."""
        left = list(lacking)
        for route, name in _OTHERS.items():
            if name == self.type or not left:
                continue
            settled: set[str] = set()
            for batch in slug_batches(left):
                params: dict[str, Any] = {"slug": list(batch), "per_page": 100, "_fields": "id,slug,link"}
                url = self.queries.site.api.url(route, params)
                reply = yield Query(url=url, purpose="slug", type=self.type, tries=2)
                try:
                    rows = rows_of(reply)
                except PayloadError as fault:
                    if is_final(fault):
                        raise
                    break
                links = [decoded(row.get("link")) for row in rows]
                settled |= {
                    article.url for article in batch.values() if any(is_same(link, article.url) for link in links)
                }
            self.findings.proofs[PageProof.OTHER] += len(settled)
            left = [article for article in left if article.url not in settled]
        return left

    # By page.

    def _by_page(self, lacking: Sequence[Lacking]) -> Steps[None]:
        """Ask for the pages; those that changed last come first. Pages in folders that show no missing article come
        last.
        """
        queue = deque(sorted(lacking, key=lambda article: article.changed or "", reverse=True))
        put_off: deque[Lacking] = deque()
        worth, folders = PageWorth(), Folders(most=PROBES_EACH)
        while queue or put_off:
            if worth.is_spent or worth.asked >= (MOST_PAGES if self.is_proven else PROBES[self.typed]):
                self.leave([*queue, *put_off])
                return
            if queue and folders.is_put_off(queue[0].url):
                put_off.append(queue.popleft())
                continue
            article, brought = (queue or put_off).popleft(), self.findings.brought
            try:
                yield from self._ask_page(article)
            except Halt as halt:
                if halt.fault == "stopped":
                    raise
                self.stopped = str(halt)
                self.leave([article, *queue, *put_off])
                return
            worth.note(brought=self.findings.brought > brought)
            folders.note(article.url, brought=self.findings.brought > brought)
            if worth.asked % BATCH == 0:
                yield self.queries.checkpoint(self.intake.sequence)

    def give_up(self, rest: Sequence[Lacking], why: str) -> None:
        """Make no more requests, for the reason ``why``."""
        self.stopped = why
        self.leave(rest)

    def leave(self, rest: Sequence[Lacking]) -> None:
        """Count the URLs that are not requested. If articles are proven to be missing, the remaining URLs are reported
        as missing too."""
        self.findings.proofs["unasked"] += len(rest)
        if self.is_proven:
            why = self.stopped or "the next runs ask for its page"
            self.facts.missing_urls.update((article.url, why) for article in rest)

    def _ask_page(self, article: Lacking) -> Steps[None]:
        try:
            page = yield from self.reader.page(article.url)
            proof = yield from self._prove(page, article)
            if proof is PageProof.ARTICLE and page.post is not None:
                yield from self._deliver((yield from self.reader.whole(page, page.post)), page, article)
        except Gone:
            proof = PageProof.STALE
        except (Elsewhere, Closed):
            proof = PageProof.OTHER
        except NoArticle as failure:
            self.facts.missing_urls[article.url] = str(failure)
            self.facts.faults["no-article"] += 1
            self.findings.proofs["missing"] += 1
            return
        self.findings.proofs[proof] += 1

    def _prove(self, page: ArticlePage, article: Lacking) -> Steps[PageProof]:
        known = yield from self.findings.known([page.id] if page.id is not None else [])
        home = self.queries.site.key
        return prove(page, article.url, held=self.held, known_ids=known, home=home, type_=self.type, typed=self.typed)

    def _deliver(self, post: Post, page: ArticlePage, article: Lacking) -> Steps[None]:
        post.id = page.id or (yield from given_id(article.url, site=self.queries.site.key, type_=self.type))
        if page.id is None:
            self.facts.faults["no-id"] += 1
        post.modified = post.modified or iso_to_utc(article.changed)
        self.facts.via[post.via] += 1
        self.facts.protected += bool(post.protected)
        self.findings.beside.add(post.id)
        self.findings.brought += 1
        yield from self.intake.deliver(post)
