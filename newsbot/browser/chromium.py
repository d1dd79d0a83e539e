"""A running Chromium that opens no connection of its own."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
from collections.abc import Awaitable
from typing import Any, Self

from playwright.async_api import Browser as Connection
from playwright.async_api import Error
from scrapy.settings import Settings
from scrapy_playwright.handler import Config  # type: ignore[import-untyped]
from scrapy_playwright.provider import PlaywrightBrowserProvider  # type: ignore[import-untyped]

from newsbot.browser.memory import MemoryWatch
from newsbot.errors import BrowserError

LAUNCH_SECONDS = 60
CLOSE_SECONDS = 5.0

ARGUMENTS = (
    # A second protection. Newsbot answers the browser's requests. A request that bypassed newsbot would find no name,
    # no address and no proxy.
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--proxy-server=http://newsbot.invalid:9",
    "--proxy-bypass-list=<-loopback>",
    "--webrtc-ip-handling-policy=disable_non_proxied_udp",  # older versions of Chromium use the next name
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--disable-quic",
    "--block-new-web-contents",
    "--js-flags=--max-old-space-size=512",
)


class Chromium:
    """Connected by a pipe: Chromium ends when this process ends."""

    def __init__(self, provider: PlaywrightBrowserProvider, connection: Connection) -> None:
        self._provider = provider
        self.connection = connection
        self.memory = MemoryWatch()

    @classmethod
    async def launch(cls, executable: str) -> Self:
        """Start Chromium. Raises BrowserError."""
        options = {
            "executable_path": executable,
            "args": list(ARGUMENTS),
            # Chromium refuses to start with its sandbox as root.
            "chromium_sandbox": os.geteuid() != 0,
            # The environment of this process may contain passwords.
            "env": {"PATH": os.defpath, "HOME": "/nonexistent"},
            "timeout": LAUNCH_SECONDS * 1000,
            # Scrapy handles signals: it ends the crawl, which closes the browser.
            "handle_sigint": False,
            "handle_sigterm": False,
            "handle_sighup": False,
        }
        provider = PlaywrightBrowserProvider(
            Config.from_settings(
                Settings({"PLAYWRIGHT_LAUNCH_OPTIONS": options, "PLAYWRIGHT_MAX_PAGES_PER_CONTEXT": 1})
            )
        )
        try:
            await provider.start()
            return cls(provider, await provider.launch_browser())
        except (Error, OSError) as error:
            await _close_in_time(provider.close())
            raise BrowserError(f"{executable} does not start: {why_not_started(str(error))}") from error
        except BaseException:
            await _close_in_time(provider.close())
            raise

    @property
    def alive(self) -> bool:
        return self.connection.is_connected()

    async def close(self) -> None:
        """End Chromium and all of its processes."""
        self.memory.close()
        await _close_in_time(self.connection.close())
        await _close_in_time(self._provider.close())


async def _close_in_time(closing: Awaitable[Any]) -> None:
    """Wait until Chromium is closed, for a limited time: a process that does not close ends when its pipe closes."""
    with contextlib.suppress(Error, TimeoutError, OSError):
        await asyncio.wait_for(closing, CLOSE_SECONDS)


def why_not_started(report: str) -> str:
    """The line of Playwright's report that says why the start failed."""
    if "sandboxing failed" in report:
        return "this user may not use its sandbox"
    errors = re.findall(r"\[pid=\d+\]\[err\] (.+)", report) or re.findall(r"<(process did exit: .+)>", report)
    lines = errors[-1:] or report.strip().splitlines()[:1] or ["no reason given"]
    return str(lines[0]).strip()[:200]
