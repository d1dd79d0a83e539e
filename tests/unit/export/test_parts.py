"""``--category``, ``--tag`` and ``--author``: the rows of the part, of each site by the site's own ids."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from newsbot.errors import BadArgument
from newsbot.items import Author, Post, TermRef
from tests.unit.export.exporting import SITE, archive_of, exported, newsroom, post

OTHER = "https://two.example"


def written(folder: Path, **options: str) -> list[tuple[str, int]]:
    exported(folder, "part.jsonl", **options)
    rows = [json.loads(line) for line in (folder / "part.jsonl").read_text(encoding="utf-8").splitlines()]
    return [(row["site"], row["id"]) for row in rows]


def test_a_section_of_one_site_is_not_another_site_s_section_with_its_id(tmp_path: Path) -> None:
    mine, theirs = (TermRef(taxonomy="category", id=3, slug=name, name=name) for name in ("sport", "economy"))
    archive_of(
        tmp_path,
        post(1, terms=[mine]),
        Post(site=OTHER, type="post", id=2, terms=[theirs], author=Author(id=1, name="Bo", slug="bo")),
    )
    assert written(tmp_path, category="sport") == [(SITE, 1)]
    assert written(tmp_path, category="economy") == [(OTHER, 2)]
    assert written(tmp_path, author="ann") == [(SITE, 1)]
    assert written(tmp_path, category="sport,economy") == [(SITE, 1), (OTHER, 2)]
    with pytest.raises(BadArgument, match="--category takes at least one name"):
        written(tmp_path, category=" , ")


def test_a_section_without_rows_of_its_own_holds_the_sections_below_it(tmp_path: Path) -> None:
    archive_of(tmp_path, *newsroom())
    assert written(tmp_path, category="all") == written(tmp_path, category="news") != []
