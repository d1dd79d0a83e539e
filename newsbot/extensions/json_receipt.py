"""The receipt and the stats of a run as lines of a log in JSON (``NEWSBOT_LOG_JSON=1``), in place of the table."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Any, Self

from scrapy import signals
from scrapy.crawler import Crawler

from newsbot.extensions.receipt import ReceiptExtension
from newsbot.wordpress.receipt import CollectionFacts, SiteFacts

logger = logging.getLogger(__name__)


class JsonReceipt:
    """Logs an object for each collection (``receipt``), one for the run (``run_receipt``) and the stats (``stats``)."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        extension = cls(crawler)
        # The receipt gets the same signal and was built earlier, so its verdicts are final here.
        crawler.signals.connect(extension.engine_stopped, signals.engine_stopped)
        return extension

    def engine_stopped(self) -> None:
        assert self.crawler.stats is not None
        receipt = self.crawler.get_extension(ReceiptExtension)
        if receipt is not None and self.crawler.spider is not None:
            for site in receipt.sites:
                for line in lines_of(site):
                    logger.info(
                        "%s %s: %s", line["site"], line["type"] or "-", verdict_text(line), extra={"receipt": line}
                    )
            complete = bool(self.crawler.stats.get_value("newsbot/receipt/complete"))
            verdict = "complete" if complete else "incomplete"
            logger.info("the run is %s", verdict, extra={"run_receipt": run_line(receipt, complete=complete)})
        logger.info("the stats of the run", extra={"stats": self.crawler.stats.get_stats()})


def verdict_text(line: Mapping[str, Any]) -> str:
    """The verdict with its reason."""
    return ": ".join(filter(None, (line["verdict"], line["why"])))


def run_line(receipt: ReceiptExtension, *, complete: bool) -> dict[str, Any]:
    """The keys of a receipt that are about the run; ``sites``: verdict -> sites."""
    return {
        "reason": receipt.reason,
        "complete": complete,
        "failures": receipt.failures,
        "not_due": receipt.not_due,
        "sites": dict(Counter(site.verdict for site in receipt.sites)),
        "file": None if receipt.path is None else str(receipt.path),
    }


def lines_of(site: SiteFacts) -> Iterator[dict[str, Any]]:
    """The facts of each collection of a site by the keys of the receipt, with ``site`` and ``asked``.

    A site without a collection is one line, whose ``type`` is None.
    """
    named = {"site": site.site or site.asked, "asked": site.asked, "name": site.name}
    for facts in site.collections.values():
        yield named | {field.name: _shown(field.name, getattr(facts, field.name)) for field in fields(CollectionFacts)}
    if not site.collections:
        yield named | {
            "type": None,
            "requests": site.requests,
            "bytes": site.bytes,
            "waited": site.waited,
            "faults": dict(site.faults),
            "verdict": site.verdict,
            "why": site.why,
        }


_COUNTED = ("missing", "missing_urls", "unreadable", "unsure", "members")
"""Fields whose members are in the file of the receipt. The log has only their number."""


def _shown(name: str, value: Any) -> Any:
    if name in _COUNTED:
        return len(value)
    return dict(value) if isinstance(value, Counter) else value
