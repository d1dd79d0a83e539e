"""The floor: the same output without a framework. ``python floor.py API``."""

from __future__ import annotations

import http.client
import sqlite3
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import orjson

from newsbot.article.cleaning.clean import clean

FIELDS = (
    "id,date,date_gmt,modified,modified_gmt,guid,slug,status,type,link,title,content,excerpt,author,featured_media,"
    "parent,comment_status,sticky,format,lang,categories,tags"
)


def main(api: str) -> None:
    parts = urlsplit(api)
    server = http.client.HTTPConnection(parts.netloc)
    known: dict[tuple[str, int], Any] = {}

    def get(route: str) -> Any:
        server.request("GET", f"{parts.path.rstrip('/')}/wp/v2/{route}")
        return orjson.loads(server.getresponse().read())

    def learn(route: str, ids: set[int]) -> None:
        missing = sorted(i for i in ids if i and (route, i) not in known)
        for start in range(0, len(missing), 100):
            batch = missing[start : start + 100]
            for row in get(f"{route}?per_page=100&include={','.join(map(str, batch))}"):
                known[route, row["id"]] = row

    store = sqlite3.connect("floor.db")
    store.execute("pragma journal_mode=wal")
    store.execute("create table rows (id integer primary key, body blob)")
    page = 1
    with Path("out.jsonl").open("wb") as feed:
        while True:
            rows = get(f"posts?per_page=100&orderby=id&order=asc&page={page}&_fields={FIELDS}")
            if not isinstance(rows, list) or not rows:
                break
            learn("users", {row["author"] for row in rows})
            learn("media", {row["featured_media"] for row in rows})
            learn("tags", {tag for row in rows for tag in row["tags"]})
            learn("categories", {one for row in rows for one in row["categories"]})
            lines = []
            for row in rows:
                cleaned = clean(row["content"]["rendered"], base_url=row["link"])
                row["content"] = {"html": cleaned.html, "text": cleaned.text, "links": cleaned.links}
                row["author"] = (known.get(("users", row["author"])) or {}).get("name")
                row["image"] = (known.get(("media", row["featured_media"])) or {}).get("source_url")
                row["tags"] = [(known.get(("tags", tag)) or {}).get("name") for tag in row["tags"]]
                lines.append((row["id"], orjson.dumps(row)))
            with store:
                store.executemany("insert or replace into rows values (?, ?)", lines)
            feed.writelines(line + b"\n" for _, line in lines)
            page += 1


if __name__ == "__main__":
    main(sys.argv[1])
