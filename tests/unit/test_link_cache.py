"""The cache of linked objects keeps what waiting rows need, and little else."""

from __future__ import annotations

from newsbot.wordpress.joins.link_cache import LinkCache


def test_a_cache_keeps_the_latest_objects() -> None:
    cache = LinkCache("wp/v2/media", kept=2)
    for number in (1, 2, 3):
        cache.put(number, {"id": number})
    assert list(cache.known) == [2, 3]
    cache.want([2])
    cache.leave([2])
    cache.put(4, None)
    assert list(cache.known) == [2, 4]


def test_objects_that_rows_wait_for_are_not_dropped() -> None:
    cache, rows = LinkCache("wp/v2/media", kept=2), [[number] for number in range(50)]
    for ids in rows:
        cache.want(ids)
    while batch := cache.batch(10):
        for linked in batch:
            cache.put(linked, {"id": linked})
    assert all(cache.has(ids) for ids in rows)
    for ids in rows:
        cache.leave(ids)
    cache.put(50, None)
    assert list(cache.known) == [49, 50]
