"""Asking for a part of a site: by its address, and by arguments."""

from __future__ import annotations

import sys
from pathlib import Path

from tests import fork_server
from tests.crawl.scrapy_crawl import crawl, environment
from tests.newsroom import Newsroom


def ids_in(room: Newsroom, category: int) -> set[int]:
    archive = room.site.archive
    terms = archive.terms["category"].values()
    below = {category} | {term.id for term in terms if term.parent == category}
    below |= {term.id for term in terms if term.parent in below}
    rows = (archive.row(post_id) for post_id in room.ids())
    return {row.id for row in rows if row is not None and not below.isdisjoint(row.categories)}


def test_addresses_of_parts_mean_the_parts(tmp_path: Path) -> None:
    with Newsroom(posts=60) as room, Newsroom(posts=5) as other:
        section, article = room.site.archive.terms["category"][3], other.site.archive.row(other.ids()[2])
        assert article is not None
        addresses = [
            room.site.places.term(section),
            other.site.places.link(article),
            f"{other.url}/category/nothing-here/",
        ]
        wanted = ids_in(room, section.id)
        assert 0 < len(wanted) < 60
        runs = [crawl(tmp_path, "wp_posts", "-O", "all.jsonl", output=None, site=",".join(addresses)) for _ in range(2)]
        for run in runs:
            assert {row["id"] for row in run.rows("all.jsonl")} == wanted | {article.id}
            assert run.status == 1
            assert f"taken for the category {section.name}" in run.said
            assert "taken for the single post" in run.said
            assert "nothing is at" in run.said
        first, second, third = runs[1].receipt()["sites"]
        assert (first["verdict"], first["part"]["terms"]["categories"][0]) == ("complete", section.id)
        assert (second["verdict"], third["verdict"], third["collections"]) == ("complete", "incomplete", {})
        assert first["collections"]["post"]["expected_after"] == len(wanted)
        assert (first["collections"]["post"]["earlier"], second["collections"]["post"]["earlier"]) == (len(wanted), 1)
        # A part proves nothing of the whole: the next run lists the site from end to end, and loses nothing.
        whole = crawl(tmp_path, "wp_posts", site=room.url)
        facts = whole.receipt()["sites"][0]["collections"]["post"]
        assert (whole.status, facts["mode"], facts["live"]) == (0, "walk", 60)
    options = ["--category", section.slug, "--site", room.url.rstrip("/")]
    line = [sys.executable, "-m", "scrapy", "export", "part.jsonl", *options]
    done = fork_server.run(line, cwd=tmp_path, env=environment(tmp_path), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert len((tmp_path / "part.jsonl").read_text().splitlines()) == len(wanted)
