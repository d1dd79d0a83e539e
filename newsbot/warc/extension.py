"""Starts the recorder of a run, and records the facts that the archive contributes to the rows.

A row is made of answers of its site. In an update, the archive may know the site and the linked objects from earlier
runs, so that no answer of this run holds them. ``metadata`` records hold these, so that the rows can be made again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any, Self

from scrapy.crawler import Crawler

from newsbot import signals
from newsbot.arguments.entries import entry_of
from newsbot.arguments.site_list import Target
from newsbot.warc.info import without_secrets
from newsbot.warc.recorder import recorder_of
from newsbot.wordpress.options import Options
from newsbot.wordpress.questions import AskSite, KeepSite, Question, Recall

SITE = "urn:newsbot:site:"
RECALLED = "urn:newsbot:recalled:"
"""The beginnings of the WARC-Target-URI of ``metadata`` records. The key of the site follows."""


class WarcExtension:
    """Writes ``metadata`` records: one for each site and for each change of what newsbot knows of the site, and one for
    each Recall."""

    def __init__(self, crawler: Crawler) -> None:
        self._recorder = recorder_of(crawler)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        extension = cls(crawler)
        crawler.signals.connect(extension.archive_answered, signals.archive_answered)
        return extension

    def archive_answered(self, asked: Question, answer: Any, options: Iterable[Options], target: Target) -> None:
        match asked:
            case KeepSite():
                self._tell_site(asked.site, options, target)
            case AskSite() if answer is not None:
                self._tell_site(answer, options, target)
            case Recall() if answer:
                objects = {str(number): fields for number, fields in answer.items()}
                self._recorder.tell(RECALLED + asked.site, {"relation": asked.relation, "objects": objects})

    def _tell_site(self, site: Mapping[str, Any], options: Iterable[Options], target: Target) -> None:
        facts = without_secrets({"site": site, "options": [options_as_json(each) for each in options]})
        self._recorder.tell(SITE + str(site.get("key", "")), facts | {"entry": open_entry(target)})


def open_entry(target: Target) -> dict[str, Any]:
    """The entry of a target without the user names, passwords and keys of its URLs.

    Its cleaning rules stay as they are: a selector such as ``[data-token=abc]`` holds no secret, and the rows cannot be
    made again with a changed selector.
    """
    entry = entry_of(target)
    return {name: value if name in ("rule", "rules_off") else without_secrets(value) for name, value in entry.items()}


def options_as_json(options: Options) -> dict[str, Any]:
    """The options of one kind of rows as JSON values. The part of a site is stored with the site."""
    values = asdict(options)
    del values["scope"]
    return values | {"follow": sorted(options.follow)}
