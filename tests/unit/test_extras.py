"""Extras: the message for a missing extra, and what works without extras."""

from __future__ import annotations

import sys

import pytest

from newsbot.archive import Archive
from newsbot.errors import BadArchiveUrl, BadArgument
from newsbot.extras import EXTRAS, missing, require


@pytest.mark.parametrize("extra", EXTRAS)
def test_an_extra_that_is_installed_is_not_missing(extra: str) -> None:
    assert missing(extra, "it") is None
    require(extra, "it")


@pytest.mark.parametrize(
    ("extra", "module", "line"),
    [
        (
            "browser",
            "scrapy_playwright",
            "render=always needs the extra [browser]: pip install playwright scrapy-playwright",
        ),
        ("duplicates", "datasketch", "--duplicates needs the extra [duplicates]: pip install datasketch numpy"),
        ("fleet", "procrastinate", "fleet needs the extra [fleet]: pip install procrastinate 'psycopg[binary,pool]'"),
        ("fleet", "psycopg_pool", "fleet needs the extra [fleet]: pip install procrastinate 'psycopg[binary,pool]'"),
        ("markdown", "html_to_markdown", "NEWSBOT_MARKDOWN=1 needs the extra [markdown]: pip install html-to-markdown"),
        ("metrics", "prometheus_client", "it needs the extra [metrics]: pip install prometheus-client"),
        (
            "monitors",
            "premailer",
            "it needs the extra [monitors]: pip install spidermon premailer jinja2 sentry-sdk",
        ),
        ("parquet", "pyarrow", "all.parquet needs the extra [parquet]: pip install pyarrow"),
        ("report", "jinja2", "scrapy report needs the extra [report]: pip install jinja2"),
        ("sqlite", "sqlite_utils", "all.db needs the extra [sqlite]: pip install sqlite-utils"),
        ("xlsx", "xlsxwriter", "all.xlsx needs the extra [xlsx]: pip install xlsxwriter"),
        ("postgresql", "psycopg", "an archive needs the extra [postgresql]: pip install 'psycopg[binary]'"),
    ],
)
def test_missing_extra_is_reported_with_its_install_command(
    extra: str, module: str, line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    wanted = line.partition(" needs")[0]
    assert missing(extra, wanted) == f"{line} (make setup installs every extra)"
    with pytest.raises(BadArgument):
        require(extra, wanted)


def test_archive_in_postgresql_is_refused_without_its_driver(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(BadArchiveUrl, match=r"\[postgresql\]"):
        Archive.open("postgresql://newsbot@127.0.0.1:1/none")
