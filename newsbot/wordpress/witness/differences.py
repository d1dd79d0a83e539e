"""Asks for what a witness lists and the API did not show: by slug, then from its page, and else names it."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from newsbot.errors import PayloadError
from newsbot.items import Post
from newsbot.wordpress.collection.intake import Intake
from newsbot.wordpress.fallback.worth import Folders, PageWorth
from newsbot.wordpress.languages.spoken import in_languages
from newsbot.wordpress.messages import Query, Reply, Steps
from newsbot.wordpress.pages.asking import Halt
from newsbot.wordpress.pages.reader import Closed, Elsewhere, Gone, NoArticle, PageReader
from newsbot.wordpress.pages.times import iso_to_utc
from newsbot.wordpress.pages.urls import canonical, id_in, id_of_url
from newsbot.wordpress.queries import Queries
from newsbot.wordpress.receipt import CollectionFacts
from newsbot.wordpress.replies import is_final, rows_of
from newsbot.wordpress.values import decoded, row_id, text
from newsbot.wordpress.witness.judging import Proof, prove
from newsbot.wordpress.witness.matching import Lacking, is_held, is_same, slug_batches

if TYPE_CHECKING:
    from newsbot.wordpress.pages.article_page import ArticlePage

PROBES = {True: 200, False: 40}
"""Whether a list is of one type -> pages that are asked for before one of them shows an article that is missing."""

PROBES_EACH = 10
"""Of these, pages of one folder, before those of the other folders come."""

MOST_PAGES = 1_000
"""Pages that one hearing asks for at most. The next hearing goes on."""

BATCH = 10
"""Pages to a checkpoint."""

HIERARCHICAL = frozenset({"page"})
"""Types in which two rows may have one slug."""

_OTHERS = {
    "/wp/v2/posts": "post", "/wp/v2/pages": "page", "/wp/v2/categories": "category", "/wp/v2/tags": "post_tag",
}  # fmt: skip
"""Core's routes -> what they list: a list of all kinds of pages names those too."""


