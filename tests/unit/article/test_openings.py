"""The first letters of what an expression matches: never wrong, whatever they leave out."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsbot.article.cleaning.openings import Expressions, openings
from newsbot.article.cleaning.rules import default_rules

_OF_RULES = sorted({each for rule in default_rules().rules for each in (*rule.patterns, *rule.linked)})


@pytest.mark.parametrize(
    ("expression", "begins"),
    [
        ("read more", {"read mor"}),
        ("(?:go )?back|zurück", {"go back", "back", "zurück"}),
        ("[ab]c?d", {"acd", "ad", "bcd", "bd"}),
        (r"\(?more\.", {"(more.", "more."}),
        ("ab*c", {"a"}),
        ("a(?:bc|d)x{2}", {"abc", "ad"}),
        (r"share[^x]+|like\b", {"share", "like"}),
        (r"total\W*\d", {"total"}),
        (r"a[|)]b|c", {"a|b", "a)b", "c"}),
    ],
)
def test_an_expression_is_read_up_to_what_may_be_anything(expression: str, begins: set[str]) -> None:
    assert openings(expression) == frozenset(begins)


@pytest.mark.parametrize(
    "expression", [".*a", r"\d+ views", "(?:a|b)?[^c]", "(?i:a)", "(?=a)a", "(a)", "a?", "[a-z]b", ""]
)
def test_an_expression_that_may_begin_with_anything_has_no_openings(expression: str) -> None:
    assert openings(expression) is None


@given(data=st.data())
@settings(max_examples=300, deadline=None)
def test_what_an_expression_of_a_rule_matches_has_one_of_its_openings(data: st.DataObject) -> None:
    expression = data.draw(st.sampled_from(_OF_RULES))
    text = data.draw(st.from_regex(re.compile(expression), fullmatch=True))
    begins = openings(expression)
    assert begins is None or text.startswith(tuple(begins))


@given(data=st.data())
@settings(max_examples=300, deadline=None)
def test_expressions_find_what_one_alternation_finds(data: st.DataObject) -> None:
    named = [(f"n{number % 7}", each) for number, each in enumerate(_OF_RULES[::9])]
    named.sort(key=lambda pair: pair[0])
    plain = re.compile("|".join(f"(?P<x{at}>{each})" for at, (_, each) in enumerate(named)))
    text = data.draw(st.from_regex(re.compile(data.draw(st.sampled_from(named))[1])) | st.text(max_size=20))
    expected = plain.fullmatch(text)
    found = Expressions(named).fullmatch(text)
    assert (found and found.lastgroup) == (expected and named[int((expected.lastgroup or "x0")[1:])][0])


def test_without_expressions_nothing_matches() -> None:
    assert Expressions([]).fullmatch("") is None
