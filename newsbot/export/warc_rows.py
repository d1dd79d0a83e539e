"""Makes rows again from the answers that a run recorded, with the code that made them in the crawl."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar, cast

from newsbot.arguments.entries import target_of
from newsbot.errors import NotXml, PayloadError
from newsbot.export.warc_answers import View, WarcAnswers
from newsbot.export.warc_children import fill_children
from newsbot.export.warc_listings import ListedPages
from newsbot.export.warc_replay import replay
from newsbot.items import Comment, Media, Post, Record
from newsbot.numbers import is_digits
from newsbot.pipelines.clean import CleanPipeline
from newsbot.rights.answers import rights_in_headers
from newsbot.wordpress import records
from newsbot.wordpress.api import Api, Collection, Site
from newsbot.wordpress.collection.intake import Intake
from newsbot.wordpress.fallback.page_walk import complete
from newsbot.wordpress.joins.core_routes import relations_of, undeclared
from newsbot.wordpress.joins.link_cache import LinkCache
from newsbot.wordpress.joins.relations import FOLLOWED, KINDS, Relation, learn
from newsbot.wordpress.languages.plugins import PARAM
from newsbot.wordpress.messages import Reply
from newsbot.wordpress.options import Options
from newsbot.wordpress.pages.article_page import read_page
from newsbot.wordpress.pages.feed import read_feed
from newsbot.wordpress.pages.reader import NoArticle, PageReader
from newsbot.wordpress.pages.times import iso_to_utc
from newsbot.wordpress.pages.urls import earlier_ids, id_of_url
from newsbot.wordpress.queries import Queries
from newsbot.wordpress.questions import CollectionState
from newsbot.wordpress.receipt import CollectionFacts, SiteFacts
from newsbot.wordpress.replies import answer, rows_of
from newsbot.wordpress.site_json import site_from_json
from newsbot.wordpress.values import row_id

_JOINED = ("author", "terms", "media")
_KEEP_ALL = 1 << 40
Result = TypeVar("Result")


class NotMade(Exception):
    """A row cannot be made again. The text says why."""


class _NoStats:
    def inc_value(self, _name: str, _count: int = 1) -> None:
        """Called by the pipeline. Nothing is counted here."""


@dataclass(slots=True, kw_only=True)
class Remaker:
    """Makes the rows of one site of one run. Raises NotMade if the run has no record of the site.

    ``lacks_linked``: no record holds an object that the rows of the last answer link to. ``lacks_children``: the posts
    among these rows whose children lack a record.
    """

    answers: WarcAnswers
    key: str
    site: Site = field(init=False)
    options: Mapping[str, Options] = field(init=False)
    cleaner: CleanPipeline = field(init=False)
    lacks_linked: bool = False
    lacks_children: set[int] = field(default_factory=set)
    _intakes: dict[tuple[str, str], Intake] = field(default_factory=dict)
    _listed: ListedPages = field(init=False)
    _versions: dict[str, dict[int, list[tuple[int, Any]]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        known = self.answers.sites.get(self.key)
        if known is None:
            # Without an API the crawl discovered nothing: feed and pages need only the key.
            known = {"site": None, "entry": {"url": self.key}, "options": []}
        site = site_from_json(known["site"]) if known["site"] is not None else None
        self.site = site or _bare_site(self.key)
        options = [Options(**_as_options(each, self.site)) for each in known["options"]]
        if known.get("parts"):
            options = [replace(each, scope=None) for each in options]
        self.options = {each.kind: each for each in options}
        self._listed = ListedPages(answers=self.answers, key=self.key)
        with_markdown = str(self.answers.settings.get("NEWSBOT_MARKDOWN")) in ("1", "True", "true")
        self.cleaner = CleanPipeline(cast(Any, _NoStats()), with_markdown=with_markdown)
        facts = SiteFacts(asked=self.key, site=self.key)
        self.cleaner.targets.site_started(facts=facts, target=target_of(known["entry"]))

    def prefer(self, order: int, view: View) -> None:
        """If several answers to one URL, or several versions of one object, differ, prefer these
        (``warc_answers.VIEWS``).
        """
        self.answers.order, self.answers.view = order, view
        for intake in self._intakes.values():
            for route, cache in intake.joiner.caches.items():
                self._choose(route, cache)

    @property
    def has_choice(self) -> bool:
        """Whether another view may give other rows."""
        return self.answers.changed or any(self._versions.values())

    def is_merged(self, reply: Reply) -> bool:
        """Whether the answer lists one of several languages, so its rows name the listing of all languages."""
        found = self.site.api.route(reply.url)
        return found is not None and PARAM in found[1] and len(self.site.languages.get(found[0], ())) > 1

    def usual_language(self, language: str | None) -> None:
        """Clean the next row as if the rows before it were in ``language``."""
        if language is not None:
            self.cleaner._usual[self.key] = language

    def rows(self, reply: Reply, kind: str, type_: str) -> Iterator[Record]:
        """The rows of an answer of the API, not cleaned, with their linked objects. Raises NotMade."""
        found = self.site.api.route(reply.url)
        if found is None:
            raise NotMade("its record is no answer of the API")
        route, params = _listing_of(found[0]), found[1]
        try:
            raws = _rows_in(reply)
        except PayloadError as fault:
            raise NotMade(f"its record holds no rows ({fault})") from None
        if self.is_merged(reply):
            raws = [{PARAM: params[PARAM]} | raw for raw in raws]
        intake = self._intake(kind, type_, route)
        yield from self._taken(intake, raws, reply)

    def clean(self, row: Record) -> Record:
        return cast(Record, self.cleaner.process_item(row))

    def from_feed(self, reply: Reply, row: Mapping[str, Any]) -> Record:
        """The row of a feed. Raises NotMade."""
        try:
            page = read_feed(reply, site=self.key)
        except NotXml as fault:
            raise NotMade(f"its record holds no feed ({fault})") from None
        entry = next((entry for entry in page.entries if entry.url == row["url"]), None)
        if entry is None:
            raise NotMade("the feed in its record does not list the row")
        shown = entry.id
        if row["id"] != shown and (seen := self.answers.find(entry.url)) is not None:
            # The id in the feed was not certain, so the crawl used the id in the page.
            shown = read_page(seen, url=entry.url, site=self.key, type_=row["type"]).id
        entry.post.id, entry.post.type = _id_of(row, shown), row["type"]
        return entry.post

    def from_page(self, reply: Reply, row: Mapping[str, Any]) -> Record:
        """The row of a page, made from all parts of the page. Raises NotMade."""
        page = read_page(reply, url=row["url"], site=self.key, type_=row["type"])
        if page.post is None:
            raise NotMade("the page in its record shows no article")
        reader = PageReader(type=row["type"], site=self.key, render="never")
        try:
            post = self._run(reader.whole(page, page.post))
        except NoArticle as fault:
            raise NotMade(str(fault)) from None
        entry, changed = self._listed.of(row["url"])
        if entry is not None:
            complete(post, entry)
        post.id, post.via = _id_of(row, page.id, entry.id if entry is not None else None), row["via"]
        post.modified = post.modified or iso_to_utc(changed)
        return post

    # Rows of the API.

    def _taken(self, intake: Intake, raws: Sequence[dict[str, Any]], reply: Reply) -> Iterator[Record]:
        joiner, rights, items = intake.joiner, rights_in_headers(reply.headers), []
        joiner.relations = [*intake.learner.relations, *self._followed(undeclared(raws, intake.learner.relations))]
        for relation in joiner.relations:
            self._fill(joiner.caches, relation)
        for raw in raws:
            if row_id(raw.get("id")) is None or intake.queries.is_outside_window(raw):
                continue
            item = intake.read(raw, reply)
            items.append(item)
            if rights and isinstance(item, Post | Comment | Media):
                item.rights = rights
            if isinstance(item, Post):
                # Every page that the crawl read is recorded, so no page is skipped here.
                intake.bodies.pauses.clear()
                self._run(intake.bodies.complete(item, raw))
            joiner.add(item, raw)
        posts = [item for item in items if isinstance(item, Post)]
        self.lacks_children = set()
        for name, relation in intake.learner.extras:
            if relation.param is None:
                self._run(intake.children.fetch(name, relation, posts))
            else:
                self.lacks_children |= fill_children(self.answers, self.site, name, relation, posts)
        self.lacks_linked = any(cache.wanted for cache in joiner.caches.values())
        joiner.leave_unresolved()
        yield from cast(Iterator[Record], joiner.ready())

    def _intake(self, kind: str, type_: str, route: str) -> Intake:
        if (kind, type_) not in self._intakes:
            options = self.options.get(kind) or Options(url=self.key, kind=kind)
            queries = Queries(site=self.site, collection=Collection(name=type_, route=route), options=options)
            intake = Intake(queries=queries, facts=CollectionFacts(type=type_, kind=kind), state=CollectionState())
            names = {FOLLOWED[name]: name for name in options.follow}
            if kind in ("posts", "media"):
                relations = self._followed(self._learnt(intake), options)
                intake.learner.relations = relations
            if kind == "posts":
                extras = [(names[found.rel], found) for found in intake.learner.relations]
                intake.learner.extras = [(name, found) for name, found in extras if name not in _JOINED]
            self._intakes[kind, type_] = intake
        return self._intakes[kind, type_]

    def _followed(self, relations: Sequence[Relation], options: Options | None = None) -> list[Relation]:
        chosen = options or self.options.get("posts") or Options(url=self.key)
        names = {FOLLOWED[name] for name in chosen.follow}
        return [relation for relation in relations if relation.rel in names]

    def _learnt(self, intake: Intake) -> list[Relation]:
        """The relations that the recorded samples of a collection declare."""
        collection = intake.queries.collection
        samples: list[dict[str, Any]] = []
        for reply in self.answers.replies(self._urls(collection.route, "_links")):
            try:
                samples = rows_of(reply)
            except PayloadError:
                continue
            break
        learnt = learn(samples, self.site.api)
        if learnt or not samples or intake.queries.options.kind != "posts":
            return [*learnt, *undeclared(samples, learnt)]
        return relations_of(collection, self._taxonomies())

    def _taxonomies(self) -> Any:
        for reply in self.answers.replies(self._urls("/wp/v2/taxonomies")):
            try:
                return answer(reply)
            except PayloadError:
                continue
        return None

    def _urls(self, route: str, part: str = "") -> list[str]:
        """The recorded URLs of a route."""
        own = self.site.api.route
        chosen = (url for url in self.answers.urls if part in url)
        return [url for url in chosen if (found := own(url)) is not None and _listing_of(found[0]) == route]

    def _fill(self, caches: dict[str, LinkCache], relation: Relation) -> None:
        """Fill the joiner's caches with all objects of a relation that were recorded or that the archive knew."""
        kind = KINDS.get(relation.rel)
        if kind is None or relation.field is None or relation.route in caches:
            return
        cache = caches[relation.route] = LinkCache(relation.route, kept=_KEEP_ALL, browsed=True)
        versions: dict[int, list[tuple[int, Any]]] = defaultdict(list)
        for order, reply in self.answers.ordered(self._urls(relation.route)):
            try:
                raws = _rows_in(reply)
            except PayloadError:
                continue
            for raw in raws:
                number = row_id(raw.get("id"))
                if number is None:
                    continue
                if (found := records.read_linked(kind, raw, relation.taxonomy, home=self.site.home)) is not None:
                    versions[number].append((order, found))
        for order, number, fields in self.answers.recalled.get((self.key, relation.route), ()):
            if (known := records.recalled(kind, fields)) is not None:
                versions[number].append((order, known))
        for number, of_object in versions.items():
            of_object.sort(key=lambda version: version[0])
            cache.put(number, of_object[0][1])
        self._versions[relation.route] = {
            number: of_object
            for number, of_object in versions.items()
            if any(version != of_object[0][1] for _, version in of_object)
        }
        self._choose(relation.route, cache)

    def _choose(self, route: str, cache: LinkCache) -> None:
        for number, of_object in self._versions.get(route, {}).items():
            cache.put(number, self.answers.known_before(of_object))

    def _run(self, steps: Generator[Any, Any, Result]) -> Result:
        """Run a part of the crawl with the recorded answers."""
        return replay(self.answers, steps)[0]


