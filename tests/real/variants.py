"""Ways in which a real WordPress hides posts from its REST API, and healthy sites that look odd.

Each Variant is a must-use plugin and a change of the content. A way of hiding must be named: the verdict is not
``complete``, or all posts come by another way. A healthy site must be ``complete``: a false alarm is a defect too.
By hand: ``python -m tests.real.variants [parts of names]``.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.crawl.scrapy_crawl import Run, crawl
from tests.real.wordpress import Permalinks, WordPress

POSTS = 24
_HERE = Path(__file__).parent
_FILL = (_HERE / "variants_fill.php").read_text(encoding="utf-8").removeprefix("<?php")
_SITEMAP = (_HERE / "variants_sitemap.php").read_text(encoding="utf-8").removeprefix("<?php")


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """A table of variants.toml. ``hides``: visitors can read posts that the REST API does not list.

    ``plugin`` runs in every request, ``setup`` once, with the ids of the posts in ``$ids``. ``sitemap``: the site has
    the sitemap of an SEO plugin, whose URLs are those of the option ``variant_urls``. ``types`` are asked for, by
    ``spider``, under the name ``host``. ``posts``: the number of its posts. ``always``: ``make test`` plays it too.
    """

    name: str
    hides: bool
    plugin: str = ""
    setup: str = ""
    sitemap: bool = False
    always: bool = False
    types: str = "post"
    spider: str = "wp_posts"
    permalinks: Permalinks = "pretty"
    posts: int = POSTS
    host: str = "127.0.0.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """``lacking`` are public posts that did not come. ``runs`` are the verdicts of the walk and of the update after it,
    with exit status and reason."""

    variant: Variant
    lacking: list[int]
    runs: list[str]
    requests: list[int]
    complete: bool

    @property
    def holds(self) -> bool:
        if self.variant.hides:
            return not self.complete or not self.lacking
        return self.complete and not self.lacking

    def line(self) -> str:
        kind = "hides" if self.variant.hides else "healthy"
        lacking = f"{len(self.lacking)} lack" if self.lacking else "all came"
        word = "ok  " if self.holds else "FAIL"
        return f"{word} {kind:7} {self.variant.name}: {lacking}, {self.requests} requests; " + " | ".join(self.runs)


def play(site: WordPress, folder: Path, variant: Variant) -> Outcome:
    """Fill the site anew, crawl it, and ask for an update. What the site held before is gone."""
    site.set_permalinks(variant.permalinks)
    runs, requests, delivered, complete = [], [], set[int](), True
    with site.mu_plugin("variant", (_SITEMAP if variant.sitemap else "") + variant.plugin):
        site.php(f"{_FILL}{variant.setup}\nwp_cache_flush();", posts=variant.posts)
        site.php("flush_rewrite_rules(false);")
        url = site.url.replace("127.0.0.1", variant.host)
        for number in (1, 2):
            site.forget_requests()
            types = ["-a", f"types={variant.types}"] if variant.spider == "wp_posts" else []
            run = crawl(folder, variant.spider, *types, site=url, output=f"{number}.jsonl")
            runs.append(_told(run))
            requests.append(len(site.requests()))
            complete = complete and run.status == 0
            delivered |= {row["id"] for row in run.rows(f"{number}.jsonl")}
        true = {int(row["id"]) for row in site.sql(_public(variant))}
    return Outcome(
        variant=variant, lacking=sorted(true - delivered), runs=runs, requests=requests, complete=complete
    )  # fmt: skip


def _public(variant: Variant) -> str:
    """The ids that a visitor can read, by SQL."""
    if variant.spider == "wp_media":
        return (
            "SELECT m.ID AS id FROM wp_posts m LEFT JOIN wp_posts p ON p.ID = m.post_parent "
            "WHERE m.post_type = 'attachment' AND (p.ID IS NULL OR p.post_status = 'publish')"
        )
    if variant.spider == "wp_comments":
        return (
            "SELECT c.comment_ID AS id FROM wp_comments c JOIN wp_posts p ON p.ID = c.comment_post_ID "
            "WHERE c.comment_approved = '1' AND p.post_status = 'publish'"
        )
    types = "'post'" if variant.types == "post" else "'post', 'page', 'report', 'memo'"
    return f"SELECT ID AS id FROM wp_posts WHERE post_status = 'publish' AND post_type IN ({types})"


def _told(run: Run) -> str:
    facts: dict[str, Any] = run.receipt()["sites"][0]
    return f"exit {run.status} {facts['verdict']}: {facts['why'][:160]}"


VARIANTS = [Variant(**one) for one in tomllib.loads((_HERE / "variants.toml").read_text(encoding="utf-8"))["variant"]]


def table(site: WordPress, folder: Path, chosen: Iterable[Variant]) -> list[Outcome]:
    """Play each variant in a folder of its own, and print a line for each."""
    outcomes = []
    for number, variant in enumerate(chosen):
        outcomes.append(play(site, folder / str(number), variant))
        print(outcomes[-1].line(), flush=True)
    return outcomes


def main() -> None:
    import sys
    import tempfile

    from tests.real import wordpress_releases
    from tests.real.mysql import MariaDB

    parts = sys.argv[1:] or [""]
    chosen = [variant for variant in VARIANTS if any(part in variant.name for part in parts)]
    with (
        tempfile.TemporaryDirectory(prefix="newsbot-variants-") as folder,
        tempfile.TemporaryDirectory(prefix="newsbot-mariadb-") as data,
        MariaDB(Path(data)) as mariadb,
        WordPress(root=wordpress_releases.tree("6.8"), mariadb=mariadb, database="wordpress") as site,
    ):
        outcomes = table(site, Path(folder), chosen)
    print(f"{sum(one.holds for one in outcomes)} of {len(outcomes)} hold")
    sys.exit(not all(outcome.holds for outcome in outcomes))


if __name__ == "__main__":
    main()
