"""Runs a part of the crawl with recorded answers in place of a site."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, TypeVar, cast

from newsbot.export.warc_answers import WarcAnswers
from newsbot.wordpress.messages import Query, Reply

Result = TypeVar("Result")


def replay(answers: WarcAnswers, steps: Generator[Any, Any, Result]) -> tuple[Result, bool]:
    """(the result of ``steps``, whether a record was missing). A URL without a record gets the answer "gone"."""
    reply: Reply | None = None
    missed = False
    while True:
        try:
            message = steps.send(reply)
        except StopIteration as end:
            return cast(Result, end.value), missed
        reply = None
        if isinstance(message, Query):
            find = answers.find_rendered if message.render else answers.find
            reply = find(message.url)
            missed |= reply is None
            reply = reply or Reply(status=404, url=message.url)
