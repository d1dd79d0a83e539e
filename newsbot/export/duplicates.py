"""What ``scrapy export --duplicates`` writes: clusters of posts that tell the same words, the earliest first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from types import SimpleNamespace
from typing import IO, Any, cast

import orjson
from scrapy.settings import BaseSettings

from newsbot.archive import Archive
from newsbot.archive.payloads import fields_of
from newsbot.archive.reader import Filter, read_current
from newsbot.article.facts.duplicates import Article, Cluster, clusters
from newsbot.feeds.exporters import CsvExporter


@dataclass(frozen=True, slots=True, kw_only=True)
class Twin:
    """A post of a cluster. ``likeness`` is what it shares with the cluster's earliest: 0 to 1, estimated."""

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


def write_duplicates(file: IO[bytes], form: str, archive: Archive, asked: Filter, settings: BaseSettings) -> int:
    """Write the clusters and count them: in ``.jsonl`` and ``.json`` a cluster a line, in ``.csv`` a post a row.

    A cluster spans two sites and more, unless one site alone is asked for.
    """
    found = _clusters(archive, asked)
    if form == ".csv":
        return _csv(file, found, settings)
    written = 0
    opening, between, closing = (b"[\n", b",\n", b"\n]\n") if form == ".json" else (b"", b"\n", b"\n")
    file.write(opening)
    for twins in found:
        file.write((between if written else b"") + orjson.dumps(_told(twins)))
        written += 1
    file.write(closing if written or form == ".json" else b"")
    return written


def _clusters(archive: Archive, asked: Filter) -> Iterator[list[Twin]]:
    posts: list[tuple[Any, ...]] = []
    texts = clusters(_articles(archive, asked, posts))
    number = 0
    for cluster in texts:
        sites = len({posts[key][0] for key in cluster.keys})
        if sites > 1 or asked.site is not None:
            number += 1
            yield _twins(cluster, posts, number, sites)


def _articles(archive: Archive, asked: Filter, posts: list[tuple[Any, ...]]) -> Iterator[Article]:
    """The archive's texts one by one; of each post only what a listing needs stays in ``posts``."""
    for kept in read_current(archive.database, asked):
        post = fields_of(kept.payload)
        if post.get("content_text"):
            posts.append(tuple(post.get(name) for name in ("site", "type", "id", "url", "title", "published")))
            yield Article(len(posts) - 1, post["content_text"], post.get("published"))


def _twins(cluster: Cluster, posts: list[tuple[Any, ...]], number: int, sites: int) -> list[Twin]:
    listed = []
    for key, likeness in zip(cluster.keys, cluster.likeness, strict=True):
        site, type_, row_id, url, title, published = posts[key]
        listed.append(
            Twin(
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


def _told(twins: list[Twin]) -> dict[str, Any]:
    listed = [
        {name: getattr(twin, name) for name in ("likeness", "site", "type", "id", "url", "title", "published")}
        for twin in twins
    ]
    return {"cluster": twins[0].cluster, "sites": twins[0].sites, "posts": listed}


def _csv(file: IO[bytes], found: Iterator[list[Twin]], settings: BaseSettings) -> int:
    # The exporter of the crawl asks its crawler for the row's class and for settings: this is all of it.
    crawler = SimpleNamespace(settings=settings, stats=None, spidercls=SimpleNamespace(item_class=Twin))
    exporter = CsvExporter(file, crawler=cast(Any, crawler))
    exporter.start_exporting()
    written = 0
    for twins in found:
        for twin in twins:
            exporter.export_item(twin)
        written += 1
    exporter.finish_exporting()
    return written
