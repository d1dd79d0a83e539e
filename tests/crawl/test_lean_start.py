"""A crawl imports only what it uses."""

from __future__ import annotations

import json
from pathlib import Path

from tests.crawl.scrapy_crawl import crawl
from tests.newsroom import Newsroom

HEAVY = {
    *("numpy", "scipy", "datasketch"),  # scrapy export --duplicates
    *("jinja2", "newsbot.report.report"),  # scrapy report
    *("pyarrow", "xlsxwriter", "sqlite_utils"),  # scrapy export FILE.parquet, .xlsx, .db
    "html_to_markdown",  # NEWSBOT_MARKDOWN
    "trafilatura",  # an article page whose container is unknown
    *("playwright", "scrapy_playwright"),  # a page that needs a browser
    *("alembic", "mako"),  # an archive of an older version
    *("spidermon", "jinja2", "sentry_sdk"),  # SPIDERMON_ENABLED
    *("prometheus_client", "twisted.web.server"),  # NEWSBOT_METRICS_PORT, NEWSBOT_METRICS_FILE
    *("psycopg", "sqlalchemy.dialects.postgresql"),  # an archive in PostgreSQL
    "newsbot.wordpress.pages.article_page",  # the page of an article
    *("aiohttp", "tldextract", "requests"),  # components of Scrapy that newsbot does not run
    *("newsbot.export.files", "newsbot.article.cleaning.explain"),  # other commands
}
OURS = ("newsbot.pipelines.clean", "newsbot.pipelines.archive", "newsbot.feeds.exporters", "newsbot.middlewares.robots")


def test_crawl_imports_no_heavy_library_that_it_does_not_use(tmp_path: Path) -> None:
    spy = json.dumps({"tests.crawl.imported_modules.ImportedModules": 1_000})
    with Newsroom(posts=30) as room:
        # A new interpreter: a fork has imported everything already.
        run = crawl(tmp_path, "wp_posts", "-s", f"EXTENSIONS={spy}", site=room.url, real=True)
    assert (run.status, len(run.rows())) == (0, 30), run.said
    imported = set(json.loads((tmp_path / "modules.json").read_text(encoding="utf-8")))
    assert imported.issuperset(OURS)
    assert sorted(HEAVY & imported) == []
