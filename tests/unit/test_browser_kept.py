"""Scripts that several pages use are cached, within limits."""

from __future__ import annotations

from newsbot.browser.script_cache import Answer, Kept


def script(size: int = 10, status: int = 200, **headers: str) -> Answer:
    return Answer(
        status=status, headers={name.replace("_", "-"): value for name, value in headers.items()}, body=bytes(size)
    )


def test_a_script_is_kept_and_what_brings_an_article_is_not() -> None:
    kept, answer = Kept(), script()
    kept.put("script", "a", answer)
    kept.put("fetch", "b", answer)
    assert kept.get("script", "a") is answer
    assert kept.get("fetch", "a") is None
    assert kept.get("script", "b") is None


def test_what_failed_or_must_not_be_stored_is_not_kept() -> None:
    kept = Kept()
    kept.put("script", "a", script(status=503))
    kept.put("script", "b", script(cache_control="private, No-Store"))
    kept.put("script", "c", script(cache_control="max-age=60"))
    assert [kept.get("script", url) is not None for url in "abc"] == [False, False, True]


def test_the_least_lately_used_goes_first() -> None:
    kept = Kept(most=30)
    for url in "abc":
        kept.put("script", url, script())
    kept.get("script", "a")
    kept.put("script", "d", script())
    assert [kept.get("script", url) is not None for url in "abcd"] == [True, False, True, True]
    kept.put("script", "e", script(31))
    assert kept.get("script", "e") is None
    kept.put("script", "a", script(30))
    assert [kept.get("script", url) is not None for url in "acd"] == [True, False, False]
