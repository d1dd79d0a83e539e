"""The source of a story and its author, as far as the story names them."""

from __future__ import annotations

import pytest

from newsbot.article.cleaning.clean import clean
from newsbot.article.facts.byline import Dateline, closing_agency, find_byline, find_dateline
from newsbot.article.facts.source import find_source
from newsbot.items import Image

SITE = "https://copy.example/a-post/"


def test_hot_linked_image_in_the_excerpt_names_the_source() -> None:
    excerpt = '<div><img src="https://www.gazette.test/wp-content/uploads/2026/05/x-150x150.png">Words</div>'
    source = find_source(site=SITE, html="<p>Words</p>", text="Words", excerpt_html=excerpt)
    assert source is not None
    assert (source.url, source.publisher) == ("https://www.gazette.test/", "gazette.test")
    assert source.evidence == "excerpt's image is hot-linked from gazette.test"
    assert source.confidence is not None
    assert 0 < source.confidence < 1


@pytest.mark.parametrize(
    ("line", "publisher", "url"),
    [
        ('<p>Source: <a href="https://gazette.test/x">The Gazette</a></p>', "The Gazette", "https://gazette.test/x"),
        ('<p>出典：<a href="https://gazette.test/x">ガゼット</a></p>', "ガゼット", "https://gazette.test/x"),
        ('<p>This article was originally published on <a href="https://gazette.test/">Gazette</a></p>', "Gazette",
        "https://gazette.test/"),
        (
            '<p>The post <a href="https://gazette.test/x">A title</a> appeared first on '
            '<a href="https://gazette.test">Gazette</a>.</p>', "Gazette", "https://gazette.test",
        ),
        (
            '<p>Het bericht <a href="https://gazette.test/x">Een titel</a> verscheen eerst op '
            '<a href="https://gazette.test">Gazette</a>.</p>', "gazette.test", "https://gazette.test",
        ),
        ("<p>Fuente: El Diario</p>", "El Diario", None),
        ('<p>來源：<a href="https://twitter.com/lantern/status/1">Lantern</a></p>', "Lantern",
        "https://twitter.com/lantern/status/1"),
    ],
)  # fmt: skip
def test_source_line_names_the_source(line: str, publisher: str, url: str | None) -> None:
    cleaned = clean("<p>Words.</p>" + line, base_url=SITE)
    source = find_source(site=SITE, html=cleaned.html, text=cleaned.text, credit=cleaned.credit)
    assert source is not None
    assert (source.publisher, source.url) == (publisher, url)


@pytest.mark.parametrize(
    "html",
    [
        "<p>Sources close to the board said no.</p>",
        '<p>Source: <a href="https://copy.example/b/">our own report</a></p>',
        '<p>The post <a href="https://copy.example/x">A title</a> appeared first on '
        '<a href="https://copy.example">Copy</a>.</p>',
        "<p>Via the northern road it takes an hour longer, and in winter nobody goes that way at all.</p>",
    ],
)
def test_an_ordinary_sentence_is_no_source(html: str) -> None:
    cleaned = clean(html, base_url=SITE)
    assert find_source(site=SITE, html=cleaned.html, text=cleaned.text, credit=cleaned.credit) is None


def test_canonical_link_to_another_site_has_the_highest_weight() -> None:
    source = find_source(site=SITE, html="", text="LAGOS (Reuters) - x", canonical="https://gazette.test/x")
    assert source is not None
    assert source.url == "https://gazette.test/x"
    assert find_source(site=SITE, html="", text="x", canonical="https://www.copy.example/x") is None


def test_field_of_an_importer_names_the_source() -> None:
    source = find_source(site=SITE, html="", text="", meta={"wprss_item_permalink": ["https://gazette.test/x"]})
    assert source is not None
    assert source.evidence == "importer's field wprss_item_permalink"


def test_images_of_an_image_host_are_no_source() -> None:
    pictures = [Image(url="https://images.unsplash.com/photos/a.jpg"), Image(url="https://copy.example/uploads/b.jpg")]
    assert find_source(site=SITE, html="", text="", images=pictures) is None


