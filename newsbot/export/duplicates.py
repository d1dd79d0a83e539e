"""The file of ``scrapy export --duplicates``: clusters of posts with nearly the same text, the earliest first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from types import SimpleNamespace
from typing import IO, Any, cast

import orjson
from scrapy.settings import BaseSettings

from newsbot.archive import Archive
from newsbot.archive.reader import Filter, read_current
from newsbot.article.facts.duplicates import Article, Cluster, clusters
from newsbot.feeds.exporters import CsvExporter


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterPost:
    """A post of a cluster. ``likeness`` is the estimated share of text in common with the earliest post: 0 to 1.

    ``posts`` and ``sites`` count the posts and sites of the cluster.
    """

    cluster: int
    posts: int
    sites: int
    likeness: float
    site: str
    type: str
    id: int
    url: str | None
    title: str | None
    published: str | None


def write_duplicates(
    file: IO[bytes], form: str, archive: Archive, selection: Filter, settings: BaseSettings, broken: list[str]
) -> int:
    """Write the clusters and return their number. A line of JSON is a cluster, a row of ``.csv`` is a post.

    A cluster has posts of at least two sites, unless the user asks for one site.
    """
    found = _clusters(archive, selection, broken)
    if form == ".csv":
        return _csv(file, found, settings)
    written = 0
    opening, between, closing = (b"[\n", b",\n", b"\n]\n") if form == ".json" else (b"", b"\n", b"\n")
    file.write(opening)
    for posts in found:
        file.write((between if written else b"") + orjson.dumps(_json_object(posts)))
        written += 1
    file.write(closing if written or form == ".json" else b"")
    return written


def _clusters(archive: Archive, selection: Filter, broken: list[str]) -> Iterator[list[ClusterPost]]:
    posts: list[tuple[Any, ...]] = []
    texts = clusters(_articles(archive, selection, posts, broken))
    number = 0
    for cluster in texts:
        sites = len({posts[key][0] for key in cluster.keys})
        if sites > 1 or selection.site is not None:
            number += 1
            yield _cluster_posts(cluster, posts, number, sites)


def _articles(
    archive: Archive, selection: Filter, posts: list[tuple[Any, ...]], broken: list[str]
) -> Iterator[Article]:
    """The texts of the archive, one after the other. ``posts`` keeps only the columns that the file shows."""
    for row in read_current(archive.database, selection, broken):
        post = row.fields()
        if post.get("content_text"):
            posts.append(tuple(post.get(name) for name in ("site", "type", "id", "url", "title", "published")))
            yield Article(len(posts) - 1, post["content_text"], post.get("published"))


def _cluster_posts(cluster: Cluster, posts: list[tuple[Any, ...]], number: int, sites: int) -> list[ClusterPost]:
    listed = []
    for key, likeness in zip(cluster.keys, cluster.likeness, strict=True):
        site, type_, row_id, url, title, published = posts[key]
        listed.append(
            ClusterPost(
                cluster=number,
                posts=len(cluster.keys),
                sites=sites,
                likeness=likeness,
                site=site,
                type=type_,
                id=row_id,
                url=url,
                title=title,
                published=published,
            )
        )
    return listed


def _json_object(posts: list[ClusterPost]) -> dict[str, Any]:
    listed = [
        {name: getattr(post, name) for name in ("likeness", "site", "type", "id", "url", "title", "published")}
        for post in posts
    ]
    return {"cluster": posts[0].cluster, "sites": posts[0].sites, "posts": listed}


def _csv(file: IO[bytes], found: Iterator[list[ClusterPost]], settings: BaseSettings) -> int:
    # The exporter takes only the class of the rows, the settings and the stats from its crawler.
    crawler = SimpleNamespace(settings=settings, stats=None, spidercls=SimpleNamespace(item_class=ClusterPost))
    exporter = CsvExporter(file, crawler=cast(Any, crawler))
    exporter.start_exporting()
    written = 0
    for posts in found:
        for post in posts:
            exporter.export_item(post)
        written += 1
    exporter.finish_exporting()
    return written
