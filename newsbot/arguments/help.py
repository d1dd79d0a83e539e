"""The arguments of a spider as text: ``scrapy crawl SPIDER -a help=1``. Pure."""

from __future__ import annotations

from newsbot.arguments.models import SiteArguments

EXAMPLES = (
    ("site", "-a site=https://news.example"),
    ("category", "-a site=https://news.example/politics/ -a since=2024-03-01 -o politics.csv"),
    ("author", "-a site=news.example -a author=ann-lee -a search=harbour"),
    ("sites", "-a sites=sites.txt -a limit=20 -O newest.csv"),
)
"""An argument -> an example, for the spiders that take the argument."""


def help_text(spider: str, model: type[SiteArguments]) -> str:
    """Each argument with what it means, and examples."""
    width = max(map(len, model.model_fields)) + 1
    lines = [f"arguments of {spider} (-a NAME=VALUE):", ""]
    lines += [f"  {f'{name}=':<{width}}  {field.description}" for name, field in model.model_fields.items()]
    lines += ["", "examples:", ""]
    lines += [f"  scrapy crawl {spider} {line}" for name, line in EXAMPLES if name in model.model_fields]
    return "\n".join([*lines, "", "docs/arguments.md tells more"])
