"""Scripts that several pages use are cached, within limits."""

from __future__ import annotations

from newsbot.browser.script_cache import BrowserResponse, ScriptCache


def script(size: int = 10, status: int = 200, **headers: str) -> BrowserResponse:
    return BrowserResponse(
        status=status, headers={name.replace("_", "-"): value for name, value in headers.items()}, body=bytes(size)
    )


def test_scripts_are_cached_and_fetched_data_is_not() -> None:
    cache, answer = ScriptCache(), script()
    cache.put("script", "a", answer)
    cache.put("fetch", "b", answer)
    assert cache.get("script", "a") is answer
    assert cache.get("fetch", "a") is None
    assert cache.get("script", "b") is None


def test_failed_answers_and_no_store_answers_are_not_cached() -> None:
    cache = ScriptCache()
    cache.put("script", "a", script(status=503))
    cache.put("script", "b", script(cache_control="private, No-Store"))
    cache.put("script", "c", script(cache_control="max-age=60"))
    assert [cache.get("script", url) is not None for url in "abc"] == [False, False, True]


def test_least_recently_used_script_is_removed_first() -> None:
    cache = ScriptCache(most=30)
    for url in "abc":
        cache.put("script", url, script())
    cache.get("script", "a")
    cache.put("script", "d", script())
    assert [cache.get("script", url) is not None for url in "abcd"] == [True, False, True, True]
    cache.put("script", "e", script(31))
    assert cache.get("script", "e") is None
    cache.put("script", "a", script(30))
    assert [cache.get("script", url) is not None for url in "acd"] == [True, False, False]
