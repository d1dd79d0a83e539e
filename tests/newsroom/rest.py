"""The REST API: answers a question about a route as WordPress does."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import quote, urlencode

import orjson

from tests.newsroom import index
from tests.newsroom.answer import Answer, Question, Refusal
from tests.newsroom.archive import Archive
from tests.newsroom.embed import embed
from tests.newsroom.listing import Listing
from tests.newsroom.places import Places
from tests.newsroom.records import Comment, Post, Term
from tests.newsroom.schema import Collection, collections, local_seconds, parse
from tests.newsroom.shape import EVERYTHING, Shape, Wanted
from tests.newsroom.sorted_ids import id_of

INVALID_PAGE = "The page number requested is larger than the number of pages available."
NO_ROUTE = "No route was found matching the URL and request method."
FORBIDDEN = "Sorry, you are not allowed to do that."


class Rest:
    """``collections`` may be changed while the server runs, for example for a lower maximum of ``per_page``."""

    def __init__(self, archive: Archive, places: Places) -> None:
        self.archive, self.places = archive, places
        self.shape = Shape(archive, places)
        self.listing = Listing(archive)
        self.collections = collections(archive.options)
        self._counts: tuple[int, Counter[int]] = (-1, Counter())

    def answer(self, question: Question) -> Answer:
        """The answer to any route. A refusal is an answer too."""
        try:
            made = self._route(question)
        except Refusal as refusal:
            made = refusal.answer()
        made.headers = {
            "X-Robots-Tag": "noindex",
            "Link": f'<{self.places.root}>; rel="https://api.w.org/"',
            "X-Content-Type-Options": "nosniff",
            "Access-Control-Expose-Headers": "X-WP-Total, X-WP-TotalPages, Link",
            "Access-Control-Allow-Headers": "Authorization, X-WP-Nonce, Content-Disposition, Content-MD5, Content-Type",
            "Allow": "GET",
            "Vary": "Origin",
        } | made.headers
        return made

    def _route(self, question: Question) -> Answer:
        route = "/" + (question.route or "").strip("/")
        if question.method == "OPTIONS":
            return self._options(route)
        if question.method not in ("GET", "HEAD"):
            raise Refusal(404, "rest_no_route", NO_ROUTE)
        if route in ("/", "/wp/v2"):
            return self._object(index.of_site(self.archive.options, self.places, self.collections), question)
        if route.startswith(("/wp/v2/types", "/wp/v2/taxonomies")):
            return self._catalogue(route, question)
        parts = route.removeprefix("/wp/v2/").split("/") if route.startswith("/wp/v2/") else []
        collection = self.collections.get(parts[0]) if parts else None
        if collection is None:
            if parts and parts[0] in ("blocks", "menu-items"):
                raise Refusal(401, "rest_cannot_view", "Sorry, you are not allowed to view this.")
            raise Refusal(404, "rest_no_route", NO_ROUTE)
        if question.first("context") == "edit":
            raise Refusal(401, "rest_forbidden_context", "Sorry, you are not allowed to edit posts in this post type.")
        if len(parts) == 1:
            return self._list(collection, question)
        if not re.fullmatch(r"\d+", parts[1]):
            raise Refusal(404, "rest_no_route", NO_ROUTE)
        if len(parts) >= 3 and parts[2] == "revisions" and collection.base in ("posts", "pages", "stories"):
            raise Refusal(401, "rest_cannot_read", "Sorry, you are not allowed to view revisions of this post.")
        if len(parts) > 2:
            raise Refusal(404, "rest_no_route", NO_ROUTE)
        return self._object(self._single(collection, int(parts[1])), question)

    def _options(self, route: str) -> Answer:
        one = self.collections.get(route.removeprefix("/wp/v2/"))
        body = index.options_of(one) if one else {"namespace": "wp/v2", "methods": ["GET"], "endpoints": []}
        return Answer(body=orjson.dumps(body), json=True)

    def _catalogue(self, route: str, question: Question) -> Answer:
        what, _, name = route.removeprefix("/wp/v2/").partition("/")
        entries = (index.types if what == "types" else index.taxonomies)(self.collections, self.places)
        if not name:
            return Answer(body=orjson.dumps(entries), json=True)
        if name not in entries:
            code = "rest_type_invalid" if what == "types" else "rest_taxonomy_invalid"
            raise Refusal(404, code, f"Invalid {'post type' if what == 'types' else 'taxonomy'}.")
        return self._object(entries[name], question)

    def _object(self, whole: dict[str, Any], question: Question) -> Answer:
        whole = self._with_embedded(whole, question)
        return Answer(body=orjson.dumps(_fields(question).cut(whole)), json=True)

    def _with_embedded(self, whole: dict[str, Any], question: Question) -> dict[str, Any]:
        if "_embed" not in question.params or "_links" not in whole:
            return whole
        return whole | {"_embedded": embed(whole, self)}

    def _single(self, collection: Collection, row_id: int) -> dict[str, Any]:
        if collection.family == "post":
            return self.shape.post(self._readable_post(collection.kind, row_id))
        if collection.family == "term":
            term = self.archive.terms[collection.kind].get(row_id)
            if term is None:
                raise Refusal(404, "rest_term_invalid", "Term does not exist.")
            return self.shape.term(term, self.counts()[term.id])
        if collection.family == "user":
            user = self.archive.users.get(row_id)
            if user is None:
                raise Refusal(404, "rest_user_invalid_id", "Invalid user ID.")
            if not user.published:
                raise Refusal(401, "rest_user_cannot_view", "Sorry, you are not allowed to list users.")
            return self.shape.user(user)
        comment = self.archive.comments.get(row_id)
        if comment is None:
            raise Refusal(404, "rest_comment_invalid_id", "Invalid comment ID.")
        if not self._may_read_comment(comment):
            raise Refusal(401, "rest_cannot_read", "Sorry, you are not allowed to read this comment.")
        return self.shape.comment(comment)

    def _readable_post(self, kind: str, row_id: int) -> Post:
        row = self.archive.row(row_id)
        if row is None or row.type != kind:
            raise Refusal(404, "rest_post_invalid_id", "Invalid post ID.")
        if not self.archive.readable(row):
            raise Refusal(401, "rest_forbidden", FORBIDDEN)
        return row

    def _may_read_comment(self, comment: Comment) -> bool:
        post = self.archive.row(comment.post)
        return post is not None and self.archive.readable(post) and not post.protected

    def counts(self) -> Counter[int]:
        """Term id -> number of published posts and stories with the term."""
        if self._counts[0] != self.archive.version:
            found: Counter[int] = Counter()
            for kind in ("post", "story"):
                for key in self.archive.by_date(kind).keys:
                    row = self.archive.row(id_of(key))
                    if row is not None:
                        found.update((*row.categories, *row.tags, *row.beats))
            self._counts = (self.archive.version, found)
        return self._counts[1]

    def _list(self, collection: Collection, question: Question) -> Answer:
        values = parse(collection.args, question.params)
        for orderby, needed, code, words in (
            ("relevance", "search", "rest_no_search_term_defined", "a search term to order by relevance"),
            ("include", "include", "rest_orderby_include_missing_include", "an include parameter to order by include"),
        ):
            if collection.family == "post" and values.get("orderby") == orderby and not values.get(needed):
                raise Refusal(400, code, f"You need to define {words}.")
        wanted = _fields(question)
        if collection.family == "post":
            total, ids = self.listing.page(collection.kind, values)
            rows = [row for row_id in ids if (row := self.archive.row(row_id)) and self.archive.readable(row)]
            made = self._post_rows(rows, question, wanted)
        else:
            lister = {"term": self._terms, "user": self._users, "comment": self._comments}[collection.family]
            total, made = lister(collection, values, wanted)
        return self._paged(collection, values, question, total, made)

    def _post_rows(self, rows: Sequence[Post], question: Question, wanted: Wanted) -> Answer:
        ids = [row.id for row in rows]
        if "_embed" in question.params:
            objects = [wanted.cut(self._with_embedded(self.shape.post(row), question)) for row in rows]
            return Answer(rows=[orjson.dumps(one) for one in objects], ids=ids, json=True)
        return Answer(rows=[self.shape.post_json(row, wanted) for row in rows], ids=ids, json=True)

    def _paged(
        self, collection: Collection, values: dict[str, Any], question: Question, total: int, made: Answer
    ) -> Answer:
        page, size = values["page"], values["per_page"]
        pages = -(-total // size)
        if collection.family == "post" and page > pages and total > 0:
            raise Refusal(400, "rest_post_invalid_page_number", INVALID_PAGE)
        made.headers |= {"X-WP-Total": str(total), "X-WP-TotalPages": str(pages)}
        turns = []
        if page > 1:
            turns.append(f'<{self._turned(collection, question, min(page - 1, pages))}>; rel="prev"')
        if pages > page:
            turns.append(f'<{self._turned(collection, question, page + 1)}>; rel="next"')
        if turns:
            made.headers["Link"] = ", ".join(turns)
        return made

    def _turned(self, collection: Collection, question: Question, page: int) -> str:
        pairs = [(name, value) for name, given in question.params.items() for value in given if name != "page"]
        query = urlencode([*pairs, ("page", page)], quote_via=quote)
        return self.places.rest(collection.route) + ("&" if self.archive.options.plain else "?") + query

    def _terms(self, collection: Collection, values: dict[str, Any], wanted: Wanted) -> tuple[int, Answer]:
        counts = self.counts()
        terms = list(self.archive.terms[collection.kind].values())
        if values.get("post"):
            row = self.archive.row(values["post"])
            held = {*row.categories, *row.tags, *row.beats} if row else set()
            terms = [term for term in terms if term.id in held]
        if values.get("parent") is not None:
            terms = [term for term in terms if term.parent == values["parent"]]
        if values.get("hide_empty"):
            terms = [term for term in terms if counts[term.id]]
        words = {"name": lambda t: t.name.lower(), "count": lambda t: counts[t.id], "description": _no_key}
        chosen, total = _plain_page(terms, values, words, text=lambda term: term.name)
        made = [orjson.dumps(self.shape.term(term, counts[term.id], wanted)) for term in chosen]
        return total, Answer(rows=made, ids=[term.id for term in chosen], json=True)

    def _users(self, collection: Collection, values: dict[str, Any], wanted: Wanted) -> tuple[int, Answer]:
        if values["orderby"] in ("email", "registered_date"):
            refusal = "Sorry, you are not allowed to order users by this parameter."
            raise Refusal(401, "rest_forbidden_orderby", refusal)
        users = [user for user in self.archive.users.values() if user.published]
        chosen, total = _plain_page(users, values, {"name": lambda u: u.name.lower()}, text=lambda user: user.name)
        made = [orjson.dumps(self.shape.user(user, wanted)) for user in chosen]
        return total, Answer(rows=made, ids=[user.id for user in chosen], json=True)

    def _comments(self, collection: Collection, values: dict[str, Any], wanted: Wanted) -> tuple[int, Answer]:
        for name in ("author", "author_exclude"):
            if values.get(name):
                raise Refusal(401, "rest_forbidden_param", f"Query parameter not permitted: {name}")
        asked = set(values["post"])
        for post_id in asked:
            row = self.archive.row(post_id)
            if row is not None and (not self.archive.readable(row) or row.protected):
                why = "Sorry, you are not allowed to read the post for this comment."
                raise Refusal(401, "rest_cannot_read_post", why)
        parents = set(values["parent"])
        zone = self.archive.zone
        after, before = (local_seconds(values[n], zone) if values.get(n) else None for n in ("after", "before"))
        comments = [
            one
            for one in self.archive.comments.values()
            if (not asked or one.post in asked)
            and (not parents or one.parent in parents)
            and (after is None or one.date.key > after)
            and (before is None or one.date.key < before)
        ]
        keys = {name: lambda c: c.date.key for name in ("date", "date_gmt")}
        keys |= {"post": lambda c: c.post, "parent": lambda c: c.parent, "type": _no_key}
        chosen, total = _plain_page(comments, values, keys, text=lambda comment: comment.content)
        readable = [one for one in chosen if self._may_read_comment(one)]
        made = [orjson.dumps(self.shape.comment(field, wanted)) for field in readable]
        return total, Answer(rows=made, ids=[one.id for one in readable], json=True)

    def embedded(self, route: str, row_id: int) -> dict[str, Any]:
        """The embedded object: the whole object, or the error of reading it."""
        try:
            return self._single(self.collections[route], row_id)
        except Refusal as refusal:
            error: dict[str, Any] = orjson.loads(refusal.answer().body)
            return error

    def terms_of(self, post_id: int, taxonomy: str) -> list[dict[str, Any]]:
        row = self.archive.row(post_id)
        held = {*row.categories, *row.tags, *row.beats} if row else set()
        terms: list[Term] = [term for term in self.archive.terms[taxonomy].values() if term.id in held]
        return [self.shape.term(term, self.counts()[term.id], EVERYTHING) for term in terms]


def _fields(question: Question) -> Wanted:
    given = [value for name, values in question.params.items() if name.startswith("_fields") for value in values]
    return Wanted.read(given)


def _no_key(_: Any) -> int:
    return 0


def _plain_page(
    rows: Sequence[Any], values: dict[str, Any], keys: dict[str, Callable[[Any], Any]], *, text: Callable[[Any], str]
) -> tuple[list[Any], int]:
    """(page, total) of terms, users or comments. Ids break ties here, as in WordPress for comments."""
    included, excluded = values.get("include") or [], set(values.get("exclude") or ())
    rows = [row for row in rows if (not included or row.id in included) and row.id not in excluded]
    if values.get("slug"):
        rows = [row for row in rows if row.slug in values["slug"]]
    if values.get("search"):
        rows = [row for row in rows if values["search"].lower() in text(row).lower()]
    orderby = values["orderby"]
    if orderby == "include" and included:
        rows = sorted(rows, key=lambda row: included.index(row.id))
    else:
        by = keys.get(orderby) or (lambda row: getattr(row, orderby, row.id))
        rows = sorted(rows, key=lambda row: (by(row), row.id), reverse=values["order"] == "desc")
    start = values.get("offset") or (values["page"] - 1) * values["per_page"]
    return list(rows[start : start + values["per_page"]]), len(rows)
