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


def verify(folder: Path, output: str) -> None:
    """Verify the rows of the only run in a folder."""
    (receipt,) = (folder / "data" / "receipts").glob("*.json")
    line = [sys.executable, "-m", "scrapy", "verify", str(receipt)]
    done = fork_server.run(line, cwd=folder, env=environment(folder), capture_output=True, text=True)
    assert output in done.stdout, done.stdout + done.stderr


def test_address_of_a_part_of_a_site_selects_this_part(tmp_path: Path) -> None:
    with Newsroom(posts=60) as room, Newsroom(posts=5) as other:
        sections = room.site.archive.terms["category"]
        section = sections[3]
        wanted = ids_in(room, section.id)
        near = next(term for term in sections.values() if term is not section and ids_in(room, term.id) & wanted)
        article, further = (other.site.archive.row(other.ids()[place]) for place in (2, 3))
        assert article is not None
        assert further is not None
        addresses = [
            room.site.places.term(section),
            other.site.places.link(article),
            f"{other.url}/category/nothing-here/",
            room.site.places.term(near),
            other.site.places.link(further),
        ]
        assert 0 < len(wanted) < 60
        every = [(room.url, row_id) for row_id in sorted(wanted | ids_in(room, near.id))]
        every += [(other.url, row_id) for row_id in sorted((article.id, further.id))]
        options, runs = ["-O", "all.jsonl", "-a", "warc=1"], []
        for number in range(2):
            run = crawl(tmp_path, "wp_posts", *options[: 2 if number else 4], output=None, site=",".join(addresses))
            runs.append(run)
            found = [(row["site"].rstrip("/"), row["id"]) for row in run.rows("all.jsonl")]
            assert sorted(found) == sorted((url.rstrip("/"), row_id) for url, row_id in every), "each row once"
            assert f"rows: {len(every)} in the whole answer" in run.said
            assert run.status == 1
            assert f"the address means the category {section.name}" in run.said
            assert "the address means the single post" in run.said
            assert "nothing is at" in run.said
            if not number:
                verify(tmp_path, f"{len(every)} rows agree with the receipt and the records of the WARC files")
        first, second, third, fourth, fifth = runs[1].receipt()["sites"]
        assert (fourth["verdict"], fifth["verdict"]) == ("complete", "complete")
        collections = [site["collections"]["post"] for site in (first, second, fourth, fifth)]
        assert sum(facts["answer"] for facts in collections) == len(every)
        assert [facts["seen"] for facts in collections] == [len(wanted), 1, len(ids_in(room, near.id)), 1]
        assert (first["verdict"], first["part"]["terms"]["categories"][0]) == ("complete", section.id)
        assert (second["verdict"], third["verdict"], third["collections"]) == ("complete", "incomplete", {})
        # A crawl of a part proves nothing about the whole site: the next run lists the site from end to end, and loses
        # no row.
        whole = crawl(tmp_path, "wp_posts", site=room.url)
        facts = whole.receipt()["sites"][0]["collections"]["post"]
        assert (whole.status, facts["mode"], facts["live"]) == (0, "walk", 60)
    options = ["--category", section.slug, "--site", room.url.rstrip("/")]
    line = [sys.executable, "-m", "scrapy", "export", "part.jsonl", *options]
    done = fork_server.run(line, cwd=tmp_path, env=environment(tmp_path), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert len((tmp_path / "part.jsonl").read_text().splitlines()) == len(wanted)


def test_articles_of_one_site_are_resolved_and_requested_together(tmp_path: Path) -> None:
    with Newsroom(posts=30) as room:
        rows = [row for post_id in room.ids()[4:8] if (row := room.site.archive.row(post_id)) is not None]
        addresses = ",".join(room.site.places.link(row) for row in rows)
        counts = []
        for _ in range(2):
            room.forget()
            run = crawl(tmp_path, "wp_posts", "-a", "warc=1", output="out.jsonl", site=addresses)
            assert run.status == 0, run.said
            asked = [request for request in room.requests if request.route == "/wp/v2/posts"]
            counts.append(
                {
                    "page": sum(request.route is None and "robots" not in request.url for request in room.requests),
                    "index": sum(request.route == "/" for request in room.requests),
                    "single": sum((request.route or "").startswith("/wp/v2/posts/") for request in room.requests),
                    "slug": sum("slug" in request.params for request in asked),
                    "sample": sum("_links" in request.params["_fields"] for request in asked),
                    "list": sum("content" in request.params["_fields"] for request in asked),
                }
            )
            if len(counts) == 1:
                assert sorted(row["id"] for row in run.rows()) == sorted(row.id for row in rows)
                assert all(row["author"]["name"] and row["terms"] for row in run.rows())
                verify(tmp_path, "4 rows agree with the receipt and the records of the WARC files")
        assert counts[0] == {"page": 1, "index": 1, "single": 0, "slug": 1, "sample": 1, "list": 1}
        assert counts[1] == {"page": 0, "index": 0, "single": 0, "slug": 0, "sample": 1, "list": 1}
