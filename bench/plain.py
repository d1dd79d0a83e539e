"""A plain script: the same posts over one connection, joined in batches. ``python -m bench.plain API``."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

import aiohttp
import orjson

from bench.floor import FIELDS

JOINED = {"users": "author", "media": "featured_media", "tags": "tags", "categories": "categories"}


async def crawl(api: str) -> None:
    known: dict[tuple[str, int], Any] = {}
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=1)) as session:

        async def get(route: str) -> Any:
            async with session.get(f"{api.rstrip('/')}/wp/v2/{route}") as answer:
                return orjson.loads(await answer.read())

        async def learn(route: str, ids: set[int]) -> None:
            missing = sorted(one for one in ids if one and (route, one) not in known)
            for start in range(0, len(missing), 100):
                for row in await get(
                    f"{route}?per_page=100&include={','.join(map(str, missing[start : start + 100]))}"
                ):
                    known[route, row["id"]] = row

        posts: list[dict[str, Any]] = []
        while True:
            rows = await get(f"posts?per_page=100&orderby=id&order=asc&page={len(posts) // 100 + 1}&_fields={FIELDS}")
            if not isinstance(rows, list):
                break  # 400: there are no more pages
            posts += rows
        for route, field in JOINED.items():
            values = (post[field] for post in posts)
            await learn(route, {one for value in values for one in (value if isinstance(value, list) else [value])})
    with Path("out.jsonl").open("wb") as feed:
        for post in posts:
            for route, field in JOINED.items():
                value = post[field]
                ids = value if isinstance(value, list) else [value]
                post[field] = [known.get((route, one)) for one in ids]
            feed.write(orjson.dumps(post) + b"\n")


if __name__ == "__main__":
    asyncio.run(crawl(sys.argv[1]))
