"""The answers in the WARC files of a run, found by the requested URL, as in the crawl."""

from __future__ import annotations

import zlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, TypeVar
from urllib.parse import urljoin

import orjson

from newsbot.middlewares.compression import unpacked
from newsbot.warc.exchange import open_url
from newsbot.warc.reading import DamagedRecord, StoredRecord, converted, fetched_at, message_of, record_at, records_of
from newsbot.warc.removing import REMOVED
from newsbot.wordpress.messages import Reply

MOST_REDIRECTS = 8

View = Literal["next", "before", "last", "first"]
VIEWS: tuple[View, ...] = ("next", "before", "last", "first")
"""The answer that is preferred if a URL has several answers: the next answer after the record of the row, the answer
before that record, the last or the first. A page may change during a run, and no record says from which answer a row
was made."""

Version = TypeVar("Version")

_RECALLED = "urn:newsbot:recalled:"
_SITE = "urn:newsbot:site:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The place of a record. ``order`` is its number among all records of the run, ``digest`` the digest of its
    payload."""

    path: Path
    offset: int
    order: int
    digest: str = ""


@dataclass(slots=True, kw_only=True)
class WarcAnswers:
    """The records of the WARC files of one run.

    ``urls``: URL -> its answers, ``rendered``: URL -> its pages as a browser showed them, in order. ``sites``: key of a
    site -> what the run knew of the site. ``settings``: the settings of the run. ``recalled``: key of a site and route
    -> the linked objects that the archive knew, each with the order of its record. ``removed`` are the ids of records
    that ``scrapy forget`` removed, ``faults`` are records that cannot be read. ``changed``: two answers to one URL
    differ. ``order`` and ``view`` decide which answer ``find`` prefers: ``order`` is the order of a row's record.
    """

    urls: dict[str, list[Place]] = field(default_factory=lambda: defaultdict(list))
    rendered: dict[str, list[Place]] = field(default_factory=lambda: defaultdict(list))
    ids: dict[str, Place] = field(default_factory=dict)
    sites: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    recalled: dict[tuple[str, str], list[tuple[int, int, Mapping[str, Any]]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    settings: Mapping[str, Any] = field(default_factory=dict)
    removed: set[str] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)
    changed: bool = False
    order: int = 0
    view: View = "next"

    def find_rendered(self, url: str) -> Reply | None:
        """The page as a browser showed it; None where no record holds it."""
        first = self.find(url)
        places = self.rendered.get(first.url if first is not None else open_url(url), ())
        for place in preferred([(place.order, place) for place in places], self.order, self.view):
            return reply_of(place.path, place.offset)
        return None

    def find(self, url: str) -> Reply | None:
        """The answer to a request for ``url``, with redirects followed; None if no record has the answer."""
        url = open_url(url)
        for _ in range(MOST_REDIRECTS):
            reply = self._best(url)
            location = reply.headers.get("location") if reply is not None else None
            if reply is None or location is None or not 300 <= reply.status < 400:
                return reply
            url = urljoin(url, location)
        return None

    def _best(self, url: str) -> Reply | None:
        """The answer of a URL. A failure of the server counts only if there is no other answer, since the crawl repeats
        a request that failed."""
        found, places = None, self.urls.get(url, ())
        for place in preferred([(place.order, place) for place in places], self.order, self.view):
            try:
                reply = reply_of(place.path, place.offset)
            except DamagedRecord:
                continue
            if reply.status < 500 and reply.status != 429:
                return reply
            found = found or reply
        return found

    def known_before(self, versions: Sequence[tuple[int, Version]]) -> Version | None:
        """The version of an object that the crawl knew when it made the row. A crawl does not request an object that it
        knows."""
        turned: Mapping[View, View] = {"next": "before", "before": "next"}
        return next(iter(preferred(versions, self.order, turned.get(self.view, self.view))), None)

    def replies(self, urls: Sequence[str]) -> Iterator[Reply]:
        """The successful answers to these URLs, in the order of the crawl."""
        return (reply for _, reply in self.ordered(urls))

    def ordered(self, urls: Sequence[str]) -> Iterator[tuple[int, Reply]]:
        """The successful answers to these URLs, each with the order of its record."""
        places = sorted((place for url in urls for place in self.urls[url]), key=lambda place: place.order)
        for place in places:
            try:
                reply = reply_of(place.path, place.offset)
            except DamagedRecord:
                continue
            if reply.is_ok:
                yield place.order, reply


def preferred(versions: Sequence[tuple[int, Version]], order: int, view: View) -> list[Version]:
    """Sort the versions of an answer, the preferred one first. ``versions`` are sorted by their order in the run."""
    before = [version for at, version in versions if at < order]
    behind = [version for at, version in versions if at >= order]
    match view:
        case "next":
            return [*behind, *reversed(before)]
        case "before":
            return [*reversed(before), *behind]
        case "last":
            return [*reversed(behind), *reversed(before)]
        case "first":
            return [*before, *behind]


def answers_of(paths: Sequence[Path]) -> WarcAnswers:
    """Read the files of a run in their order. Raises OSError."""
    answers, order = WarcAnswers(), 0
    for path in paths:
        for record in records_of(path):
            if isinstance(record, DamagedRecord):
                answers.faults.append(f"{path.name}: {record}")
                continue
            order += 1
            digest = record.headers.get("warc-payload-digest", record.headers.get("warc-block-digest", ""))
            _take(answers, record, Place(path=path, offset=record.offset, order=order, digest=digest))
    every = (*answers.urls.values(), *answers.rendered.values())
    answers.changed = any(len({place.digest for place in places}) > 1 for places in every)
    return answers


def _take(answers: WarcAnswers, record: StoredRecord, place: Place) -> None:
    if record.kind in ("response", "conversion"):
        answers.ids[record.id] = place
        by_url = answers.urls if record.kind == "response" else answers.rendered
        by_url[record.uri].append(place)
    elif record.block.startswith(REMOVED):
        answers.removed.add(record.headers.get("warc-refers-to", "").strip("<>"))
    elif record.kind == "warcinfo":
        answers.settings = _settings(record.block)
    elif record.kind == "metadata" and record.uri.startswith(_SITE):
        key, known = record.uri.removeprefix(_SITE), orjson.loads(record.block)
        before = answers.sites.get(key, known)
        # Several parts of the site were crawled. The records do not say to which part a row belongs.
        known["parts"] = bool(before.get("parts")) or before["options"] != known["options"]
        answers.sites[key] = known
    elif record.kind == "metadata" and record.uri.startswith(_RECALLED):
        note = orjson.loads(record.block)
        known = answers.recalled[record.uri.removeprefix(_RECALLED), str(note["relation"])]
        known += [(place.order, int(number), fields) for number, fields in note["objects"].items()]


def _settings(block: bytes) -> Mapping[str, Any]:
    """The settings that a ``warcinfo`` record names."""
    for line in block.splitlines():
        name, _, value = line.partition(b": ")
        if name == b"newsbot-settings":
            found: Mapping[str, Any] = orjson.loads(value)
            return found
    return {}


@lru_cache(maxsize=4)
def reply_of(path: Path, offset: int) -> Reply:
    """The answer in a record, as the crawl saw it. Raises DamagedRecord and OSError."""
    record = record_at(path, offset)
    if record.kind == "conversion":
        return converted(record)
    status, headers, packed = message_of(record)
    try:
        body, unknown = unpacked(packed, [value for name, value in headers if name == "content-encoding"])
    except (OSError, EOFError, ValueError, zlib.error):
        raise DamagedRecord(f"the answer at byte {record.offset} cannot be unpacked") from None
    named: dict[str, list[bytes]] = defaultdict(list)
    for name, value in headers:
        named[name].append(value)
    if "content-encoding" in named:
        named["content-encoding"] = unknown
    return Reply(
        status=status,
        url=record.uri,
        headers={name: b", ".join(values).decode("latin-1") for name, values in named.items() if values},
        body=body,
        fetched_at=fetched_at(record),
    )
