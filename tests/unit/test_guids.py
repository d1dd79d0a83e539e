from __future__ import annotations

import pytest

from newsbot.archive.guids import canonical_guid, guid_key


@pytest.mark.parametrize(
    "written",
    [
        "https://News.Example/?p=1&x=2",
        "http://news.example/?p=1&#038;x=2",
        "http://news.example:80/?p=1&amp;x=2",
        "https://news.example:443/?p=1&amp;#038;x=2 ",
        "HTTP://NEWS.EXAMPLE/?p=1&amp;amp;x=2\n",
    ],
)
def test_one_guid_written_in_many_ways(written: str) -> None:
    assert canonical_guid(written) == "https://news.example/?p=1&x=2"
    assert guid_key(written) == guid_key("https://news.example/?p=1&x=2")


@pytest.mark.parametrize("other", ["https://news.example/?P=1", "https://news.example:8080/?p=1", "urn:p=1", "?p=1"])
def test_what_differs_stays_different(other: str) -> None:
    assert guid_key(other) != guid_key("https://news.example/?p=1")


@pytest.mark.parametrize("empty", [None, "", "  ", "\n"])
def test_empty_guid_is_none(empty: str | None) -> None:
    assert canonical_guid(empty) is None
    assert guid_key(empty) is None


@pytest.mark.parametrize("odd", ["https://[broken", "http://h:port/", "guid with spaces", "\ud800"])
def test_any_text_is_a_guid(odd: str) -> None:
    assert canonical_guid(odd) == odd
    assert isinstance(guid_key(odd), int)


def test_root_with_and_without_its_slash() -> None:
    assert canonical_guid("http://news.example") == canonical_guid("https://news.example/")
