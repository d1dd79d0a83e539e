"""``wp_site``: every kind of rows of a site in one crawl."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from tests.crawl.scrapy_crawl import crawl
from tests.newsroom import Newsroom

KINDS = ("posts", "comments", "media", "terms", "users")


def test_wp_site_writes_one_file_a_kind_in_one_crawl(tmp_path: Path) -> None:
    with Newsroom(posts=12) as room:
        room.order("unauthorized", "/wp/v2/users")
        run = crawl(tmp_path, "wp_site", "-O", "copy.jsonl", output=None, site=room.url)
        (site,) = run.receipt()["sites"]
        assert (run.status, site["verdict"], site["not_public"]) == (0, "complete", ["users"])
        asked = Counter(request.route or request.url for request in room.requests)
        assert {asked[once] for once in ("/robots.txt", "/", "/wp/v2/types", "/wp/v2/taxonomies")} == {1}
        kinds = {name: collection["kind"] for name, collection in site["collections"].items()}
        assert {"post": "posts", "page": "posts", "comment": "comments", "attachment": "media"}.items() <= kinds.items()
        assert kinds["category"] == kinds["post_tag"] == "terms"
        delivered = Counter[str]()
        for collection in site["collections"].values():
            delivered[collection["kind"]] += collection["delivered"]
        rows = {kind: run.rows(f"copy.{kind}.jsonl") for kind in KINDS}
        assert {kind: len(found) for kind, found in rows.items()} == {kind: delivered[kind] for kind in KINDS}
        assert len({(row["type"], row["id"]) for found in rows.values() for row in found}) == sum(delivered.values())

        named = crawl(tmp_path, "wp_site", output=None, site=room.url, kinds="terms,users", full="1")
        (site,) = named.receipt()["sites"]
        assert (named.status, site["verdict"], site["not_public"]) == (1, "closed", [])
        host = room.url.removeprefix("http://").strip("/").replace(":", "-")
        run = named.receipt()["run"]
        files = {path.name for path in (tmp_path / "data" / "wp_site").iterdir()}
        assert files == {f"{host}-{run}.terms.{form}" for form in ("jsonl", "csv")}
