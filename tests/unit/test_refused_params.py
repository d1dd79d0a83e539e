"""Sites that refuse a parameter, or whose firewall does: newsbot asks in another form, and loses nothing."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from urllib.parse import parse_qsl, urlsplit

import pytest

from newsbot.errors import BadStatus, NotJson, PayloadError, Refused
from newsbot.wordpress.api import Site
from newsbot.wordpress.messages import Query, Reply
from newsbot.wordpress.receipt import CollectionFacts
from newsbot.wordpress.replies import refuses_form
from newsbot.wordpress.site_json import site_as_json, site_from_json
from tests.unit.soak_archive import SoakArchive
from tests.unit.soak_sequences import crawled
from tests.unit.soak_site import DAY, KEY, START, SoakSite, iso

PARAMETERS = ("after", "modified_after", "offset", "exclude")
REFUSALS = {
    "a firewall": (403, b"<html>Forbidden</html>"),
    "a server": (406, b"<html>Not Acceptable</html>"),
    "WordPress": (400, b'{"code":"rest_invalid_param","message":"Invalid parameter(s)","data":{"status":400}}'),
}


@dataclass
class Refusing(SoakSite):
    """Refuses each query with the parameter ``refused``, by ``answer``. From ``ban_from`` on, every one."""

    refused: str = ""
    answer: tuple[int, bytes] = (403, b"")
    refusals: int = 0
    ban_from: int = 10**9
    declares: bool = True

    def site(self) -> Site:
        return super().site() if self.declares else replace(super().site(), accepts={})

    def reply(self, query: Query) -> Reply:
        asked = dict(parse_qsl(urlsplit(query.url).query))
        if self.refused not in asked and len(self.asked) < self.ban_from:
            return super().reply(query)
        self.asked.append(asked)
        self.refusals += 1
        status, body = self.answer
        return Reply(status=status, url=KEY, body=body, fetched_at=iso(self.now) + "Z")


def site_of(posts: int, **more: object) -> Refusing:
    site = Refusing(per_page=10, **more)  # type: ignore[arg-type]
    for number in range(posts):
        site.insert(START - (posts - number) * DAY)
    return site


def crawl(site: Refusing, archive: SoakArchive) -> CollectionFacts:
    site.now += DAY
    site.refusals = 0
    site.asked.clear()
    facts, _ = crawled("posts", site, archive)
    return facts


@pytest.mark.parametrize("refusal", REFUSALS)
@pytest.mark.parametrize("refused", PARAMETERS)
def test_crawl_is_complete_when_a_parameter_is_refused(refused: str, refusal: str) -> None:
    site, archive = site_of(45, refused=refused, answer=REFUSALS[refusal]), SoakArchive()
    assert crawl(site, archive).verdict == "complete"
    site.act("edit", 3)
    site.act("delete", 20)
    site.act("back_date", 5)
    site.act("add", 0)
    for _ in range(2):
        collection = crawl(site, archive)
        assert collection.verdict == "complete", collection.why
        assert archive.reader == {row_id: one.title for row_id, one in site.live().items()}


@pytest.mark.parametrize("declares", [True, False])
@pytest.mark.parametrize("refusal", REFUSALS)
def test_refused_modified_after_is_requested_once(refusal: str, declares: bool) -> None:
    site = site_of(45, refused="modified_after", answer=REFUSALS[refusal], declares=declares)
    archive = SoakArchive()
    crawl(site, archive)
    assert site.refusals == 1
    site.act("edit", 3)
    crawl(site, archive)
    assert site.refusals == 0


def test_refused_parameters_are_known_in_later_runs() -> None:
    site, archive = site_of(45, refused="modified_after", declares=False), SoakArchive()
    crawl(site, archive)
    assert site.learnt is not None
    for run in ("the first run", "the second run"):
        kept = site_from_json(json.loads(json.dumps(site_as_json(site.learnt))))
        assert kept is not None
        accepted = kept.accepted(site.route)
        # The refusal may pass: the second run asks once more, and a later one believes two runs.
        believed = run == "the second run"
        assert (accepted.takes("modified_after"), accepted.takes("after")) == (not believed, True), run
        site.learnt = kept
        crawl(site, archive)


def test_a_filter_that_was_refused_once_is_used_again_in_the_next_run() -> None:
    site, archive = site_of(45, refused="modified_after", answer=REFUSALS["a firewall"]), SoakArchive()
    crawl(site, archive)
    site.refused = "never"
    for _ in range(2):
        assert site.learnt is not None
        site.learnt = site_from_json(json.loads(json.dumps(site_as_json(site.learnt))))
        site.act("edit", 3)
        assert crawl(site, archive).verdict == "complete"
        assert any("modified_after" in asked for asked in site.asked)


def test_site_that_refuses_every_page_after_the_first_is_not_complete() -> None:
    """The refusal of a page that the site counts is not the end of the listing."""
    site, archive = site_of(45), SoakArchive()
    assert crawl(site, archive).verdict == "complete"
    site.refused, site.answer = "offset", REFUSALS["WordPress"]
    listing = site._listing

    def first_pages(params: dict[str, str], every: object = None) -> Reply:
        if "page" in params:
            return Reply(status=400, url=KEY, body=site.answer[1], fetched_at=iso(site.now) + "Z")
        return listing(params)

    site._listing = first_pages  # type: ignore[method-assign]
    site.now += 30 * DAY
    collection = crawl(site, archive)
    assert (collection.verdict, collection.deleted, collection.held_back) == ("incomplete", 0, 0), collection.why
    assert archive.reader.keys() == site.live().keys()


@pytest.mark.parametrize("ban_from", range(1, 12))
def test_site_that_refuses_everything_gets_few_requests(ban_from: int) -> None:
    site, archive = site_of(95, refused="never", answer=REFUSALS["a firewall"], ban_from=ban_from), SoakArchive()
    facts = crawl(site, archive)
    assert facts.verdict in ("blocked", "closed", "incomplete")
    assert site.refusals <= 3


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (Refused("rest_invalid_param", status=400, text="x"), True),
        (BadStatus("HTTP 403", status=403, retryable=False), True),
        (BadStatus("HTTP 503", status=503, retryable=True), False),
        (Refused("rest_no_route", status=404, text="x"), False),
        (NotJson("a page"), False),
    ],
)
def test_fault_is_a_refusal_of_the_form_of_the_query(fault: PayloadError, *, expected: bool) -> None:
    assert refuses_form(fault) is expected
