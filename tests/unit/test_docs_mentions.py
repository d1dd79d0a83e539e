"""What docs/ and README.md mention in passing exists: settings, arguments, options, stats, meta keys, files, links."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

import pytest

from tests.unit import code_commands as commands
from tests.unit import code_lists as lists
from tests.unit.code_texts import ROOT, normal
from tests.unit.documents import Documents, documents, spans

pytestmark = pytest.mark.xdist_group("code")  # one worker reads the code of the package, for all of them


def lines(docs: Documents) -> Iterator[tuple[str, str]]:
    """Where and what: each line of each document."""
    for name, text in docs.texts.items():
        for number, line in enumerate(text.splitlines(), 1):
            yield f"{name}:{number}", line


def strange_settings(docs: Documents) -> list[str]:
    known = set(commands.settings())
    found = ((where, name) for where, line in lines(docs) for name in re.findall(r"\bNEWSBOT_[A-Z_]+\b", line))
    return [f"{where}: newsbot/settings.py has no {name}" for where, name in found if name not in known]


def strange_arguments(docs: Documents) -> list[str]:
    known = {name.rstrip("=") for name in commands.arguments()}
    found = [(where, name) for where, line in lines(docs) for name in re.findall(r"-a \"?([a-z_]+)=", line)]
    found += [(where, name) for where, line in lines(docs) for name in re.findall(r"`([a-z_]+)=[^`]*`", line)]
    return [f"{where}: no spider takes {name}=" for where, name in found if name not in known | _NOT_OURS]


_NOT_OURS = {"orderby", "order", "paged", "include", "exclude", "setting", "host", "lang", "slug"}
"""Parameters of WordPress's API and of Scrapyd, and parts of NEWSBOT_AUTH, written as an argument is."""


def strange_options(docs: Documents) -> list[str]:
    """Options after ``scrapy crawl|export|clean`` in one line, and ``--option`` anywhere in a document."""
    every = {option for name in commands.commands() for option in commands.options(name)}
    found = []
    for where, line in lines(docs):
        command = re.search(r"scrapy (crawl|export|clean)\b([^`#|]*)", line)
        if command:
            known = set(commands.options(command[1])) | {"-s"}
            given = re.findall(r"(?<![\w-])(--?[A-Za-z][\w-]*)", command[2])
            found += [f"{where}: scrapy {command[1]} has no {one}" for one in given if one not in known]
        found += [
            f"{where}: no command has {one}"
            for one in re.findall(r"`(--[a-z-]+)`", line)
            if one not in every | _SCRAPYS
        ]
    return found


_SCRAPYS = {"--loglevel", "--logfile", "--nolog", "--profile", "--pidfile", "--pdb"}


def strange_stats(docs: Documents) -> list[str]:
    known = {normal(name) for name in lists.stats()}
    found = ((where, span) for where, line in lines(docs) for span in spans(line))
    stats = ((where, span) for where, span in found if re.fullmatch(r"newsbot/[a-z_]+(/[a-z_<>]+)*", span))
    return [
        f"{where}: no stat is called {span}, and no folder" for where, span in stats
        if normal(span) not in known and not (ROOT / span).exists()
    ]  # fmt: skip


def strange_meta_keys(docs: Documents) -> list[str]:
    known = set(lists.meta_keys()) | {"newsbot_error", "newsbot_process_"}
    known |= {name for row in docs.rows("monitoring.md", "metric") for name in row.names}  # tests/unit/test_metrics.py
    found = ((where, name) for where, line in lines(docs) for name in re.findall(r"\bnewsbot_[a-z_]+\b", line))
    return [f"{where}: no request has the meta key {name}" for where, name in found if name not in known]


@cache
def files() -> list[str]:
    return [str(path.relative_to(ROOT)) for top in _TOPS for path in (ROOT / top).rglob("*") if path.is_file()]


_TOPS = ("newsbot", "tests", "bench", "deploy", "docs")


def strange_files(docs: Documents) -> list[str]:
    """The files of newsbot that the docs name and that do not exist. A name may be a file's name, a path into a folder
    of newsbot, or the middle of such a path."""
    found = []
    for where, line in lines(docs):
        for span in spans(line):
            named = re.fullmatch(r"([\w./-]+\.(?:py|toml|html|php))(?:::\w+)?", span)
            path = named[1] if named else span if re.fullmatch(rf"(?:{'|'.join(_TOPS)})/[\w./-]*", span) else None
            if path is None or normal(path) in {normal(name) for name in lists.stats()} or path in _EXAMPLES:
                continue
            if not any(one == path or one.endswith(f"/{path}") or f"/{path}" in f"/{one}" for one in files()):
                found.append(f"{where}: there is no {path}")
    return found


_EXAMPLES = {"sites.toml", "/etc/newsbot/sites.toml"}


def strange_links(docs: Documents) -> list[str]:
    found = []
    for where, line in lines(docs):
        document = where.partition(":")[0]
        for target in re.findall(r"\]\(([^)\s]+)\)", line):
            if "://" in target:
                continue
            path, _, anchor = target.removeprefix("docs/").partition("#")
            name = path or document
            if path.endswith(".png") and (ROOT / "docs" / path).is_file():
                continue
            if name not in docs.texts:
                found.append(f"{where}: the link {target} leads to no document")
            elif anchor and anchor not in anchors(docs.texts[name]):
                found.append(f"{where}: {name} has no heading for #{anchor}")
    return found


def anchors(text: str) -> set[str]:
    """The anchors of a document's headings, as GitHub and MyST make them."""
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


STRANGE = [
    (strange_settings, "`NEWSBOT_NOBODY` is one"),
    (strange_arguments, "`nobody=1` is one"),
    (strange_options, "    scrapy export x.csv --nobody"),
    (strange_stats, "`newsbot/nobody/has_it` counts"),
    (strange_meta_keys, "`newsbot_nobody` is one"),
    (strange_files, "`wordpress/nobody.py` does it"),
    (strange_links, "[here](nobody.md), [there](#nobody)"),
]


@pytest.mark.parametrize("strange", [function for function, _ in STRANGE], ids=lambda function: function.__name__)
def test_everything_that_the_documents_mention_exists(strange: object) -> None:
    assert callable(strange)
    found = strange(documents())
    assert found == [], "\n" + "\n".join(found)


@pytest.mark.parametrize(("strange", "line"), STRANGE, ids=lambda value: getattr(value, "__name__", ""))
def test_mention_of_something_that_does_not_exist_is_found(strange: object, line: str) -> None:
    assert callable(strange)
    docs = Documents({**documents().texts, "media.md": line})
    assert [mention for mention in strange(docs) if mention.startswith("media.md:1:")]
