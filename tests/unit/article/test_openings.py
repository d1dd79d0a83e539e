"""The first letters of what an expression matches: never wrong, whatever they leave out."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsbot.article.cleaning.openings import OTHER, Beginnings, Expressions, openings
from newsbot.article.cleaning.rules import default_rules
from tests.examples import examples

_OF_RULES = sorted({each for rule in default_rules().rules for each in (*rule.patterns, *rule.linked)})


@pytest.mark.parametrize(
    ("expression", "begins"),
    [
        ("read more", {"read mor"}),
        ("(?:go )?back|zurück", {"go back", "back", "zurück"}),
        ("[ab]c?d", {"acd", "ad", "bcd", "bd"}),
        (r"\(?more\.", {"(more.", "more."}),
        ("ab*c", {"ab", "ac"}),
        ("a(?:bc|d)x{2}y", {"abcx", "adx"}),
        ("(?:a|b){0,2}c", {"a", "b", "c"}),
        ("a+?b", {"a"}),
        (r"share[^x]+|like\b", {"share", "like"}),
        (r"(?<=x)a(?=b)c", {"ac"}),
        (r"total\W*\d", {"total ", "total" + OTHER}),
        (r"[\d.]a|\s?b", {OTHER + "a", ".a", " b", OTHER + "b", "b"}),
        (r"a[|)]b|c", {"a|b", "a)b", "c"}),
    ],
)
def test_openings_of_an_expression_are_its_possible_beginnings(expression: str, begins: set[str]) -> None:
    assert openings(expression) == frozenset(begins)


@pytest.mark.parametrize("expression", [".*a", r"\w+ views", "(?:a|b)?[^c]", "(?i:a)", "(a)", "a?", "a*", "[a-z]b", ""])
def test_an_expression_that_may_begin_with_anything_has_no_openings(expression: str) -> None:
    assert openings(expression) is None


@given(data=st.data())
@examples(75)
def test_every_match_of_an_expression_begins_with_one_of_its_openings(data: st.DataObject) -> None:
    expression = data.draw(st.sampled_from(_OF_RULES))
    text = data.draw(st.from_regex(re.compile(expression), fullmatch=True))
    assert Expressions([("n", expression)]).fullmatch(text)
    assert Beginnings([], [expression]).may_begin(text)


@given(text=st.sampled_from(sorted(default_rules()._labels)), marks=st.text("-: .*»", max_size=3), data=st.data())
@examples(75)
def test_text_of_a_rule_is_never_skipped(text: str, marks: str, data: st.DataObject) -> None:
    written = f"{data.draw(st.sampled_from([text, text.upper(), text.title()]))}{marks}".strip()
    rules = default_rules()
    assert rules.may_match(written) or rules.match_text(written) is rules.match_bare(written) is None


@pytest.mark.parametrize(
    ("text", "may"),
    [("Share this", True), ("Shares fell", False), ("share", True), ("12 shares", True), ("Mayors met", True)],
)
def test_text_is_skipped_by_its_first_letters(text: str, may: bool) -> None:
    assert Beginnings(["share this", "mayor"], [r"\d+ shares?"]).may_begin(text) is may


def test_no_text_is_skipped_when_an_expression_can_begin_with_anything() -> None:
    assert Beginnings([], [".+ shares"]).may_begin("A hundred shares")


@given(data=st.data())
@examples(75)
def test_expressions_find_the_match_of_one_alternation(data: st.DataObject) -> None:
    named = [(f"n{number % 7}", each) for number, each in enumerate(_OF_RULES[::9])]
    named.sort(key=lambda pair: pair[0])
    plain = re.compile("|".join(f"(?P<x{at}>{each})" for at, (_, each) in enumerate(named)))
    text = data.draw(st.from_regex(re.compile(data.draw(st.sampled_from(named))[1])) | st.text(max_size=20))
    expected = plain.fullmatch(text)
    found = Expressions(named).fullmatch(text)
    assert (found and found.lastgroup) == (expected and named[int((expected.lastgroup or "x0")[1:])][0])


def test_without_expressions_nothing_matches() -> None:
    assert Expressions([]).fullmatch("") is None
