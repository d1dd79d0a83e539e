"""The arguments of a spider as text: ``scrapy crawl SPIDER --help``. Pure."""

from __future__ import annotations

from typing import Any

from newsbot.arguments.models import SiteArguments

EXAMPLES = (
    ("site", "-a site=https://news.example"),
    ("kinds", "-a site=news.example -a kinds=posts,terms -O copy.jsonl"),
    ("category", "-a site=https://news.example/politics/ -a since=2024-03-01 -o politics.csv"),
    ("author", "-a site=news.example -a author=ann-lee -a search=harbour"),
    ("media", "-a site=news.example -a media=download"),
    ("sites", "-a sites=sites.txt -a limit=20 -O newest.csv"),
    ("due", "-a sites=archive -a due=1"),
)
"""An argument -> an example, for the spiders that take the argument."""


def help_text(spider: str, model: type[SiteArguments]) -> str:
    """Each argument with what it means and its default, and examples."""
    fields = model.model_fields
    width = max(map(len, fields)) + 1
    lines = [f"scrapy crawl {spider} -a NAME=VALUE ...", "", "arguments:", ""]
    lines += [
        f"  {f'{name}=':<{width}}  {field.description}{_default(field.default)}" for name, field in fields.items()
    ]
    lines += ["", "examples:", ""]
    lines += [f"  scrapy crawl {spider} {line}" for name, line in EXAMPLES if name in fields]
    more = "-o FILE appends the news, -O FILE holds the whole answer; without them the rows go to data/"
    return "\n".join([*lines, "", f"{more} (scrapy crawl --help)", "docs/arguments.md describes all arguments"])


def _default(value: Any) -> str:
    if value is None or value is False or value == ():
        return ""
    return f" (default: {','.join(value) if isinstance(value, tuple) else value})"
