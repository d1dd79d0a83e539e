"""What a user may write, and what is made of it."""

from __future__ import annotations

from newsbot.arguments import PostArguments, Target, validate


def test_a_name_that_stands_twice_counts_once() -> None:
    given = validate(PostArguments, {"site": "a.example", "types": "post, page,post", "follow": "media,media"})
    assert (given.types, given.follow) == (("post", "page"), ("media",))
    assert validate(Target, {"url": "a.example", "types": ["post", "post"]}).types == ("post",)
