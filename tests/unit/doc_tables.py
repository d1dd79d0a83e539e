"""The tables of docs/ and README.md that list all of a kind, each with the code that has them.

``python -m tests.unit.doc_tables`` prints what differs. With ``--write`` it also puts the new words of a message or log
line into its row. The author of the change must check the other cells of the row.
"""

from __future__ import annotations

import re
import sys

from newsbot.arguments.site_list import Target
from newsbot.export.duplicates import ClusterPost
from newsbot.extras import EXTRAS
from newsbot.wordpress.messages import ERRORS
from tests.unit import code_commands as commands
from tests.unit import code_lists as lists
from tests.unit import code_messages as messages
from tests.unit import code_receipt as receipt
from tests.unit.code_texts import ROOT
from tests.unit.documents import Check, as_span, documents

CHECKS = [
    Check("settings.md", "setting", commands.settings, "<meaning> | <default> |"),
    Check("settings.md", "column", lambda: dict.fromkeys(Target.model_fields, commands.place_of(Target))),
    Check("arguments.md", "spider", commands.spider_names),
    Check("arguments.md", "argument", commands.arguments, "<spiders> | <meaning> | <default> |"),
    Check("README.md", "spider", commands.spider_names),
    Check("README.md", "argument (`-a`)", commands.arguments, "<meaning> | <default> |"),
    Check("commands.md", "command", commands.commands),
    Check("deployment.md", "extra", lambda: dict.fromkeys(EXTRAS, "newsbot/extras.py"), "<for> | <by hand> |"),
    *(
        Check("commands.md", "option", lambda name=name: commands.options(name), heading=f"scrapy {name}")  # type: ignore[misc]
        for name in commands.commands()
        if commands.options(name)
    ),
    Check("components.md", "component", commands.components, "<called by> | <may return> | <may raise> |"),
    Check("components.md", "signal", lists.signals, "<arguments> | <sent by> | <when> |"),
    Check("receipt.md", "key", receipt.run_keys, heading="The run", ordered=True),
    Check("receipt.md", "key", receipt.site_keys, heading="A site", ordered=True),
    Check("receipt.md", "key", receipt.collection_keys, heading="A collection"),
    Check("receipt.md", "way", receipt.ways),
    Check("receipt.md", "link", receipt.links),
    Check("receipt.md", "fault", receipt.faults),
    Check("media.md", "key", lists.manifest_keys),
    Check("media.md", "error", lists.media_errors),
    Check("archive.md", "duplicates column", lambda: lists.columns(ClusterPost)),
    Check("cleaning.md", "key", lists.rule_keys),
    Check("cleaning.md", "built in", lists.built_in_rules),
    Check("meta.md", "key", lists.meta_keys, "<value> | <set by> | <read by> | <meaning> |"),
    Check("stats.md", "stat", lists.stats),
    Check("stats.md", "purpose", lists.purposes),
    Check("errors.md", "message", messages.messages, "<why> | <what to do> |", allowed=messages.written),
    Check("errors.md", "error", lambda: dict.fromkeys(ERRORS, "newsbot/wordpress/messages.py"), "<words> | <why> | |"),
    Check("logs.md", "line", lists.log_lines, "<level> | <meaning> | <what to do> |"),
    *(
        Check("items.md", "column", lambda item=item: lists.columns(item), heading=item.__name__, ordered=True)  # type: ignore[misc]
        for item in lists.item_classes()
    ),
    *(
        Check("items.md", "field", lambda part=part: lists.columns(part), heading=name, ordered=True)  # type: ignore[misc]
        for name, part in lists.nested_classes().items()
    ),
]
"""Every table that lists all of a kind."""


def with_names_of(old: str, new: str) -> str:
    """``new`` with the names that ``old`` has for its values, where both have as many values."""
    names = re.findall(r"<[^<>]*>", old)
    if len(names) != len(re.findall(r"<[^<>]*>", new)):
        return new
    left = iter(names)
    return re.sub(r"<[^<>]*>", lambda _: next(left), new)


def write(check: Check) -> None:
    """Put the new words of everything that was renamed into its row."""
    path = ROOT / check.document if check.document == "README.md" else ROOT / "docs" / check.document
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    for old, row, new, _ in check.compare(documents()).renamed:
        lines[row.line - 1] = lines[row.line - 1].replace(as_span(old), as_span(with_names_of(old, new)))
    path.write_text("".join(lines), encoding="utf-8")


def main() -> None:
    for check in CHECKS:
        print("".join(f"{difference}\n" for difference in check.differences(documents())), end="")
        if "--write" in sys.argv[1:] and check.compare(documents()).renamed:
            write(check)
            documents.cache_clear()


if __name__ == "__main__":
    main()
