"""A folder of Markdown: names that every file system takes, front matter that YAML reads, text that stays text."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any

import pytest

from newsbot.errors import BadArgument
from newsbot.export.markdown_files import file_name, front_matter, safe_name, site_folder, type_folder, year_folder
from newsbot.items import Comment, Image, Post
from tests.unit.export.exporting import HOSTILE, SITE, archive_of, exported, newsroom, post

yaml: Any = importlib.import_module("yaml")
DIGEST = "ab" * 32
PNG = b"\x89PNG\r\n\x1a\n"


def read(page: Path) -> tuple[dict[str, Any], str]:
    """Front matter and text, as a site generator reads them."""
    empty, facts, text = page.read_text(encoding="utf-8").split("---\n", 2)
    assert not empty
    return yaml.safe_load(facts), text.strip()


def with_picture(folder: Path) -> None:
    (folder / "data/media/ab").mkdir(parents=True)
    (folder / f"data/media/ab/{DIGEST}.png").write_bytes(PNG)
    lines = [
        {"url": f"{SITE}/i.jpg?a=1&b=2", "path": f"ab/{DIGEST}.png"},
        {"url": f"{SITE}/gone.jpg", "path": f"cd/{'cd' * 32}.png"},
        {"url": f"{SITE}/out.jpg", "path": "../../../etc/passwd"},
    ]
    text = "\n".join(json.dumps(line) for line in lines)
    (folder / "data/media/manifest.jsonl").write_text(f"{text}\ncut sho", encoding="utf-8")


def test_each_post_is_a_file_with_its_facts_and_images(tmp_path: Path) -> None:
    with_picture(tmp_path)
    html = "".join(f'<p><img src="{SITE}/{name}" alt="A"></p>' for name in ("i.jpg?a=1&amp;b=2", "gone.jpg", "out.jpg"))
    shown = post(3, content_html=html, images=[Image(url=f"{SITE}/i.jpg?a=1&b=2")], categories=["News"], tags=["Fire"])
    archive_of(tmp_path, *newsroom(), shown)
    assert exported(tmp_path, "notes.md") == 6
    folder = tmp_path / "notes.md"
    pages = sorted(page.relative_to(folder).as_posix() for page in folder.rglob("*.md"))
    assert pages[:3] == [
        "one.example/page/2026/2026-01-05-about-5.md",
        "one.example/page/2026/2026-01-06-team-6.md",
        "one.example/post/2026/2026-01-01-title-1-1.md",
    ]
    facts, text = read(folder / "one.example/post/2026/2026-01-03-title-3-3.md")
    assert (facts["title"], facts["authors"], facts["categories"]) == ("Title 3", ["Ann Ünal"], ["News"])
    assert f"![A](../../../images/ab/{DIGEST}.png)" in text
    assert f"{SITE}/gone.jpg" in text
    assert f"{SITE}/out.jpg" in text
    assert (folder / f"images/ab/{DIGEST}.png").read_bytes() == PNG


def test_text_of_a_site_is_escaped(tmp_path: Path) -> None:
    archive_of(
        tmp_path, post(1, title=HOSTILE, excerpt="---\n- x: y", content_html="<p>&lt;script&gt;*a*&lt;/script&gt;</p>")
    )
    exported(tmp_path, "notes.md")
    [page] = (tmp_path / "notes.md").rglob("*.md")
    facts, text = read(page)
    assert facts["title"].replace("\ufffd", "") == HOSTILE.replace("\ud800", "").replace("\ufffd", "")
    assert facts["description"] == "---\n- x: y"
    assert text == r"&lt;script&gt;\*a\*&lt;/script&gt;"


@pytest.mark.parametrize(
    ("slug", "name"),
    [
        ("../../etc/passwd", "2026-01-01-etc-passwd-1.md"),
        ("%d0%bd%d0%be%d0%b2%d0%be%d1%81%d1%82%d0%b8", "2026-01-01-1.md"),
        ("Économie\x00:*?", "2026-01-01-economie-1.md"),
        ("a" * 300, f"2026-01-01-{'a' * 60}-1.md"),
        ("CON", "2026-01-01-con-1.md"),
    ],
)
def test_file_names_are_portable(slug: str, name: str) -> None:
    assert file_name(post(1, slug=slug)) == name


def test_folder_names_are_portable() -> None:
    assert safe_name("AUX") == "aux-"
    assert type_folder("../x") == "x"
    assert year_folder(Post(site=SITE, type="post", id=1, published="bad")) == "undated"
    assert [site_folder(site) for site in ("https://a.example:80/b/", "http://[x", "..")] == [
        "a.example-80-b",
        "http-x",
        "site",
    ]


def test_front_matter_holds_only_known_facts() -> None:
    assert yaml.safe_load(front_matter(Post(site=SITE, type="post", id=1), None).strip("-\n")) == {
        "site": SITE,
        "type": "post",
        "id": 1,
    }


def test_two_sites_of_one_host_have_separate_folders(tmp_path: Path) -> None:
    archive_of(tmp_path, post(1), post(1, site="http://one.example"))
    exported(tmp_path, "notes", format="markdown")
    assert sorted(page.parts[-4] for page in (tmp_path / "notes").rglob("*.md")) == ["one.example", "one.example-2"]


def test_long_names_are_cut_and_equal_names_get_numbers(tmp_path: Path) -> None:
    long = f"https://one.example/{'p/' * 300}"
    types = ("événement", "evenement", "t" * 400, "t" * 401)
    archive_of(tmp_path, *(post(9, type=name) for name in types), post(9, site=long))
    assert exported(tmp_path, "notes", format="markdown") == len(list((tmp_path / "notes").rglob("*.md"))) == 5
    folders = {page.parts[-3] for page in (tmp_path / "notes/one.example").rglob("*.md")}
    assert folders == {"evenement", "evenement-2", "t" * 120, f"{'t' * 120}-2"}


def test_second_export_replaces_its_own_folder_and_no_folder_of_the_user(tmp_path: Path) -> None:
    archive_of(tmp_path, post(1))
    exported(tmp_path, "notes.md")
    archive_of(tmp_path, post(1, slug="renamed"))
    exported(tmp_path, "notes.md")
    [page] = (tmp_path / "notes.md").rglob("*.md")
    assert page.name == "2026-01-01-renamed-1.md"
    (tmp_path / "notes.md/my-own.md").write_text("Mine")
    with pytest.raises(BadArgument, match=r"holds files that newsbot did not write \(my-own.md\)"):
        exported(tmp_path, "notes.md")
    assert sorted(found.name for found in tmp_path.iterdir()) == ["newsbot.db", "notes.md"]


def test_markdown_export_of_comments_is_refused(tmp_path: Path) -> None:
    archive_of(tmp_path, Comment(site=SITE, type="comment", id=1))
    with pytest.raises(BadArgument, match="holds posts"):
        exported(tmp_path, "notes.md", kind="comments")
    assert [found.name for found in tmp_path.iterdir()] == ["newsbot.db"]
