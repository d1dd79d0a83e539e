"""A command that fetches pages, and whose fetch is not a run."""

from __future__ import annotations

import argparse

from newsbot.commands.ending import OneLineEnd


class NoRun(OneLineEnd):
    """A mixin for commands that write no receipt, no feed and nothing in the archive."""

    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        super().process_options(args, opts)
        for name in ("ITEM_PIPELINES", "ITEM_PIPELINES_BASE", "EXTENSIONS", "FEEDS"):
            self.settings.set(name, {}, priority="cmdline")
        self.settings.set("EXTENSIONS_BASE", {"newsbot.safe_logs.SafeLogs": 0}, priority="cmdline")
        self.settings.set("ADDONS", {"newsbot.components.SwitchedComponents": 0}, priority="cmdline")
        if not opts.loglevel:
            self.settings.set("LOG_LEVEL", "WARNING", priority="cmdline")
        self._check_scrapy(self.settings)
