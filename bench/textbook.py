"""The textbook: a Scrapy project in the style of tutorials, for the same posts. ``python textbook.py API``."""

from __future__ import annotations

import json
import sqlite3
import sys
from collections.abc import Iterator
from typing import Any

import scrapy
from lxml import html
from lxml_html_clean import Cleaner
from scrapy.crawler import CrawlerProcess
from scrapy.http import Response

API = sys.argv[1].rstrip("/") if len(sys.argv) > 1 else ""


class CleanPipeline:
    cleaner = Cleaner(scripts=True, style=True, comments=True)

    def process_item(self, item: Any) -> Any:
        tree = html.fromstring(item["content"] or "<p></p>")
        tree = self.cleaner.clean_html(tree)
        item["html"] = html.tostring(tree, encoding="unicode")
        item["text"] = tree.text_content()
        item["links"] = tree.xpath("//a/@href")
        del item["content"]
        return item


class SqlitePipeline:
    def open_spider(self) -> None:
        self.store = sqlite3.connect("textbook.db")
        self.store.execute("create table rows (id integer primary key, body text)")

    def process_item(self, item: Any) -> Any:
        self.store.execute("insert or replace into rows values (?, ?)", (item["id"], json.dumps(item)))
        self.store.commit()
        return item


class Textbook(scrapy.Spider):
    name = "textbook"
    custom_settings = {  # noqa: RUF012
        "ITEM_PIPELINES": {CleanPipeline: 1, SqlitePipeline: 2},
        "FEEDS": {"out.jsonl": {"format": "jsonlines"}},
        "LOG_LEVEL": "INFO",
        "ROBOTSTXT_OBEY": True,
        "CONCURRENT_REQUESTS_PER_DOMAIN": 1,
    }

    async def start(self) -> Any:
        yield scrapy.Request(f"{API}/wp/v2/posts?per_page=100&page=1&_embed=1")

    def parse(self, response: Response) -> Iterator[Any]:
        rows = json.loads(response.text)
        for row in rows:
            embedded = row.get("_embedded", {})
            yield {
                "id": row["id"],
                "title": row["title"]["rendered"],
                "content": row["content"]["rendered"],
                "excerpt": row["excerpt"]["rendered"],
                "url": row["link"],
                "guid": row["guid"]["rendered"],
                "date": row["date_gmt"],
                "modified": row["modified_gmt"],
                "author": (embedded.get("author") or [{}])[0].get("name"),
                "image": (embedded.get("wp:featuredmedia") or [{}])[0].get("source_url"),
                "terms": [term.get("name") for terms in embedded.get("wp:term", []) for term in terms],
            }
        if len(rows) == 100:
            page = int(response.url.split("&page=")[1].split("&")[0])
            yield response.follow(response.url.replace(f"&page={page}&", f"&page={page + 1}&"))


if __name__ == "__main__":
    process = CrawlerProcess()
    process.crawl(Textbook)
    process.start()
