"""Monitors for Spidermon: they read the receipt at the end of a run, and fail if the run needs a person."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import Any, ClassVar

from scrapy.crawler import Crawler
from scrapy.utils.misc import load_object
from spidermon import Monitor, MonitorSuite  # type: ignore[import-untyped]
from spidermon.exceptions import NotConfigured  # type: ignore[import-untyped]

from newsbot.archive import archive_of
from newsbot.archive.followed import Followed
from newsbot.extensions.receipt import ReceiptExtension
from newsbot.monitors import findings
from newsbot.net.stopping import resumes
from newsbot.schedule.learning import REMEMBERED
from newsbot.wordpress.receipt import SiteFacts

logger = logging.getLogger(__name__)

ACTIONS = {
    "SPIDERMON_EMAIL_TO": "spidermon.contrib.actions.email.smtp.SendSmtpEmail",
    "SPIDERMON_DISCORD_WEBHOOK_URL": "spidermon.contrib.actions.discord.notifiers.SendDiscordMessageSpiderFinished",
    "SPIDERMON_TELEGRAM_RECIPIENTS": "spidermon.contrib.actions.telegram.notifiers.SendTelegramMessageSpiderFinished",
    "SPIDERMON_SENTRY_PROJECT_NAME": "spidermon.contrib.actions.sentry.SendSentryMessage",
}
"""Setting -> the action of Spidermon that a failed monitor starts if the setting has a value."""


_WITHOUT_POSTS = ("comments", "media", "terms", "users")


class ReceiptMonitor(Monitor):  # type: ignore[misc]
    """A monitor of the receipt. It fails with a line for each site that was found."""

    @property
    def crawler(self) -> Crawler:
        crawler: Crawler = self.data.crawler
        return crawler

    @property
    def sites(self) -> list[SiteFacts]:
        receipt = self.crawler.get_extension(ReceiptExtension)
        return [] if receipt is None else receipt.sites

    def expect_none(self, lines: list[str]) -> None:
        if lines:
            self.fail(findings.message(lines))


class IncompleteSites(ReceiptMonitor):
    def test_no_site_is_incomplete(self) -> None:
        receipt, stats = self.crawler.get_extension(ReceiptExtension), self.crawler.stats
        assert stats is not None
        goes_on = findings.goes_on_by_itself(
            resumes=resumes(self.crawler),
            reason=receipt.reason if receipt is not None else "",
            away="newsbot/archive/away" in stats.get_stats(),
        )
        self.expect_none([] if goes_on else findings.incomplete(self.sites))


class BlockedSites(ReceiptMonitor):
    def test_no_site_is_blocked(self) -> None:
        self.expect_none(findings.blocked(self.sites))


class SilentSites(ReceiptMonitor):
    def test_every_site_publishes_as_usual(self) -> None:
        settings, now = self.crawler.settings, datetime.now(UTC)
        archive = archive_of(self.crawler, settings["NEWSBOT_ARCHIVE"], run=settings["NEWSBOT_RUN"])
        if archive is None or getattr(self.data.spider, "kind", "") in _WITHOUT_POSTS:
            return  # without these times, the usual number of posts is unknown
        table = Followed(archive.database)

        def published(site: str) -> list[datetime]:
            return sorted(table.published(site, "posts", since=now - REMEMBERED, until=now))

        self.expect_none(findings.silent(self.sites, published, now))


class Refusals(ReceiptMonitor):
    def test_no_site_refuses_many_requests(self) -> None:
        self.expect_none(findings.refusing(self.sites))


class Deletions(ReceiptMonitor):
    def test_no_site_lost_many_rows_at_once(self) -> None:
        self.expect_none(findings.shrunk(self.sites))


class ReceiptMonitors(MonitorSuite):  # type: ignore[misc]
    """All monitors of the receipt, with the actions whose settings have a value (``ACTIONS``)."""

    monitors: ClassVar[list[type[Monitor]]] = [IncompleteSites, BlockedSites, SilentSites, Refusals, Deletions]

    def __init__(self, *args: Any, crawler: Crawler, **kwargs: Any) -> None:
        super().__init__(*args, crawler=crawler, **kwargs)
        for setting, action in ACTIONS.items():
            if crawler.settings.get(setting):
                try:
                    self.add_monitors_failed_action(load_object(action))
                except NotConfigured as error:
                    logger.error("%s is set, and its alerts are off: %s", setting, error)
