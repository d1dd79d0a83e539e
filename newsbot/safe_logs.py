"""Log lines that the content of a site cannot forge or hide: control characters are written as escapes."""

from __future__ import annotations

import logging
from typing import Any, Self

from scrapy.crawler import Crawler
from scrapy.logformatter import LogFormatter as ScrapyLogFormatter
from scrapy.logformatter import LogFormatterResult

from newsbot.items import Checkpoint
from newsbot.terminal import visible, without_passwords


def escaped(text: str) -> str:
    """``text`` without passwords in URLs, with its control characters as escapes (``\\x1b``), and with all lines except
    the first one indented.

    An indented line cannot be mistaken for a line of the log.
    """
    text = visible(without_passwords(text))
    return text.replace("\n", "\n    ") if "\n" in text else text


class SafeLogRecord(logging.LogRecord):
    """A record whose message and traceback are escaped, whichever formatter writes it."""

    _exc_text: str | None = None

    def getMessage(self) -> str:  # noqa: N802
        return escaped(super().getMessage())

    @property
    def exc_text(self) -> str | None:
        return self._exc_text

    @exc_text.setter
    def exc_text(self, text: str | None) -> None:
        # A formatter stores the traceback here before it writes the traceback.
        self._exc_text = None if text is None else "    " + escaped(text)


class SafeLogs:
    """A Scrapy extension. From its start on, every log record of the process is a SafeLogRecord."""

    @classmethod
    def from_crawler(cls, _crawler: Crawler) -> Self:
        install()
        return cls()


def install() -> None:
    """Make every later log record of the process safe. A second call changes nothing."""
    logging.setLogRecordFactory(SafeLogRecord)


class LogFormatter(ScrapyLogFormatter):
    """Writes no line for a scraped item or, above DEBUG, for a response.

    Nobody reads whole articles in a log, and their formatting takes time. Scrapy writes no line where it gets None,
    although its type annotations do not allow None.
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
        # An exception here would end Scrapy's worker that handles the items, and the crawl would wait for this worker
        # for ever.
        args = {"row": _row(item), "why": exception}
        return {"level": logging.DEBUG, "msg": "Dropped %(row)s: %(why)s", "args": args}

    def item_error(self, item: Any, *_: Any, **__: Any) -> LogFormatterResult:
        """The line for an item that failed in a pipeline; the traceback follows. Scrapy itself would write the whole
        article."""
        return {"level": logging.ERROR, "msg": "A pipeline failed on %(row)s", "args": {"row": _row(item)}}


def _row(item: Any) -> str:
    """The site, the type and the id of an item: a log line names these."""
    record = getattr(item, "record", item)  # a row of a dead run
    return " ".join(str(getattr(record, name, type(item).__name__)) for name in ("site", "type", "id"))
