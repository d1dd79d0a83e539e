"""The charset of a page that names none, or only with a mark at its beginning."""

from __future__ import annotations

import pytest

from newsbot.charsets import decode_page, marked_charset
from newsbot.wordpress.messages import Reply
from newsbot.wordpress.single_article import read_article

STORY = "".join(f"<p>Am Tag {n} stimmte der Rat für zwei neue Kräne und ging nach Hause zu Bett.</p>" for n in range(4))
PAGE = f'<body class="postid-8"><h1 class="entry-title">Kräne für alle</h1><div class="entry-content">{STORY}'


@pytest.mark.parametrize("charset", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "cp1252"])
def test_a_page_is_read_in_the_charset_that_its_bytes_show(charset: str) -> None:
    found = read_article(Reply(status=200, url="https://news.example/a/", body=PAGE.encode(charset)))
    assert found.post.title == "Kräne für alle"
    assert STORY in (found.post.content_html or "")


def test_charset_comes_from_the_header_when_the_bytes_do_not_show_it() -> None:
    headers = {"content-type": "text/html; charset=windows-1251"}
    page = PAGE.replace("Kräne für alle", "Новые краны").replace("ä", "a").replace("ü", "u").encode("cp1251")
    assert read_article(Reply(status=200, url="https://news.example/a/", body=page, headers=headers)).post.title == (
        "Новые краны"
    )


def test_invalid_byte_in_utf_8_changes_no_other_character() -> None:
    assert decode_page("Grüße, Bäume".encode() + b"\xfc", ("utf-8",)) == "Grüße, Bäume\ufffd"
    assert decode_page(b"Gr\xfc\xdfe", ("utf-8",)) == "Grüße"
    assert (marked_charset(b""), marked_charset(b"<p>")) == ("", "")


@pytest.mark.parametrize("charset", ["utf-8", "iso-8859-2", "iso-2022-jp"])
def test_page_that_names_its_former_charset_is_read_correctly(charset: str) -> None:
    text = "東京の港" if charset == "iso-2022-jp" else "Žluťoučký kůň"
    named = "iso-8859-2" if charset == "utf-8" else charset
    html = (
        f"<html><head><meta charset={named}><title>{text}</title></head><body class=postid-1><div class=entry-content>"
    )
    found = read_article(Reply(status=200, url="https://news.example/a/", body=f"{html}{text}</div>".encode(charset)))
    assert text in (found.post.content_html or "")
