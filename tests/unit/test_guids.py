from __future__ import annotations

import pytest

from newsbot.wordpress.guids import canonical_guid, guid_key, is_evidence, names_site


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
def test_spellings_of_one_guid_have_one_canonical_form(written: str) -> None:
    assert canonical_guid(written) == "https://news.example/?p=1&x=2"
    assert guid_key(written) == guid_key("https://news.example/?p=1&x=2")


@pytest.mark.parametrize("other", ["https://news.example/?P=1", "https://news.example:8080/?p=1", "urn:p=1", "?p=1"])
def test_different_guids_have_different_keys(other: str) -> None:
    assert guid_key(other) != guid_key("https://news.example/?p=1")


@pytest.mark.parametrize("empty", [None, "", "  ", "\n"])
def test_empty_guid_is_none(empty: str | None) -> None:
    assert canonical_guid(empty) is None
    assert guid_key(empty) is None


@pytest.mark.parametrize("odd", ["https://[broken", "http://h:port/", "guid with spaces", "\ud800"])
def test_any_text_is_accepted_as_a_guid(odd: str) -> None:
    assert canonical_guid(odd) == odd
    assert isinstance(guid_key(odd), int)


def test_root_url_with_and_without_a_slash_is_one_guid() -> None:
    assert canonical_guid("http://news.example") == canonical_guid("https://news.example/")


@pytest.mark.parametrize(
    "guid",
    [
        *("https://gazette.press/?p=1", "http://www.gazette.press:8080/?p=1", "http://8.8.8.8/?p=1"),
        *("tag:blogger.com,1999:blog-1.post-2", "urn:uuid:6f0e", "https://xn--bcher-kva.de/?p=1&amp;x=2"),
    ],
)
def test_guid_of_a_public_host_is_evidence(guid: str) -> None:
    assert is_evidence(guid)


@pytest.mark.parametrize(
    "guid",
    [
        *("?p=1", "1", "/?p=1", "http:///?p=1", "http://localhost/wordpress/?p=1", "http://localhost:8888/?p=1"),
        *("http://127.0.0.1/?p=1", "http://10.1.2.3:81/?p=1", "https://192.168.0.4/?p=1", "http://[::1]/?p=1"),
        *("http://[fd00::1]:8080/?p=1", "http://paper.local/?p=1", "https://paper.test/?p=1", "http://a.b.localhost/"),
        *("http://paper.invalid/?p=1", "http://wp.internal/?p=1", "http://example.com/?p=1", "http://WWW.Example.org/"),
        *("http://example.co.uk/?p=1", "http://news.example/?p=1", "http://wordpress/?p=1", "http://10.0.0/?p=1"),
    ],
)
def test_guid_of_a_private_or_placeholder_host_is_no_evidence(guid: str) -> None:
    assert not is_evidence(guid)


@pytest.mark.parametrize(
    ("guid", "site", "names"),
    [
        ("http://www.paper.press/?p=1&#038;x=2", "https://paper.press", True),
        ("https://paper.press/blog/?p=1", "https://paper.press/blog", True),
        ("https://paper.press/blog?p=1", "https://paper.press/blog", True),
        ("https://paper.press/?p=1", "https://paper.press/blog", False),
        ("https://paper.press/blogs/?p=1", "https://paper.press/blog", False),
        ("https://paper.press:8080/?p=1", "https://paper.press", False),
        ("https://paper.press.evil.net/?p=1", "https://paper.press", False),
        ("https://evil.net/paper.press/?p=1", "https://paper.press", False),
        ("tag:paper.press,2024:1", "https://paper.press", False),
    ],
)
def test_guid_names_the_site_of_its_host_and_folder(guid: str, site: str, *, names: bool) -> None:
    assert names_site(guid, site) is names
