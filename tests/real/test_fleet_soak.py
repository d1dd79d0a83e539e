"""A fleet of many sites. ``pytest -m soak -s tests/real/test_fleet_soak.py`` shows its account."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path

import pytest

from tests.crawl.scrapy_crawl import STEADY
from tests.newsroom.many import ManySites
from tests.real.fleet import Fleet, trouble
from tests.real.postgresql import PostgreSQL

pytestmark = [pytest.mark.real, pytest.mark.soak]

SLOTS = 12
SITES, POSTS = (int(os.environ.get(f"NEWSBOT_FLEET_{name}", usual)) for name, usual in (("SITES", 200), ("POSTS", 60)))


@pytest.mark.timeout(3_600)
def test_fleet_delivers_every_row_of_two_hundred_sites_through_kill_restart_pause_and_replacement(
    postgresql: PostgreSQL, tmp_path: Path
) -> None:
    with ManySites(tmp_path / "requests.tsv", sites=SITES, posts=POSTS, latency=0.02) as many:
        fleet = Fleet(
            tmp_path / "fleet", postgresql.new_database(), many, sites=SITES, slots=SLOTS, delay=0.5, constants=STEADY
        )
        try:
            shown = trouble(fleet, postgresql, posts=POSTS, away=5.0, pause=45.0)
        finally:
            fleet.end()
    print("", *shown.told, sep="\n")
    for name, value in dataclasses.asdict(shown).items():
        if name != "told":
            print(f"{name:18} {value}")
    assert (shown.archived, shown.delivered, shown.lost, shown.doubled) == (shown.expected, shown.expected, 0, 0)
    assert (shown.met, shown.doing_after_stop) == (0, 0)
    # A paused worker that wakes up makes no request, except those that it was sending when it was paused. Such a
    # request may come shortly after a request of the worker that has the site now, and shortly before that worker's
    # next request.
    assert shown.returns <= 2 * SLOTS
    assert shown.under_the_delay <= 2 * shown.returns
    assert shown.takeover < 60
    assert max(shown.stop_seconds) < 30