@dataclass(slots=True, kw_only=True)
class Differences:
    """Resolves what is lacking of one type. ``held`` are keys of the URLs of held rows.

    ``typed``: the witness lists URLs of this type only. ``since`` (UTC, ISO) is when the listing began: what was
    published later need not have been listed. ``shown`` are ids that the listing showed. ``proofs`` counts what was
    found out, ``beside`` are ids of rows that no listing shows, ``brought`` is the number of rows that left.
    ``moved`` are ids of listed rows whose address is not held; ``readdressed`` of them came again.
    ``proven``: an earlier run proved that what is lacking is missing. ``stopped`` is why no more could be asked.
    """

    intake: Intake
    held: Container[int]
    typed: bool
    since: str | None
    shown: Container[int] = frozenset()
    proofs: Counter[str] = field(default_factory=Counter)
    beside: set[int] = field(default_factory=set)
    brought: int = 0
    moved: set[int] = field(default_factory=set)
    readdressed: int = 0
    proven: bool = False
    stopped: str | None = None
    reader: PageReader = field(init=False)

    def __post_init__(self) -> None:
        options, key = self.queries.options, self.queries.site.key
        self.reader = PageReader(type=self.type, site=key, render=options.render)

    @property
    def queries(self) -> Queries:
        return self.intake.queries

    @property
    def facts(self) -> CollectionFacts:
        return self.intake.facts

    @property
    def type(self) -> str:
        return self.queries.collection.name

    @property
    def is_proven(self) -> bool:
        """Whether the API hides articles that the witness lists."""
        return self.proven or bool(self.beside) or bool(self.facts.missing_urls)

    def run(self, lacking: Sequence[Lacking]) -> Steps[None]:
        """Ask for what is lacking. Raises Unanswered where the crawl is stopping."""
        left = yield from self._without_known_ids(lacking)
        site, route = self.queries.site, self.queries.collection.route
        left = yield from in_languages(self._by_slug(left), site=site, route=route, counts=self.facts.languages)
        if not self.typed:
            left = yield from self._without_other_types(left)
        yield from self._by_page(left)
        yield self.queries.checkpoint(self.intake.sequence)

    def _known(self, ids: Iterable[int]) -> Steps[set[int]]:
        """Those of ``ids`` whose rows newsbot holds, or has brought in this run."""
        wanted = set(ids)
        held = (yield self.queries.known(wanted)) if wanted else {}
        return {number for number in wanted if number in held or number in self.shown or number in self.beside}

    # By id and slug.

    def _without_known_ids(self, lacking: Sequence[Lacking]) -> Steps[list[Lacking]]:
        """What is left without the URLs that hold the id of a held row (``?p=7``)."""
        ids = {article.url: number for article in lacking if (number := id_in(article.url, self.type)) is not None}
        known = yield from self._known(ids.values())
        left = [article for article in lacking if ids.get(article.url) not in known]
        self.proofs[Proof.KNOWN] += len(lacking) - len(left)
        return left

    def _by_slug(self, lacking: Sequence[Lacking]) -> Steps[list[Lacking]]:
        """Bring what the API shows when it is asked by slug. Returns what is left."""
        if not self.queries.takes("slug"):
            return list(lacking)
        settled: set[str] = set()
        for batch in slug_batches(lacking):
            try:
                rows, _ = yield from self._ask_slugs(list(batch), {"_fields": "id,slug,link,date,date_gmt"})
                settled |= yield from self._take(batch, rows)
            except PayloadError as fault:
                if is_final(fault):
                    raise
                self.facts.faults[fault.name] += 1
        yield from self._bring_again()
        return [article for article in lacking if article.url not in settled]

    def _ask_slugs(self, slugs: list[str], fields: dict[str, str]) -> Steps[tuple[list[dict[str, Any]], Reply]]:
        params: dict[str, Any] = {"slug": slugs, "per_page": min(len(slugs), self.queries.per_page)} | fields
        reply = yield self.queries.query(params, "slug", tries=2)
        return rows_of(reply), reply

    def _take(self, batch: dict[str, Lacking], rows: Sequence[dict[str, Any]]) -> Steps[set[str]]:
        """Bring those ``rows`` that newsbot does not hold. Returns the URLs that are settled."""
        shown = {slug: row for row in rows if (slug := text(row.get("slug"))) in batch and row_id(row.get("id"))}
        ids = {slug: int(row["id"]) for slug, row in shown.items()}
        known = yield from self._known(ids.values())
        settled, wanted = set(), []
        for slug, number in ids.items():
            url = batch[slug].url
            if number not in known:
                wanted.append(slug)
            elif (has_address := is_same(decoded(shown[slug].get("link")), url)) or self._has_unique_slugs:
                self.proofs[Proof.KNOWN] += 1
                settled.add(url)
                if has_address and not self._has_come(url):
                    # A site that changes its permalinks leaves the ``modified`` of its rows as it was.
                    self.moved.add(number)
        if wanted:
            settled |= yield from self._bring(batch, wanted)
        return settled

    def _has_come(self, url: str) -> bool:
        """Whether a held row has the URL. What an earlier run missed may have come since."""
        return is_held(url, self.held, home=canonical(self.queries.site.key), type_=self.type)

    def _bring_again(self) -> Steps[None]:
        """Bring the held rows whose address is another one now. Raises a final PayloadError."""
        # A row that a pipeline dropped is listed, and no address of it is held.
        ids = sorted((yield self.queries.known(self.moved)) if self.moved else ())
        self.moved = set()
        if not ids:
            return
        if not self.intake.joiner.relations:
            yield from self.intake.learn_relations(browse=False)
        before = self.facts.sent
        try:
            yield from self.intake.fetch(ids)
        except PayloadError as fault:
            if is_final(fault):
                raise
            self.facts.faults[fault.name] += 1
        yield from self.intake.flush(final=True)
        self.readdressed += self.facts.sent - before
        self.proofs["readdressed"] += self.facts.sent - before

    def readdress(self, listed: Sequence[Lacking]) -> Steps[None]:
        """Bring those of the held rows under ``listed`` whose address is another one now. No page is asked for."""
        if not listed:
            return
        site, route = self.queries.site, self.queries.collection.route
        yield from in_languages(self._by_slug(listed), site=site, route=route, counts=self.facts.languages)
        yield self.queries.checkpoint(self.intake.sequence)

    @property
    def _has_unique_slugs(self) -> bool:
        """Whether two rows of the type cannot share a slug, so that a row with the slug is the one that is listed."""
        site = self.queries.site
        return (
            self.type not in HIERARCHICAL
            and not site.namespaces
            and not site.languages.get(self.queries.collection.route)
        )

    def _bring(self, batch: dict[str, Lacking], slugs: list[str]) -> Steps[set[str]]:
        """Fetch rows by slug: a listing that hides them may hide them from a query by id too."""
        if not self.intake.joiner.relations:
            yield from self.intake.learn_relations(browse=False)
        rows, reply = yield from self._ask_slugs(slugs, self.intake.fields)
        rows = [row for row in rows if row.get("slug") in batch and row_id(row.get("id"))]
        before = self.facts.sent
        yield from self.intake.take(rows, reply)
        yield from self.intake.flush(final=True)
        self.brought += self.facts.sent - before
        for row in rows:
            published = text(row.get("date_gmt")) or text(row.get("date"))
            late = published is not None and self.since is not None and published[:19] >= self.since[:19]
            if late:
                self.proofs["late"] += 1
            else:
                self.proofs["slug"] += 1
                self.beside.add(int(row["id"]))
        return {batch[str(row["slug"])].url for row in rows}

    def _without_other_types(self, lacking: Sequence[Lacking]) -> Steps[list[Lacking]]:
        """What is left without the URLs of other types of core, which a list of all kinds of pages names too."""
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
            self.proofs[Proof.OTHER] += len(settled)
            left = [article for article in left if article.url not in settled]
        return left

    # By page.

    def _by_page(self, lacking: Sequence[Lacking]) -> Steps[None]:
        """Ask for the pages, those that changed last first. Those of folders that show no missing article come last."""
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
            article, brought = (queue or put_off).popleft(), self.brought
            try:
                yield from self._ask_page(article)
            except Halt as halt:
                if halt.fault == "stopped":
                    raise
                self.stopped = str(halt)
                self.leave([article, *queue, *put_off])
                return
            worth.note(brought=self.brought > brought)
            folders.note(article.url, brought=self.brought > brought)
            if worth.asked % BATCH == 0:
                yield self.queries.checkpoint(self.intake.sequence)

    def give_up(self, rest: Sequence[Lacking], why: str) -> None:
        """Ask for no more, for the reason ``why``."""
        self.stopped = why
        self.leave(rest)

    def leave(self, rest: Sequence[Lacking]) -> None:
        """Count what is not asked for. Where articles are proven to be missing, the rest is named as missing too."""
        self.proofs["unasked"] += len(rest)
        if self.is_proven:
            why = self.stopped or "the next runs ask for its page"
            self.facts.missing_urls.update((article.url, why) for article in rest)

    def _ask_page(self, article: Lacking) -> Steps[None]:
        try:
            page = yield from self.reader.page(article.url)
            proof = yield from self._prove(page, article)
            if proof is Proof.ARTICLE and page.post is not None:
                yield from self._deliver((yield from self.reader.whole(page, page.post)), page, article)
        except Gone:
            proof = Proof.STALE
        except (Elsewhere, Closed):
            proof = Proof.OTHER
        except NoArticle as failure:
            self.facts.missing_urls[article.url] = str(failure)
            self.facts.faults["no-article"] += 1
            self.proofs["missing"] += 1
            return
        self.proofs[proof] += 1

    def _prove(self, page: ArticlePage, article: Lacking) -> Steps[Proof]:
        known = yield from self._known([page.id] if page.id is not None else [])
        home = self.queries.site.key
        return prove(page, article.url, held=self.held, known_ids=known, home=home, type_=self.type, typed=self.typed)

    def _deliver(self, post: Post, page: ArticlePage, article: Lacking) -> Steps[None]:
        post.id = page.id or id_of_url(article.url)
        if page.id is None:
            self.facts.faults["no-id"] += 1
        post.modified = post.modified or iso_to_utc(article.changed)
        self.facts.via[post.via] += 1
        self.facts.protected += bool(post.protected)
        self.beside.add(post.id)
        self.brought += 1
        yield from self.intake.deliver(post)
