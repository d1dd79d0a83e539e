"""An extension that writes the names of all imported modules to ``modules.json`` when the crawl is over."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Self

from scrapy import signals
from scrapy.crawler import Crawler


class ImportedModules:
    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        extension = cls()
        crawler.signals.connect(extension.engine_stopped, signals.engine_stopped)
        return extension

    def engine_stopped(self) -> None:
        Path("modules.json").write_text(json.dumps(sorted(sys.modules)), encoding="utf-8")
