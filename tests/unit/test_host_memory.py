"""What a run knows about the pauses of its hosts before its thread has written them."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from scrapy.utils.test import get_crawler

from newsbot.archive import Archive
from newsbot.archive.followed import Followed, FollowedSite
from newsbot.extensions.followed import FollowedExtension
from newsbot.middlewares.host_memory import HostMemory
from newsbot.politeness.known import LONGEST_HOLD
from newsbot.wordpress.receipt import SiteFacts

HOST = "news.example"


@pytest.fixture
def memory(monkeypatch: pytest.MonkeyPatch) -> HostMemory:
    """A memory whose thread executes no order."""
    monkeypatch.setattr(HostMemory, "_order", lambda *_: None)
    return HostMemory(get_crawler())


def test_pause_is_known_at_once_and_limited_to_the_longest_hold(memory: HostMemory) -> None:
    assert memory.paused_until(HOST) == 0.0
    began = time.time()
    memory.learn(HOST, penalty=0.0, hold=60.0)
    memory.learn(HOST, penalty=0.0, hold=5.0)
    assert began + 60 <= memory.paused_until(HOST) <= time.time() + 60
    memory.learn(HOST, penalty=0.0, hold=10 * LONGEST_HOLD)
    assert memory.paused_until(HOST) <= time.time() + LONGEST_HOLD


def test_pause_of_a_host_that_was_given_up_ends_with_its_next_answer(memory: HostMemory) -> None:
    memory.learn(HOST, penalty=0.0, failed_for=900.0)
    memory.learn(HOST, penalty=1.0)
    assert memory.paused_until(HOST) > time.time() + 800
    memory.learn(HOST, penalty=0.0, failed_for=0.0)
    assert memory.paused_until(HOST) == 0.0


def test_followed_site_waits_for_a_pause_that_is_not_stored_yet(memory: HostMemory, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'newsbot.db'}"
    archive = Archive.open(url, run="run-1")
    table = Followed(archive.database)
    table.add([FollowedSite(url=HOST, spider="wp_posts")])
    crawler: Any = get_crawler(settings_dict={"NEWSBOT_ARCHIVE": url, "NEWSBOT_RUN": "run-1", "NEWSBOT_BUDGET": 0})
    politeness = SimpleNamespace(memory=memory, usage=lambda _: SimpleNamespace(address=None))
    crawler.get_downloader_middleware = lambda _: politeness
    crawler._engine = SimpleNamespace(running=True, _slot=SimpleNamespace(closing=None))
    extension = FollowedExtension(crawler)
    extension.database, extension.spider = archive.database, "wp_posts"
    facts = SiteFacts(asked=HOST)
    began = datetime.now(UTC)
    extension.site_started(facts)
    memory.learn(HOST, penalty=0.0, hold=7200.0)
    extension.site_ended(facts)
    site = table.site(HOST, "wp_posts")
    archive.close()
    assert site is not None and site.blocked_until is not None and site.next_due is not None
    assert site.next_due >= site.blocked_until >= began + timedelta(hours=2)
