"""Headings that a plugin left, and an author's headings that look similar."""

from __future__ import annotations

import pytest

from newsbot.article.cleaning.clean import clean

BASE = "https://news.example/a/"
PROSE = "<p>The harbour board voted on Tuesday to replace the two oldest cranes before winter, and went home.</p>"


@pytest.mark.parametrize(
    "html",
    [
        '<h2>Popular Posts</h2><ul class="wpp-list"><li>zap</li></ul>',
        '<h3>Author</h3><div class="pp-multiple-authors-wrapper">zap</div>',
        '<h2>Related</h2><h3>Comments</h3><div class="fb-comments"></div>',
        '<div><h4>Comments</h4><h4>Facebook Comments</h4></div>',
    ],
)  # fmt: skip
def test_label_is_removed_with_the_removed_content_under_it(html: str) -> None:
    found = clean(PROSE + html, base_url=BASE)
    assert found.html == PROSE
    assert found.removed["orphan-label"] >= 1
    follows = clean(PROSE + html + "<h2>Winter</h2>" + PROSE, base_url=BASE)
    assert follows.html == f"{PROSE}<h2>Winter</h2>{PROSE}"
    assert follows.text.count("\n\n") == 2
    assert clean(f"{html}<h2>Winter</h2>{PROSE}", base_url=BASE).text.startswith("Winter\n\n")


@pytest.mark.parametrize(
    "html",
    [
        "<h2>Comments</h2><p>Three of the board spoke.</p>",
        '<h2>Related</h2><ul><li><a href="https://a.example/">A report</a></li></ul>',
        '<h2>Related</h2><p><img src="https://news.example/a.jpg" alt=""></p>',
        "<h2>Comments</h2><h3>From the board</h3><p>None.</p>",
        "<blockquote><h3>Comments</h3></blockquote>",
        "<h2>Winter</h2>",
    ],
)
def test_heading_of_an_author_is_kept(html: str) -> None:
    assert clean(PROSE + html, base_url=BASE).html == PROSE + html
    assert clean(html + PROSE, base_url=BASE).html == html + PROSE


@pytest.mark.parametrize("inner", ["Winter  in\n town", " Winter in\ttown ", "Winter <b></b>in town"])
def test_white_space_in_a_heading_is_folded(inner: str) -> None:
    found = clean(f'{PROSE}<h2 class="wp-block-heading">{inner}</h2>{PROSE}<h3>{inner}</h3>', base_url=BASE)
    assert found.html == f"{PROSE}<h2>Winter in town</h2>{PROSE}<h3>Winter in town</h3>"
    assert found.text.split("\n\n")[1::2] == ["Winter in town"] * 2


def test_links_of_a_removed_heading_are_not_listed() -> None:
    found = clean(f'{PROSE}<h2><a href="/related/">Related posts</a></h2><h2>Winter</h2>{PROSE}', base_url=BASE)
    assert (found.links, found.word_count) == ([], 35)


def test_separators_between_removed_links_are_removed() -> None:
    links = '<a href="https://www.facebook.com/sharer.php?u=x">One</a> | <a href="https://x.com/share?url=x">Two</a>'
    assert clean(f"{PROSE}<p>{links}</p>", base_url=BASE).html == PROSE


def test_table_of_invitations_is_removed_and_another_table_is_kept() -> None:
    row = '<tr><td>{} group</td><td><a href="https://{}">Join now</a></td></tr>'
    table = f"<table>{row.format('WhatsApp', 'chat.whatsapp.com/a')}{row.format('Telegram', 't.me/a')}</table>"
    assert clean(PROSE + table, base_url=BASE).html == PROSE
    other = table.replace("t.me/a", "club.example/")
    assert "club.example" in clean(PROSE + other, base_url=BASE).html


def test_subscribe_label_of_jetpack_is_removed_only_with_the_name_of_the_site() -> None:
    label = "<h3>Discover more from The Gazette</h3><p>Subscribe to get the latest posts sent to your email.</p>"
    found = clean(PROSE + label, base_url=BASE)
    assert (found.html, found.removed) == (PROSE, {"jetpack-subscribe": 2})
    kept = clean(PROSE + "<h3>Discover more from the sea</h3>" + PROSE, base_url=BASE)
    assert "Discover more from the sea" in kept.text


def test_button_is_kept_when_no_other_link_has_its_address() -> None:
    button = '<div><a class="button" href="https://a.example/report.pdf"><span>Read More »</span></a></div>'
    for html in (PROSE + button, f"{PROSE}{button}<h2>Winter</h2>{PROSE}"):
        found = clean(html, base_url=BASE)
        assert found.links == ["https://a.example/report.pdf"]
        assert "\n\nRead More »" in found.text
        assert clean(found.html, base_url=BASE).html == found.html


@pytest.mark.parametrize("label", ["Read more", "Weiterlesen", "Lire la suite"])
def test_button_is_removed_when_the_title_before_it_has_its_address(label: str) -> None:
    title, text = '<a href="https://a.example/cranes/">Cranes</a>', "The cranes are old."
    teaser = f'<h2>{title}</h2><p>{text}</p><p><a href="https://a.example/cranes/">{label}</a></p>'
    found = clean(f"{PROSE}{teaser}<h2>Winter</h2>{PROSE}", base_url=BASE)
    assert found.html == f"{PROSE}<h2>{title}</h2><p>{text}</p><h2>Winter</h2>{PROSE}"


def test_label_without_a_link_is_removed() -> None:
    for label in ("<p>Read more</p>", '<p><a href="/subscribe/">Subscribe</a></p>'):
        found = clean(f"{PROSE}{label}<h2>Winter</h2>{PROSE}", base_url=BASE)
        assert found.html == f"{PROSE}<h2>Winter</h2>{PROSE}"


@pytest.mark.parametrize("href", [BASE, f"{BASE}#more-7", BASE.replace("://", "://www.").rstrip("/")])
def test_button_to_the_article_itself_is_removed(href: str) -> None:
    button = f'<p><a href="{href}">Read more</a></p>'
    found = clean(f"{PROSE}{button}<h2>Winter</h2>{PROSE}", base_url=BASE)
    assert (found.html, found.links) == (f"{PROSE}<h2>Winter</h2>{PROSE}", [])


@pytest.mark.parametrize("href", ["https://news.example/other/", f"{BASE}?page=2", f"{BASE}2/", "https://a.example/"])
def test_button_to_another_page_is_kept(href: str) -> None:
    button = f'<p><a href="{href}">Read more</a></p>'
    assert clean(f"{PROSE}{button}<h2>Winter</h2>{PROSE}", base_url=BASE).links == [href]
