"""What the words in an element's name say, and when the content decides otherwise."""

from __future__ import annotations

import pytest

from newsbot.article.cleaning.clean import Cleaned, clean
from newsbot.article.cleaning.holding import HOLDS
from newsbot.article.cleaning.junk_elements import MOST_NAMES
from newsbot.article.cleaning.named import words_of
from newsbot.article.cleaning.rule import HOLDS as NAMES
from newsbot.article.cleaning.rules import default_rules

BASE = "https://news.example/2026/05/a-post/"
PROSE = "<p>The harbour board voted on Tuesday to replace the two oldest cranes before winter, and went home.</p>"
REST = PROSE * 6


def cleaned(html: str) -> Cleaned:
    return clean(REST + html + PROSE, base_url=BASE)


def test_every_kind_of_content_has_a_rule_by_name() -> None:
    assert set(HOLDS) == set(NAMES)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("gazette-share_buttons", "gazette share buttons"),
        ("mobileShareBox2", "mobile share box"),
        ("h5ab-print__button--left", "h ab print button left"),
    ],
)
def test_name_is_split_into_words(name: str, words: str) -> None:
    assert words_of(name) == words


@pytest.mark.parametrize(
    "name",
    [
        *("no-ads", "hide-ads", "ad-hoc", "shadow", "share-price-table", "tag-newsletter", "category-related", "badge"),
        *("wp-block-media-text", "post-content", "recipe-print-notes", "reviewed", "author", "has-share", "toccata"),
        *("advanced-heading", "print-edition-list-of-names", "et_pb_social", "x" * 60 + "-share"),
    ],
)
def test_name_that_only_resembles_a_kind_does_not_match(name: str) -> None:
    assert default_rules().kinds.match("div", {"class": name}) == ()


@pytest.mark.parametrize(
    "html",
    [
        '<div class="zz-share-box"><p>Each farm holds one share. The shares are not sold, they pass to '
        "the next of kin.</p></div>",
        '<div class="zz-share-box"><img src="/uploads/boat.jpg" alt="The boat that both villages '
        'share"></div>',
        '<div class="zz-share-box"><table><tr><td>A</td><td>12</td></tr></table></div>',
        '<p>See <a class="zz-share-link" href="https://b.example/">what it costs</a> to live here.</p>',
        '<div class="zz-related"><a href="https://court.example/ruling.pdf">The ruling</a>, <a '
        'href="https://gov.example/law">the law</a></div>',
        '<div class="zz-related"><p>The case is related to that of the two ferries. Both left in fog, '
        'and neither had asked the harbour master, who slept. <a href="/ferries/">They '
        "sank</a>.</p></div>",
        '<div class="zz-post-tags-list">Rope, tar, canvas: the list of what she took.</div>',
        '<section id="newsletter"><h2>Letters of the town</h2><p>The first letter was read aloud on the '
        "quay in 1811, and nobody knew who had sent it. The second came a year later. It named the "
        "harbour master, his wife and the price of a berth, and it was nailed to the door of the church, "
        "where all of the town saw it at once.</p></section>",
        '<div class="zz-toc-list"><ol><li>Rope of forty fathoms, tarred twice</li><li>Canvas for the '
        "mainsail and a spare jib</li><li>Bread for nine days and water for twelve, in "
        "casks</li></ol></div>",
        '<div class="zz-post-views"><p>From the post you see the whole bay, the mole and the two lights '
        "on it, as the keeper said.</p></div>",
        '<div class="my-review-rating"><p>Rating: 8/10</p></div>',
        '<div class="product-review-ratings"><span>Our verdict: four stars</span></div>',
        '<div class="ad-story"><p>The ad ran for a week.</p></div>',
        '<h2 class="related">Related to whom?</h2>',
        '<h2 id="ads">Ads</h2><p id="share">One share each.</p>',
        '<div id="about-the-author"><iframe src="https://www.youtube.com/embed/abc"></iframe></div>',
        '<div class="story-share"><p>Who owns the farm today?</p></div>',
        '<p class="font-size-large">A crane fell at noon</p>',
        '<p class="print">The book is out of print</p>',
        '<div class="voting-results"><p>Olsen 231, Smit 12</p></div>',
        '<div class="likes"><ul><li>Tea</li><li>Rain</li></ul></div>',
        '<section id="reactions"><h3>Reactions</h3><p>The mayor wept</p></section>',
        '<ul class="helpful-links"><li><a href="https://court.example/ruling">The ruling</a></li></ul>',
        '<div class="recommendations"><ul><li>Close the mole</li><li>Replace <a href="/cranes/">the cranes</a></li>'
        "<li>Pay the board</li></ul></div>",
        '<section id="related-work"><ul><li><a href="/a/">The first study</a></li></ul></section>',
        '<div class="related"><a href="/wp-content/uploads/ruling.pdf">The ruling</a></div>',
        '<div class="topics-list"><ul><li><a href="#a">Cranes</a></li><li><a href="/b/">Moles</a></li></ul></div>',
        '<div class="contents-list"><ol><li>Rope</li><li>Canvas</li></ol></div>',
        '<div class="sumario"><p>A junta votou ontem</p></div>',
        '<ul class="donations"><li>Olsen: 300 euros</li><li>Smit: 20 euros</li></ul>',
        '<div class="subscription"><p>Netflix: 12 euros</p></div>',
        '<section id="promo-block"><p>He shot the promo in a day</p></section>',
    ],
)  # fmt: skip
def test_text_of_an_author_in_an_element_with_such_a_name_is_kept(html: str) -> None:
    found = cleaned(html)
    assert found.removed == {}
    assert found.html != REST + PROSE


@pytest.mark.parametrize("sign", ["%", "( )", ":"])
def test_list_items_that_a_removal_leaves_empty_are_removed(sign: str) -> None:
    choice = f"<li><div><span>{sign}</span><span class='poll__votes'>165 votes</span></div></li>"
    assert cleaned(f"<ul>{choice * 3}</ul>").text == cleaned("").text
    assert "- Ann: 165" in cleaned(f"<ul><li>Ann: 165 <span class='poll__votes'>{sign}</span></li></ul>").text


@pytest.mark.parametrize("kept", ["***", "---", "❤", "- 7", "1%"])
def test_signs_of_an_author_are_kept(kept: str) -> None:
    assert kept in cleaned(f"<p>{kept} <span class='post-views'>165 views</span></p>").text
    assert "%" in cleaned("<p>%</p>").text


def test_empty_element_is_not_counted_as_removed() -> None:
    assert cleaned('<div class="zz-ad-slot"></div><span class="zz-toc-section" id="x"></span>').removed == {}


def test_number_of_names_that_are_read_is_limited() -> None:
    bar = '<div class="zz-share-box">Share</div>'
    others = "".join(f'<div class="name-{number}">x</div>' for number in range(MOST_NAMES + 1))
    assert cleaned(bar + others).removed == {"named-share": 1}
    assert "named-share" not in cleaned(others + bar).removed


def test_name_of_too_many_words_does_not_match() -> None:
    assert default_rules().kinds.match("div", {"class": "a-b-c-d-e-f-share-box"})
    assert not default_rules().kinds.match("div", {"class": "a-b-c-d-e-f-g-share-box"})


def test_post_of_deeply_nested_named_elements_is_cleaned() -> None:
    nested = '<div class="zz-related-posts x-share y-ad-box">' * 300 + PROSE * 2 + "</div>" * 300
    assert cleaned(nested * 3).html.count(PROSE) == 13
