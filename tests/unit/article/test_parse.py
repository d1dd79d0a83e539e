"""The tree of a post is the tree of a document of its own, although posts share a document."""

from __future__ import annotations

import random
import threading

import pytest
from selectolax.lexbor import LexborHTMLParser

from newsbot.article.cleaning.clean import clean
from newsbot.article.cleaning.parse import parse
from tests.unit.article.test_fuzz import HARMFUL, PIECES

STARTS = [
    "<html><body class=a>",
    "<head><title>t</title></head>",
    "<script>a</script>",
    "</p>",
    "<!-- c -->",
    "<noscript>",
]
MIXED = [
    "</body>",
    "</html>",
    "<form>",
    "</form>",
    "<nobr>",
    "<image>",
    "<plaintext>",
    "<pre>\n",
    "<svg>",
    "<td>",
    "</br>",
]


def test_parsed_tree_equals_that_of_a_new_document() -> None:
    chance = random.Random(8)
    for _ in range(600):
        pieces = chance.choices(PIECES + HARMFUL + MIXED + STARTS, k=chance.randrange(1, 12))
        html = "".join(pieces).replace("\ud800", "").replace("<!-- c -->", "").replace("<!--", "")
        alone = LexborHTMLParser(html).body
        assert alone is not None
        assert parse(html).inner_html == alone.inner_html


@pytest.mark.parametrize("html", ["<frameset>a<p>b", "<p>a<frameset><p>b", "<html><frameset>a<p>b"])
def test_text_after_a_frameset_is_kept(html: str) -> None:
    assert clean(html, base_url="https://news.example/").text == "a\n\nb"


def test_each_thread_has_its_own_document() -> None:
    mine = parse("<p>mine</p>")
    other = threading.Thread(target=parse, args=("<p>other</p>",))
    other.start()
    other.join()
    assert mine.inner_html == "<p>mine</p>"
