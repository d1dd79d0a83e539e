"""The keys of URLs in the archive, and what it keeps of a witness."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from newsbot.archive import Archive
from newsbot.archive.schema import rows
from newsbot.items import Checkpoint, Post
from newsbot.wordpress.pages.urls import place_key
from newsbot.wordpress.questions import KeepWitness

SITE = "https://news.example"


def post(number: int, url: str | None, *, change: str = "new") -> Post:
    return Post(site=SITE, type="post", id=number, url=url, title=f"T{number}", change=change)  # type: ignore[arg-type]


def opened(path: Path) -> Archive:
    return Archive.open(f"sqlite:///{path}/a.db", run="run-1")


def test_archive_knows_the_urls_of_live_rows(tmp_path: Path) -> None:
    archive = opened(tmp_path)
    archive.add(post(1, f"{SITE}/a/"))
    archive.add(post(2, f"{SITE}/b/"))
    archive.add(post(3, None))
    archive.commit(Checkpoint(site=SITE, type="post", sequence=3))
    archive.add(post(1, f"{SITE}/renamed/"))
    archive.add(post(2, f"{SITE}/b/", change="deleted"))
    held = archive.live_links(SITE)
    assert place_key("http://www.news.example/renamed") in held
    assert place_key(f"{SITE}/a/") not in held
    assert place_key(f"{SITE}/b/") not in held
    assert len(archive.live_links("https://other.example")) == 0
    archive.close()


def test_rows_of_a_site_that_moved_into_a_folder_have_the_keys_of_their_new_urls(tmp_path: Path) -> None:
    archive = opened(tmp_path)
    archive.add(post(1, f"{SITE}/a/"))
    archive.commit(Checkpoint(site=SITE, type="post", sequence=1))
    moved = "https://press.example/paper"
    assert archive.rename_site(SITE, moved) is None
    held = archive.live_links(moved)
    assert place_key(f"{moved}/a/") in held
    assert place_key(f"{SITE}/a/") not in held
    archive.close()


def test_rows_of_an_older_version_get_their_key(tmp_path: Path) -> None:
    archive = opened(tmp_path)
    for number in range(1, 4):
        archive.add(post(number, f"{SITE}/{number}/"))
    archive.commit(Checkpoint(site=SITE, type="post", sequence=3))
    with archive.database.writing() as connection:
        connection.execute(sa.update(rows).values(link=None))
    held = archive.live_links(SITE)
    assert all(place_key(f"{SITE}/{number}/") in held for number in range(1, 4))
    with archive.database.reading() as connection:
        assert None not in connection.execute(sa.select(rows.c.link)).scalars().all()
    archive.close()


def test_archive_stores_the_facts_of_a_witness(tmp_path: Path) -> None:
    archive = opened(tmp_path)
    assert archive.state(SITE, "post").witness == {}
    archive.keep_witness(KeepWitness(site=SITE, type="post", facts={"heard": "2026-01-01", "beside": [7, -4]}))
    state = archive.state(SITE, "post")
    assert state.witness["heard"] == "2026-01-01"
    assert state.beside == {7, -4}
    archive.close()
