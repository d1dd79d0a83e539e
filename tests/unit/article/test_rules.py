"""How selectors are read, and which rules are refused."""

from __future__ import annotations

import pytest

from newsbot.article.cleaning.clean import clean
from newsbot.article.cleaning.rule import Rule, read_rule, read_rules
from newsbot.article.cleaning.rules import CleaningRules
from newsbot.article.cleaning.selectors import MEMO_LIMIT, Selectors


@pytest.mark.parametrize(
    ("selector", "tag", "attributes", "fits"),
    [
        (".a", "div", {"class": "b a"}, True),
        (".a", "div", {"class": "ab"}, False),
        (".a-*", "div", {"class": "a-1"}, True),
        (".a-[0-9]*", "div", {"class": "a-x"}, False),
        (".abcd-*", "div", {"class": "x abcd-1"}, True),
        (".abcd-*", "div", {"class": "abc abcx-1"}, False),
        (".abc*_ads", "div", {"class": "abc_1_ads"}, True),
        (".abc*_ads", "div", {"class": "abc_1_ads_2"}, False),
        (".*b*", "div", {"class": "abc"}, True),
        (".a.b", "p", {"class": "b c a"}, True),
        (".a.b", "p", {"class": "a"}, False),
        ("img.a", "div", {"class": "a"}, False),
        ("#x", "div", {"id": "x"}, True),
        ("#x-*", "div", {"id": "x-9"}, True),
        ("div#x", "p", {"id": "x"}, False),
        ("[data-ad]", "ins", {"data-ad": None}, True),
        ("[role=dialog]", "div", {"role": "Dialog"}, True),
        ("[role=dialog]", "div", {"role": "x"}, False),
        ("form", "form", {}, True),
    ],
)
def test_selector_matches_tag_class_id_and_attributes(
    selector: str, tag: str, attributes: dict[str, str | None], fits: bool
) -> None:
    rules = Selectors([Rule(name="r", what="", select=(selector,))])
    assert (rules.match(tag, attributes) is not None) is fits


@pytest.mark.parametrize(
    "table",
    [
        'name = "r"\nwhat = ""\nselect = [".a .b"]',
        'name = "r"\nwhat = ""\nselect = [""]',
        'name = "r"\nwhat = ""\npatterns = ["("]',
        'name = "r"\nwhat = ""\nselector = [".a"]',
        'name = "r"',
    ],
)
def test_invalid_rule_is_refused_with_its_name(table: str) -> None:
    with pytest.raises(ValueError, match="junk rule r: "):
        read_rules(f"[[rule]]\n{table}")


def test_rule_does_not_match_an_element_with_a_class_of_unless() -> None:
    rules = Selectors([Rule(name="r", what="", select=(".a", "[data-a]", "div"), unless=("b",))])
    assert rules.match("p", {"class": "c a"})
    for attributes in ({"class": "a b"}, {"data-a": "", "class": "b"}):
        assert rules.match("div", attributes) is None


def test_url_of_an_upload_matches_no_rule_for_all_hosts() -> None:
    rules = CleaningRules(
        [Rule(name="any", what="", hrefs=("*/ads/",)), Rule(name="one", what="", hrefs=("ads.example/",))]
    )
    assert rules.match_url("https://news.example/ads/1.jpg")
    assert rules.match_url("https://news.example/wp-content/uploads/ads/1.jpg") is None
    assert rules.match_url("https://ads.example/wp-content/uploads/1.jpg"), "a rule that names its host still holds"


def test_only_a_short_block_is_an_invitation_to_follow() -> None:
    hrefs = ["https://t.me/gazette"]
    rules = CleaningRules([Rule(name="r", what="", invitations=("t.me/",))])
    assert rules.match_linked("Our channel on Telegram", hrefs)
    assert rules.match_linked("Our channel on Telegram " + "tells the harbour's news of each day " * 3, hrefs) is None
    assert rules.match_linked("The board has met. It voted to replace the cranes", hrefs) is None
    assert rules.match_linked("Our channel on Telegram", [*hrefs, "https://gazette.example/why"]) is None


def test_an_address_is_matched_by_host_and_subdomain_only() -> None:
    rules = CleaningRules([Rule(name="r", what="", hrefs=("share.example/to",))])
    assert rules.match_url("https://www.share.example/to?u=1")
    assert not rules.match_url("https://share.example/about")
    assert not rules.match_url("https://notshare.example/to")


def test_memo_of_classes_is_limited() -> None:
    rules = Selectors([Rule(name="r", what="", select=(".a-*",))])
    for number in range(MEMO_LIMIT + 500):
        rules.match("div", {"class": f"b-{number}"})
    assert rules._of_class.cache_info().currsize == MEMO_LIMIT


