"""No page makes a parser nest deeper than the limit, and the tags in scripts do not count as tags of the page."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from newsbot.article.cleaning import nesting
from newsbot.article.facts.body import find_body

WORDS = "The council met on Monday and decided, after a long debate, to keep the old bridge open for one more year. "
MENU = r'cache.set({"html":"<div class=\"row\"><div class=\"span\"><a href=\"https:\/\/news.example\/a\/\">A<\/a>"});'


def depth(html: str) -> int:
    """How deep the elements are that a parser makes of a page."""
    waiting, most = [(LexborHTMLParser(html).root, 0)], 0
    while waiting:
        node, deep = waiting.pop()
        most = max(most, deep)
        child = node.first_child if node is not None else None
        while child is not None:
            waiting.append((child, deep + 1))
            child = child.next
    return most


@pytest.fixture
def low(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"FEW_TAGS": 0, "MAX_DEPTH": 6, "MAX_FORMATTING": 3}.items():
        monkeypatch.setattr(nesting, name, value)


def test_tags_in_strings_of_a_script_are_not_counted() -> None:
    page = f"<body><script>{MENU * 150}</script><div class='entry-content'>{f'<p>{WORDS}</p>' * 200}</div>"
    assert page.count("<") > nesting.FEW_TAGS
    assert nesting.flatten(page) == page
    found = find_body(nesting.flatten(page), url="https://news.example/a/")
    assert found.judge == "container"
    assert (found.html or "").count(WORDS) == 200


@pytest.mark.parametrize(
    "pattern",
    [
        "<div>",
        "<div><script></div></script>",
        "<div><script><!--<script></script></div></script>",
        "<div><script><!--><script></script></div></script>",
        "<div><style></div></style>",
        "<div><!-- > </div>-->",
        "<div><!--></div><!---->",
        "<div a='</div>'>",
        '<div a=\xa0"></div>">',
        "<div></div\xa0>",
        "<bloc\u212aquote></bloc\u212aquote><blockquote></bloc\u212aquote>",
        "<div><object></div></object>",
        "<span><div></span>",
        "<b id=%d><object></b></object>",
        "<b id=%d><table><td></b></table>",
        "<div><table></div></table>",
        "<li><dt>",
        "<rt></colgroup><colgroup>",
        "<form><div></form>",
        "<svg><title><div>",
        "<svg><![CDATA[></div>]]></svg><div>",
        "<svg><p><div><script></div></script>",
        "<select><style></select><div>",
        "<math><mi a='</math>'><style></math><div>",
        "<math><annotation-xml><div>",
        "<noscript><div></noscript>",
        "<frameset><iframe>",
        "<template><div></template><div>",
        "<div></body>",
        "<h1><h2></h3>",
    ],
)
@pytest.mark.usefixtures("low")
def test_repeating_a_pattern_of_tags_does_not_increase_the_depth(pattern: str) -> None:
    pages = ["".join(pattern.replace("%d", str(number)) for number in range(often)) for often in (20, 60, 120)]
    depths = [depth(nesting.flatten(page)) for page in pages]
    assert any(more - fewer < 8 for fewer, more in pairwise(depths)), depths


NAMES = (
    *("div", "span", "p", "object", "b", "a", "i", "table", "td", "tr", "caption", "li", "ul", "form"),
    *("button", "select", "svg", "math", "title", "style", "script", "textarea", "template", "noscript", "h1"),
    *("h2", "section", "marquee", "center", "font", "option", "iframe", "xmp", "foreignobject", "mi", "body"),
    *("x-y", "details", "frameset", "input", "plaintext", "dd", "dt", "pre", "optgroup", "colgroup", "tbody"),
    *("rt", "ruby", "mrow"),
)
TOKENS = [
    *(f"<{name}>" for name in NAMES),
    *(f"</{name}>" for name in NAMES),
    *("<!--", "-->", "<![CDATA[", "]]>", '"', "'", '<a title="', '<a b=\xa0"', "</", "<div/>", "<path/>", "<b id=%d>"),
    *("x", " ", "<!x>", "</ div>", "<div\x0b>", '<div a=">">', "</br>", "<script><!--<script>", "<DIV>", "</DIV>"),
]


@given(st.lists(st.sampled_from(TOKENS), max_size=3), st.lists(st.sampled_from(TOKENS), min_size=1, max_size=7))
def test_depth_is_limited_for_any_order_of_tokens(before: list[str], pattern: list[str]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {"FEW_TAGS": 0, "MAX_DEPTH": 6, "MAX_FORMATTING": 3}.items():
            patch.setattr(nesting, name, value)
        pages = ["".join(before) + "".join(pattern).replace("%d", str(often)) * often for often in (20, 60, 120)]
        depths = [depth(nesting.flatten(page)) for page in pages]
    assert any(more - fewer < 8 for fewer, more in pairwise(depths)), depths


@pytest.mark.usefixtures("low")
def test_svg_and_select_are_removed_and_math_is_kept() -> None:
    drawing = "<svg><title>icon</title><style>.a{}</style><path d='M0'/></svg>"
    formula = "<math alttext='x=2'><mi>x</mi><mo>=</mo><mspace/><mn>2</mn></math>"
    page = f"<p>news{drawing}room</p><select><option>2025</select><p>{formula}</p>"
    assert nesting.flatten(page) == f"<p>newsroom</p><p>{formula}</p>"


@pytest.mark.usefixtures("low")
def test_svg_without_an_end_tag_does_not_remove_the_article() -> None:
    page = f"<div><svg><path d='M0'/><p>{WORDS}</p></div><p>more</p><svg></svg>"
    assert nesting.flatten(page) == f"<div><path d='M0'/><p>{WORDS}</p></div><p>more</p>"


@pytest.mark.usefixtures("low")
def test_only_elements_that_are_too_deep_lose_their_tags() -> None:
    deep = "<div>" * 6 + "<center><p>words</p><section>more</section></div>"
    page = deep + "</div>" * 5 + "<section>behind</section>"
    flat = "<div>" * 6 + " <p>words</p> more </div>" + "</div>" * 5 + "<section>behind</section>"
    assert nesting.flatten(page) == flat


def test_attributes_are_limited_only_in_a_long_post() -> None:
    crowded = "<p " + "a b " * 2_000 + ">words</p>"
    assert nesting.flatten(crowded) == crowded
    assert len(nesting.flatten(crowded + "x" * 20_000)) < 22_000
