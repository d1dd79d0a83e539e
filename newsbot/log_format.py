"""How Scrapy's own log lines read here."""

from __future__ import annotations

import logging
from typing import Any

from scrapy.logformatter import LogFormatter as ScrapyLogFormatter
from scrapy.logformatter import LogFormatterResult

from newsbot.items import Checkpoint


class LogFormatter(ScrapyLogFormatter):
    """No line for each item and answer: a whole article in the log helps nobody, and formatting it costs.

    Scrapy takes None for no line, though its own signatures do not say so.
    """

    def scraped(self, *_: Any, **__: Any) -> None:  # type: ignore[override]
        return None

    def crawled(self, *args: Any, **kwargs: Any) -> LogFormatterResult | None:  # type: ignore[override]
        if not logging.getLogger("scrapy.core.engine").isEnabledFor(logging.DEBUG):
            return None
        return super().crawled(*args, **kwargs)

    def dropped(  # type: ignore[override]
        self, item: Any, exception: BaseException, *_: Any, **__: Any
    ) -> LogFormatterResult | None:
        if isinstance(item, Checkpoint):
            return None
        what = f"{item.site} {item.type} {item.id}"
        return {"level": logging.DEBUG, "msg": "Dropped %(what)s: %(why)s", "args": {"what": what, "why": exception}}