def _id_of(row: Mapping[str, Any], *shown: int | None) -> int:
    """The id of a row that came without the API: an id that its page or feed shows, or the id that newsbot computes
    from its URL. Raises NotMade where the row has a different id."""
    if row["id"] not in (*shown, id_of_url(row["url"]), *earlier_ids(row["url"])):
        raise NotMade("neither its record nor its URL gives this id")
    return int(row["id"])


def _listing_of(route: str) -> str:
    """The route that lists the rows of ``route``, which may be that of a single row."""
    listing, _, last = route.rpartition("/")
    return listing if is_digits(last) else route


def _rows_in(reply: Reply) -> list[dict[str, Any]]:
    """The rows of a listing, or the row of a single route. Raises a PayloadError."""
    data = answer(reply)
    return [data] if isinstance(data, dict) and row_id(data.get("id")) is not None else rows_of(reply)


def _bare_site(key: str) -> Site:
    return Site(key=key, api=Api(root=f"{key}/wp-json/"), home=f"{key}/")


def _as_options(recorded: Mapping[str, Any], site: Site) -> dict[str, Any]:
    """The fields of Options from their JSON values."""
    given = {name: tuple(value) if isinstance(value, list) else value for name, value in recorded.items()}
    options = Options(**given | {"follow": frozenset(recorded["follow"])})
    return given | {"follow": options.follow, "scope": site.scopes.get(options.scope_key)}
