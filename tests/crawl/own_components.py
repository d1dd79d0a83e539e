"""The components of docs/extending.md, and a storage, for tests/crawl/test_own_components.py."""

from __future__ import annotations

import re
from pathlib import Path
from typing import IO, Any

from scrapy.extensions.feedexport import BlockingFeedStorage

DOCUMENT = Path(__file__).parents[2] / "docs" / "extending.md"


def blocks() -> list[str]:
    """The Python of docs/extending.md: pipelines, an extension, a script."""
    return re.findall(r"```python\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)


for block in blocks()[:2]:
    exec(block, globals())


class Bucket(BlockingFeedStorage):
    """A storage that gets a whole file at the end, as those of S3, Google Cloud and FTP do."""

    def __init__(self, uri: str, *, feed_options: dict[str, Any] | None = None) -> None:
        self.path = Path(uri.partition("://")[2])

    def _store_in_thread(self, file: IO[bytes]) -> None:
        file.seek(0)
        self.path.write_bytes(file.read())


class NeverOpens:
    """A pipeline that fails when the crawl begins."""

    def open_spider(self) -> None:
        raise RuntimeError("no such table")

    def process_item(self, item: Any) -> Any:
        return item