@pytest.mark.parametrize(
    ("selectors", "attributes", "first"),
    [
        ((".abc*", ".abcd"), {"class": "abcd"}, 1),
        ((".a*", ".abcd*"), {"class": "abcde"}, 0),
        ((".abcd*", ".a*"), {"class": "abcde"}, 0),
        (("[data-a]", "#x"), {"id": "x", "data-a": ""}, 1),
        (("div", "[data-a]", ".x"), {"data-a": "", "class": "x"}, 2),
    ],
)
def test_exact_name_precedes_a_pattern_and_class_precedes_an_attribute(
    selectors: tuple[str, ...], attributes: dict[str, str | None], first: int
) -> None:
    rules = Selectors(Rule(name=f"r{n}", what="", select=(each,)) for n, each in enumerate(selectors))
    found = rules.match("div", attributes)
    assert found is not None
    assert found.name == f"r{first}"


def test_expressions_with_capital_letters_are_refused() -> None:
    with pytest.raises(ValueError, match="junk rule r: expressions are written in small letters"):
        read_rules('[[rule]]\nname = "r"\nwhat = ""\npatterns = ["Read \\\\d"]')
    assert read_rules('[[rule]]\nname = "r"\nwhat = ""\npatterns = ["read \\\\S"]')[0].patterns == ("read \\S",)
    rules = CleaningRules([Rule(name="r", what="", patterns=(r"read \S+",), hrefs=("*/tracking-pixel",))])
    assert rules.match_text("READ this!") is not None
    assert rules.match_url("https://a.example/x/Tracking-Pixel") is not None


@pytest.mark.parametrize(
    ("site", "host", "gone"),
    [
        ("bay.example", "bay.example", True),
        ("www.bay.example", "shop.bay.example", True),
        ("blog.bay.example", "www.bay.example", True),
        ("localhost:8080", "localhost:8080", True),
        ("gazette.co.example", "gazette-shop.example", True),
        ("bay.example", "tierheim.example", False),
        ("gazette.co.example", "shelter.co.example", False),
    ],
)
def test_plea_that_links_to_a_host_of_the_site_is_removed(site: str, host: str, *, gone: bool) -> None:
    plea = f'<p>Support us and <a href="https://{host}/donate/">donate</a> today</p>'
    story = "<p>The harbour board voted on Tuesday to replace the two oldest cranes before winter.</p>"
    found = clean(story + plea + story, base_url=f"https://{site}/a/").removed
    assert found == ({"reader-plea": 1} if gone else {})


PAYS = r"(?:this pays us[^.]{0,200}\.? ?){1,12}"
NOTE = read_rule({"name": "note", "what": "x", "patterns": [PAYS], "marks": ["pays"]})


@pytest.mark.parametrize(
    ("sentence", "times", "gone"),
    [
        ("This pays us a little. ", 1, True),
        ("This pays us a little. ", 12, True),
        ("This feeds us a little. ", 12, False),
        ("This pays us " + "much " * 37 + ". ", 2, True),
        ("This pays us " + "much " * 37 + ". ", 4, False),
    ],
)
@pytest.mark.parametrize("html", ["<p>{}</p>", "<div>{}</div>", "<p><em>{}</em></p>"])
def test_patterns_of_a_rule_with_marks_match_paragraphs_of_several_sentences(
    html: str, sentence: str, times: int, *, gone: bool
) -> None:
    """A paragraph of up to 600 letters is compared, in whatever element it stands. An item of a list is not."""
    rules = CleaningRules([NOTE])
    found = clean(f"<p>Rain fell.</p>{html.format(sentence * times)}", base_url="https://news.example/", rules=rules)
    assert ("us" not in found.text) is gone
    assert found.removed == ({"note": 1} if gone else {})
    listed = f"<p>Rain fell.</p><ul><li>{sentence * times}</li></ul>"
    assert "us" in clean(listed, base_url="https://news.example/", rules=rules).text


def test_expression_for_linked_text_can_refer_to_its_own_groups() -> None:
    first = Rule(name="first", what="", linked=("see more",))
    echo = Rule(name="echo", what="", linked=(r"(\w+) and \1 again",))
    rules = CleaningRules([first, echo])
    assert rules.match_linked("ports and ports again", ["https://a.example/x"], listed=True) == echo
    assert rules.match_linked("ports and boats again", ["https://a.example/x"], listed=True) is None
    assert rules.match_linked("See more", ["https://a.example/x"], listed=True) == first
