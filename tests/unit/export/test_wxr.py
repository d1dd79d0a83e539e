"""WXR: everything of a site in WordPress's own format, well-formed whatever the site's strings hold."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsbot.errors import BadArgument
from newsbot.export.wxr import FullTerm, comment_element, lost_parents, media_item, post_item, term_elements
from newsbot.export.wxr_elements import encoded
from newsbot.items import Author, Comment, Media, Post, Term, TermRef
from tests.unit.export import wxr_reader
from tests.unit.export.exporting import SITE, archive_of, exported, newsroom, post
from tests.unit.export.wxr_reader import Wxr


def written(folder: Path, **options: object) -> Wxr:
    exported(folder, "site.wxr", **options)
    return wxr_reader.read((folder / "site.wxr").read_bytes())


def test_export_holds_posts_terms_authors_comments_and_media_of_a_site(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    archive_of(tmp_path, *newsroom(), Comment(site=SITE, type="comment", id=3, post=99, content_html="<p>Lost</p>"))
    wxr = written(tmp_path)
    assert (wxr.site, wxr.authors["ann"]["author_display_name"]) == (SITE, "Ann Ünal")
    assert wxr.terms["category", "news"]["parent"] == "all"
    assert wxr.terms["post_tag", "fire"]["name"] == "Fire &amp; Rescue"
    first, second = wxr.items[1], wxr.items[2]
    assert (first["title"], first["slug"], first["status"], first["author"]) == ("Title 1", "title-1", "publish", "ann")
    assert (first["post_date"], first["post_date_gmt"]) == ("2026-01-01 09:00:00", "2026-01-01 08:00:00")
    assert (first["post_modified"], first["post_modified_gmt"]) == ("2026-02-01 09:00:00", "2026-02-01 08:00:00")
    assert (first["content"], first["terms"]) == (
        "<p>The quick brown fox</p>",
        [("category", "news"), ("post_tag", "fire")],
    )
    assert {key: one["comment_parent"] for key, one in first["comments"].items()} == {1: "0", 2: "1"}
    assert (second["is_sticky"], second["meta"]) == (1, {"_thumbnail_id": "9"})
    assert (wxr.items[6]["type"], wxr.items[6]["post_parent"]) == ("page", 5)
    dog = wxr.items[9]
    assert (dog["type"], dog["status"], dog["post_parent"], dog["file"]) == (
        "attachment",
        "inherit",
        2,
        f"{SITE}/i.jpg",
    )
    assert "comments of posts that are not in the file, and that were left out: 1\n" in capsys.readouterr().err


def test_a_featured_image_without_a_media_row_becomes_an_attachment(tmp_path: Path) -> None:
    archive_of(tmp_path, *(row for row in newsroom() if not isinstance(row, Media)))
    dog = written(tmp_path).items[9]
    assert (dog["type"], dog["file"], dog["meta"]) == (
        "attachment",
        f"{SITE}/i.jpg",
        {"_wp_attachment_image_alt": "A dog"},
    )


def test_window_selects_posts_with_their_authors_terms_and_media(tmp_path: Path) -> None:
    archive_of(tmp_path, *newsroom())
    wxr = written(tmp_path, since="2026-01-02", until="2026-01-05")
    assert sorted(wxr.items) == [2, 5, 9]
    assert set(wxr.authors) == {"ann"}
    assert ("category", "all") in wxr.terms


def test_items_that_an_importer_takes_for_duplicates_are_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    same = {"title": "Weather", "published_local": "2026-01-01T09:00:00"}
    undated = post(3, title=None, published=None, published_local=None)
    archive_of(tmp_path, post(1, **same), post(2, **same), undated, post(4, title=None))
    written(tmp_path)
    output = capsys.readouterr().err
    assert "items with the type, time and title of another item: 1. WordPress" in output
    assert "items without a date: 1. WordPress gives them the time of the import\n" in output


def test_a_file_holds_one_site(tmp_path: Path) -> None:
    other = "https://two.example"
    archive_of(tmp_path, post(1), Post(site=other, type="post", id=1, title="Two"))
    with pytest.raises(BadArgument, match=r"a \.wxr file holds one site; --site chooses one of https://one"):
        exported(tmp_path, "site.wxr")
    assert list(written(tmp_path, site="two.example").items) == [1]


def test_terms_follow_their_parents_also_in_a_loop() -> None:
    def term(number: int, parent: int | None) -> FullTerm:
        return FullTerm(TermRef(taxonomy="beat", id=number, slug=f"t{number}", name=f"T{number}", parent=parent))

    terms = {("beat", number): term(number, parent) for number, parent in [(1, 2), (2, 3), (3, None), (4, 5), (5, 4)]}
    xml = "".join(term_elements(terms))
    assert [xml.index(f"[t{number}]]></wp:term_slug>") for number in (3, 2, 1)] == sorted(
        xml.index(f"[t{number}]]></wp:term_slug>") for number in (1, 2, 3)
    )
    assert xml.count("<wp:term>") == 5
    assert (lost_parents(terms), lost_parents({("beat", 1): term(1, 9)})) == (0, 1)


HARD = ["\x00", "\x0b", "]]>", "]]", ">", "<", "&", "\r", "\ud800", "\ufffe", "<![CDATA[", '"', "\u2028"]
ANY = st.lists(st.sampled_from(HARD) | st.characters(), max_size=12).map("".join)


@given(ANY, ANY)
def test_any_string_leaves_the_file_well_formed(one: str, two: str) -> None:
    term = TermRef(taxonomy=one or "x", id=1, slug=two, name=one)
    author = Author(id=1, name=one, slug=two, url=one)
    given_post = post(1, title=one, content_html=two, excerpt=one, slug=two, url=one, terms=[term], author=author)
    comment = Comment(site=SITE, type="comment", id=1, content_html=one, author=author)
    media = Media(site=SITE, type="attachment", id=2, file_url=one, alt=two, title=two, description=one)
    items = post_item(given_post, comment_element(comment)) + media_item(media)
    data = encoded(
        '<rss xmlns:wp="http://wordpress.org/export/1.2/" xmlns:dc="http://purl.org/dc/elements/1.1/" '
        'xmlns:content="http://purl.org/rss/1.0/modules/content/" '
        'xmlns:excerpt="http://wordpress.org/export/1.2/excerpt/"><channel><wp:wxr_version>1.2</wp:wxr_version>'
    )
    wxr = wxr_reader.read(data + items + b"</channel></rss>")
    assert sorted(wxr.items) == [1, 2]
    assert list(wxr.items[1]["comments"]) == [1]


def test_an_author_without_a_usable_slug_has_a_login_of_the_id(tmp_path: Path) -> None:
    archive_of(tmp_path, post(1, author=Author(id=7, name="Ада", slug="%d0%b0%d0%b4%d0%b0")), post(2, author=None))
    wxr = written(tmp_path)
    assert (wxr.items[1]["author"], wxr.items[2]["author"]) == ("author-7", "")
    assert wxr.authors["author-7"]["author_display_name"] == "Ада"


def test_term_is_exported_with_its_description(tmp_path: Path) -> None:
    news = Term(site=SITE, type="category", id=3, slug="news", name="News", description="What <happens>")
    archive_of(tmp_path, post(1, terms=[TermRef(taxonomy="category", id=3, slug="news", name="News")]), news)
    assert written(tmp_path).terms["category", "news"]["description"] == "What &lt;happens&gt;"
