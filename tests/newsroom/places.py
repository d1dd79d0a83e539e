"""REST URLs and permalinks, in both styles of permalinks."""

from __future__ import annotations

from urllib.parse import quote, urlencode

from tests.newsroom.options import Options
from tests.newsroom.records import ZERO, Post, Term, User

BASES = {
    "post": "posts", "page": "pages", "story": "stories", "attachment": "media",
    "category": "categories", "post_tag": "tags", "beat": "beats",
}  # fmt: skip


class Places:
    """Builds URLs. ``home`` has no slash at its end."""

    def __init__(self, options: Options, port: int) -> None:
        self.options = options
        self.folder = "/" + options.folder.strip("/") if options.folder.strip("/") else ""
        self.home = f"http://{options.host}:{port}{self.folder}"
        self.root = f"{self.home}/?rest_route=/" if options.plain else f"{self.home}/{options.prefix}/"

    def rest(self, route: str, **params: str | int) -> str:
        """The URL of a REST route ("/wp/v2/posts")."""
        url = self.root + route.lstrip("/")
        if not params:
            return url
        return url + ("&" if self.options.plain else "?") + urlencode(params, safe=",", quote_via=quote)

    def fill(self, text: str) -> str:
        return text.replace("%HOME%", self.home)

    def link(self, row: Post) -> str:
        """A row's permalink."""
        if self.options.plain or row.status not in ("publish", "inherit"):
            name = {"page": "page_id", "attachment": "attachment_id", "story": row.type}.get(row.type, "p")
            return f"{self.home}/?{name}={row.slug if row.type == 'story' else row.id}"
        if row.type == "post":
            month = "0000/00" if row.date.local == ZERO else row.date.local[:7].replace("-", "/")
            return f"{self.home}/{month}/{row.slug}/"
        return f"{self.home}/{'stories/' if row.type == 'story' else ''}{row.slug}/"

    def upload(self, row: Post) -> str:
        return f"{self.home}/wp-content/uploads/2024/05/{row.slug}.jpg"

    def term(self, row: Term) -> str:
        if self.options.plain:
            name = {"category": "cat", "post_tag": "tag"}.get(row.taxonomy, row.taxonomy)
            return f"{self.home}/?{name}={row.id if name == 'cat' else row.slug}"
        return f"{self.home}/{row.taxonomy.removeprefix('post_')}/{row.slug}/"

    def author(self, row: User) -> str:
        return f"{self.home}/?author={row.id}" if self.options.plain else f"{self.home}/author/{row.slug}/"
