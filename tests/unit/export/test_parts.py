"""``--category``, ``--tag`` and ``--author``: the rows of the part, of each site by the site's own ids."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from newsbot.archive import Archive
from newsbot.archive.reader import read_current
from newsbot.errors import BadArgument
from newsbot.export import parts
from newsbot.items import Author, Post, TermRef
from tests.unit.export.exporting import SITE, archive_of, exported, newsroom, post

OTHER = "https://two.example"


def written(folder: Path, **options: str) -> list[tuple[str, int]]:
    exported(folder, "part.jsonl", **options)
    rows = [json.loads(line) for line in (folder / "part.jsonl").read_text(encoding="utf-8").splitlines()]
    return [(row["site"], row["id"]) for row in rows]


def test_category_of_one_site_does_not_select_the_category_with_the_same_id_of_another_site(tmp_path: Path) -> None:
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


def test_category_without_rows_selects_the_rows_of_its_child_categories(tmp_path: Path) -> None:
    archive_of(tmp_path, *newsroom())
    assert written(tmp_path, category="all") == written(tmp_path, category="news") != []


def test_category_stored_by_a_join_is_found_without_reading_all_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sport, ball = (TermRef(taxonomy="category", id=number, slug=name) for number, name in ((3, "sport"), (4, "ball")))
    archive_of(tmp_path, post(1, terms=[sport]), post(2, terms=[ball]), post(3))
    archive = Archive.open(f"sqlite:///{tmp_path / 'newsbot.db'}", run="s")
    stored = {"taxonomy": "category", "id": 3, "slug": "sport", "name": "Sport", "parent": None}
    archive.remember(SITE, "/wp/v2/categories", {3: stored, 4: {**stored, "id": 4, "slug": "ball", "parent": 3}})
    archive.flush()
    archive.close()
    asked = []

    def counted(database: object, selection: object, broken: list[str] | None = None) -> object:
        asked.append(selection.kind)  # type: ignore[attr-defined]
        return read_current(database, selection, broken)  # type: ignore[arg-type]

    monkeypatch.setattr(parts, "read_current", counted)
    assert written(tmp_path, category="sport") == [(SITE, 1), (SITE, 2)]
    assert asked == ["terms"]
    assert written(tmp_path, author="ann") == [(SITE, 1), (SITE, 2), (SITE, 3)]
    assert asked[1:] == ["terms", "posts"]