@pytest.mark.parametrize(
    ("text", "dateline"),
    [
        ("LAGOS, May 3 (Reuters) - The board voted.", Dateline("LAGOS", "Reuters")),
        ("NEW YORK (AP) — The board voted.", Dateline("NEW YORK", "Associated Press")),
        ("Berlin (dpa) - Der Rat stimmte ab.", Dateline("Berlin", "dpa")),
        ("BOGOTÁ — The board voted.", Dateline("BOGOTÁ", None)),
        ("(AFP) – The board voted.", Dateline(None, "AFP")),
        ("МОСКВА, 3 мая. /ТАСС/. Совет проголосовал.", Dateline("МОСКВА", "TASS")),
        ("МОСКВА, 3 мая — РИА Новости. Совет проголосовал.", Dateline("МОСКВА", "RIA Novosti")),
        ("新华社北京5月3日电 委员会投票。", Dateline("北京", "Xinhua")),
        ("（中新社上海12月31日电）委员会投票。", Dateline("上海", "China News Service")),
        ("LIMA — The board voted.", Dateline("LIMA", None)),
        ("AFP - The board voted.", Dateline(None, "AFP")),
        ("NASA - the agency of the stars - voted.", None),
        ("NASA — The agency voted.", None),
        ("USA — The board voted.", None),
        ("UPDATE: The board voted.", None),
        ("Chelsea - the club of the west - won.", None),
        ("The board voted (again) - and lost.", None),
    ],
)
def test_dateline_is_distinguished_from_a_sentence(text: str, dateline: Dateline | None) -> None:
    assert find_dateline(text) == dateline


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("By Jo Doe\n\nThe board voted.", "Jo Doe"),
        ("The board voted.\n\nPor María de la Cruz", "María de la Cruz"),
        ("文：山田太郎\n\n本文", "山田太郎"),
        ("By Jo Doe and Ann Roe | Reuters\n\nThe board voted.", "Jo Doe and Ann Roe"),
        ("By Jo Doe, Reuters\n\nThe board voted.", "Jo Doe"),
        ("By April Jones\n\nThe board voted.", "April Jones"),
        ("BY JO DOE\n\nThe board voted.", "JO DOE"),
        ("Par Jean d’Alembert et Anne Roux\n\nLe conseil.", "Jean d’Alembert et Anne Roux"),
        ("Texto: Ana Pérez\n\nLa junta votó.", "Ana Pérez"),
        ("Text messages\n\nThe board voted.", None),
        ("By Tuesday\n\nThe board voted.", None),
        ("By April\n\nThe board voted.", None),
        ("Von Hamburg nach Berlin\n\nDer Rat stimmte ab.", None),
        ("By noon the lower meadows stood under water.", None),
        ("The board voted.", None),
    ],
)
def test_a_byline_is_a_line_of_its_own(text: str, name: str | None) -> None:
    assert find_byline(text) == name


def test_agency_in_the_last_words_is_found() -> None:
    assert closing_agency("The board voted. (AFP)") == "AFP"
    assert closing_agency("The board voted (unanimously)") is None


def test_domains_of_one_publisher_are_not_foreign() -> None:
    for own, other, elsewhere in [
        ("gazette.com", "gazette.co.uk", False),
        ("www.gazette.co.uk", "news.gazette.com", False),
        ("bbg.test", "news.bbg.test", False),
        ("gazette.com.br", "lantern.com.br", True),
        ("one.co.uk", "two.co.uk", True),
        ("gazette.test", "gazette-of-elsewhere.test", True),
    ]:
        source = find_source(site=f"https://{own}/a/", html="", text="", canonical=f"https://{other}/a/")
        assert (source is not None) is elsewhere, (own, other)


def test_url_is_not_used_as_the_name_of_a_publisher() -> None:
    line = '<p>Source: <a href="https://www.gazette.test/x">https://www.gazette.test/x</a></p>'
    cleaned = clean("<p>Words.</p>" + line, base_url=SITE)
    source = find_source(site=SITE, html=cleaned.html, text=cleaned.text, credit=cleaned.credit)
    assert source is not None
    assert (source.publisher, source.url) == ("gazette.test", "https://www.gazette.test/x")
