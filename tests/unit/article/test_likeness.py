"""Whether two texts are nearly the same, without NumPy."""

from __future__ import annotations

import pytest

from newsbot.article.facts.likeness import are_alike

TEXT = " ".join(f"word{number}" for number in range(60))


@pytest.mark.parametrize(
    ("text", "other", "alike"),
    [
        (TEXT, TEXT.upper() + " !", True),
        (TEXT, f"{TEXT} and a correction below the text", True),
        (TEXT, TEXT[: len(TEXT) // 2], False),
        (TEXT, " ".join(reversed(TEXT.split())), False),
        ("Five boats came home.", "five boats came home", True),
        ("Five boats came home.", "Six boats came home.", False),
        ("\u4eca\u65e5\u306f" * 9, "\u4eca\u65e5\u306f" * 9 + "\u3002", True),
    ],
)
def test_texts_that_share_most_of_their_words_are_alike(text: str, other: str, *, alike: bool) -> None:
    assert are_alike(text, other) is alike
    assert are_alike(other, text) is alike
