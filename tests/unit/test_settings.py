"""The settings that newsbot ships: what a crawl does where its user sets nothing."""

from __future__ import annotations

import os
import runpy
from pathlib import Path
from typing import Any

import certifi
import pytest
from scrapy.core.downloader.middleware import DownloaderMiddlewareManager
from scrapy.settings import Settings
from scrapy.utils.misc import load_object
from scrapy.utils.test import get_crawler

from newsbot import settings as module
from newsbot.arguments.settings import check_settings
from newsbot.errors import BadArgument
from newsbot.safety.authorities import check_authorities
from newsbot.safety.handler import CappedHandler
from newsbot.safety.resolver import PublicResolver
from newsbot.spiders.wp_posts import WpPostSpider


@pytest.fixture
def shipped(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The module's settings in an environment that sets none."""
    for name in [name for name in os.environ if name.startswith("NEWSBOT_")]:
        monkeypatch.delenv(name)
    return {name: value for name, value in runpy.run_path(str(module.__file__)).items() if name.isupper()}


def test_requests_pass_the_middlewares_in_the_documented_order(shipped: dict[str, Any]) -> None:
    # The last middleware is inactive without a password.
    crawler = get_crawler(settings_dict=shipped | {"NEWSBOT_AUTH": "news.example=user:password"})
    manager = DownloaderMiddlewareManager.from_crawler(crawler)
    assert [type(middleware).__name__ for middleware in manager.middlewares] == [
        "GuardMiddleware",
        "PrivateAddressesMiddleware",
        "RobotsMiddleware",
        "DownloadTimeoutMiddleware",
        "DefaultHeadersMiddleware",
        "UserAgentMiddleware",
        "CompressionMiddleware",
        "RedirectsMiddleware",
        "DownloaderStats",
        "PolitenessMiddleware",
        "CredentialsMiddleware",
    ]
    assert all(type(middleware).__module__.startswith(("newsbot.", "scrapy.")) for middleware in manager.middlewares)


def test_certificates_are_verified_and_addresses_are_checked_by_the_resolver(shipped: dict[str, Any]) -> None:
    assert Settings(shipped).getbool("DOWNLOAD_VERIFY_CERTIFICATES") is True
    assert load_object(shipped["TWISTED_DNS_RESOLVER"]) is PublicResolver
    resolver = PublicResolver.from_crawler(get_crawler(settings_dict=shipped), None)
    assert resolver.policy.refusal("localhost", 80) is not None
    assert resolver.policy.refusal("name.example", 80, ["10.0.0.1"]) is not None


def test_only_http_and_data_addresses_can_be_downloaded(shipped: dict[str, Any]) -> None:
    handlers = {scheme: path for scheme, path in Settings(shipped).getwithbase("DOWNLOAD_HANDLERS").items() if path}
    assert handlers.keys() == {"data", "http", "https"}
    assert load_object(handlers["http"]) is load_object(handlers["https"]) is CappedHandler


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("NEWSBOT_DELAY", 1.0),
        ("NEWSBOT_MAX_WAIT", 3600.0),
        ("NEWSBOT_GIVE_UP", 900.0),
        ("NEWSBOT_ROBOTS_TRIES", 3.0),
        ("NEWSBOT_SWEEP_DAYS", 7.0),
        ("NEWSBOT_MAX_TOMBSTONES", 5.0),
        ("CONCURRENT_REQUESTS_PER_DOMAIN", 1.0),
        ("CONCURRENT_ITEMS", 1.0),
    ],
)
def test_default_limits_equal_the_documented_values(shipped: dict[str, Any], name: str, value: float) -> None:
    assert Settings(shipped).getfloat(name) == value


@pytest.mark.parametrize(
    "name",
    [
        *("NEWSBOT_PERSONAL", "NEWSBOT_SHARE_IP", "NEWSBOT_CSV_RAW", "NEWSBOT_FULL"),
        *("COOKIES_ENABLED", "REFERER_ENABLED", "HTTPPROXY_ENABLED", "METAREFRESH_ENABLED", "RETRY_ENABLED"),
        *("TELNETCONSOLE_ENABLED", "REMOTE_CONTROL_ENABLED"),
    ],
)
def test_optional_features_are_off_by_default(shipped: dict[str, Any], name: str) -> None:
    assert Settings(shipped).getbool(name) is False


@pytest.mark.parametrize("name", ["NEWSBOT_ALLOW_PRIVATE", "NEWSBOT_AUTH", "NEWSBOT_NETRC", "NEWSBOT_CHROMIUM"])
def test_permissions_are_empty_by_default(shipped: dict[str, Any], name: str) -> None:
    assert shipped[name] == ""


@pytest.mark.parametrize("value", ["*.local", "10.0.0.0/8", "a.example, http://b.example"])
def test_invalid_value_of_allow_private_is_refused(shipped: dict[str, Any], value: str) -> None:
    with pytest.raises(BadArgument, match="NEWSBOT_ALLOW_PRIVATE takes 1, or hosts as host or host:port with commas"):
        check_settings(Settings(shipped | {"NEWSBOT_ALLOW_PRIVATE": value}), WpPostSpider)


def test_robots_txt_is_obeyed_for_the_name_newsbot(shipped: dict[str, Any]) -> None:
    settings = Settings(shipped)
    assert settings.getbool("ROBOTSTXT_OBEY") is True
    assert settings["ROBOTSTXT_USER_AGENT"] == "newsbot"
    assert settings["USER_AGENT"].startswith("newsbot/")


def test_answers_have_a_maximum_size_and_must_be_complete(shipped: dict[str, Any]) -> None:
    settings = Settings(shipped)
    assert settings.getint("DOWNLOAD_MAXSIZE") == 32 * 1024 * 1024
    assert settings.getint("DOWNLOAD_TIMEOUT") == 120
    assert settings.getbool("DOWNLOAD_FAIL_ON_DATALOSS") is True


def test_no_feed_is_pickled_or_sent_to_another_machine(shipped: dict[str, Any]) -> None:
    settings = Settings(shipped)
    exporters, storages = settings.getwithbase("FEED_EXPORTERS"), settings.getwithbase("FEED_STORAGES")
    assert [name for name in ("pickle", "marshal") if exporters.get(name)] == []
    assert {name for name, storage in storages.items() if storage} == {"", "file", "stdout"}


def test_archive_pipeline_is_the_last_pipeline(shipped: dict[str, Any]) -> None:
    pipelines = Settings(shipped).getwithbase("ITEM_PIPELINES")
    order = sorted((priority, name.rpartition(".")[2]) for name, priority in pipelines.items() if priority is not None)
    assert [name for _, name in order] == [
        "CleanPipeline",
        "DedupePipeline",
        "MediaDownloadPipeline",
        "ArchivePipeline",
    ]


def test_authorities_that_openssl_cannot_read_are_refused(tmp_path: Path) -> None:
    check_authorities("")
    check_authorities(certifi.where())
    (tmp_path / "no.pem").write_text("no certificate")
    for name, why in (("none.pem", "cannot be read: No such file"), ("no.pem", "holds no certificate in the form PEM")):
        with pytest.raises(BadArgument, match=why) as error:
            check_authorities(str(tmp_path / name))
        assert str(error.value).startswith(f"SSL_CERT_FILE names {tmp_path / name}, which ")
