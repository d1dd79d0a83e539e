"""Pages for readers: the home page, articles, feed, sitemaps, robots.txt. Finds the row of a URL."""

from __future__ import annotations

import re

from tests.newsroom.answer import Answer, Question, text
from tests.newsroom.archive import Archive
from tests.newsroom.articles import Articles, frame
from tests.newsroom.feed import Feed
from tests.newsroom.places import BASES, Places
from tests.newsroom.records import Post
from tests.newsroom.refusal_faults import LOGIN
from tests.newsroom.shape import Shape
from tests.newsroom.sitemaps import Sitemaps
from tests.newsroom.sorted_ids import id_of
from tests.newsroom.uploads import upload

QUERIES = {"p": "post", "page_id": "page", "attachment_id": "attachment"}


class Pages:
    """Answers every question that is not for the REST API."""

    def __init__(self, archive: Archive, places: Places, shape: Shape) -> None:
        self.archive, self.places = archive, places
        self.options = archive.options
        self.articles = Articles(archive, places, shape)
        self.feed = Feed(archive, places)
        self.sitemaps = Sitemaps(archive, places)

    def answer(self, question: Question) -> Answer:
        if question.raw.split("?")[0] == "/robots.txt":
            return self.robots()
        if question.path == "/..":
            return text("<html><body>404 Not Found</body></html>", status=404)
        if question.path == "/wp-login.php":
            return text(LOGIN)
        file = upload(question)
        if file is not None:
            return file
        feed = self.feed.answer(question)
        if feed is not None:
            return self._linked(feed)
        made = self.sitemaps.answer(question) or self._article(question) or self._archive(question)
        if made is None:
            known = self.options.plain or question.path in ("/", "/index.php")
            asks = any(name in question.params for name in (*QUERIES, "story"))
            made = self.home() if known and not asks else self.missing()
        return made

    def robots(self) -> Answer:
        standard = f"User-agent: *\nDisallow: /wp-admin/\nAllow: /wp-admin/admin-ajax.php\n\n{self.sitemaps.hint()}"
        body = standard if self.options.robots is None else self.options.robots
        answer = text(body, kind="text/plain", status=self.options.robots_status)
        answer.wait = self.options.robots_delay
        return self._linked(answer)

    def _linked(self, answer: Answer, *more: str) -> Answer:
        if self.options.link_header:
            answer.headers["Link"] = ", ".join((f'<{self.places.root}>; rel="https://api.w.org/"', *more))
        return answer

    def missing(self) -> Answer:
        body = frame(self.places, title="Page not found", body="<h1>Nobody lives here</h1>", classes="error404")
        return self._linked(text(body, status=404))

    def home(self) -> Answer:
        """The home page with the ten latest posts."""
        rows = [row for key in self.archive.by_date("post").keys[-10:] if (row := self.archive.row(id_of(key)))]
        items = "".join(f'<li><a href="{self.places.link(row)}">{row.title}</a></li>\n' for row in reversed(rows))
        body = frame(self.places, title=self.options.name, body=f"<ul>\n{items}</ul>", classes="home blog")
        return self._linked(text(body))

    def _article(self, question: Question) -> Answer | None:
        row = self._asked_by_query(question) if question.path in ("/", "/index.php") else self._asked_by_path(question)
        if row is None or not self.archive.readable(row):
            return None
        link = self.places.link(row)
        if not self.options.plain and row.type == "post" and "p" in question.params:
            return Answer(status=301, headers={"Location": link})
        json = f'<{self.places.rest(f"/wp/v2/{BASES[row.type]}/{row.id}")}>; rel="alternate"; type="application/json"'
        return self._linked(text(self.articles.page(row)), json, f"<{self.places.home}/?p={row.id}>; rel=shortlink")

    def _archive(self, question: Question) -> Answer | None:
        """The page of a term or an author, which names its object in the API; None where the path is none of these."""
        if self.options.plain or question.path.count("/") < 2:
            return None
        url = f"{self.places.home}{question.path.rstrip('/')}/"
        for terms in self.archive.terms.values():
            for term in terms.values():
                if self.places.term(term) == url:
                    base = BASES[term.taxonomy]
                    return self._object_page(term.name, f"/wp/v2/{base}/{term.id}", f"archive {term.taxonomy}")
        for user in self.archive.users.values():
            if self.places.author(user) == url:
                return self._object_page(user.name, f"/wp/v2/users/{user.id}", "archive author")
        return None

    def _object_page(self, title: str, route: str, classes: str) -> Answer:
        body = frame(self.places, title=title, body=f"<h1>{title}</h1>", classes=classes)
        return self._linked(text(body), f'<{self.places.rest(route)}>; rel="alternate"; type="application/json"')

    def _asked_by_query(self, question: Question) -> Post | None:
        for name, kind in QUERIES.items():
            given = question.first(name)
            if given is not None and given.isdigit():
                row = self.archive.row(int(given))
                # `p` finds a row of any type, as in WordPress.
                return row if row is not None and (name == "p" or row.type == kind) else None
        story = question.first("story")
        return self._by_slug(story) if story else None

    def _asked_by_path(self, question: Question) -> Post | None:
        if self.options.plain:
            return None
        path = question.path.rstrip("/").lower()
        row = self._by_slug(path.rsplit("/", 1)[-1])
        return row if row is not None and self.places.link(row) == f"{self.places.home}{path}/" else None

    def _by_slug(self, slug: str) -> Post | None:
        for changed in self.archive.changed.values():
            if changed.slug == slug:
                return changed
        # The slug of an initial row ends in its id. The slug of an image ends in the id of its post.
        found = re.search(r"-(\d+)$", slug)
        row_id = int(found[1]) + slug.startswith("quay-") if found else 0
        row = self.archive.row(row_id)
        return row if row is not None and row.slug == slug else None
