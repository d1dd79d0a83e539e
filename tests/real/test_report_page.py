"""The page of ``scrapy report`` in Chromium: no fault that axe finds, and nothing beyond the edge of a phone."""

from __future__ import annotations

import importlib.resources
import os
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from newsbot.report.report import write_report
from tests.unit.report.test_report import NOW, archive

pytestmark = pytest.mark.real

WIDTHS = (390, 1280)
"""The width of a phone's screen and of a desktop's, in pixels."""

MOST_WIDE = "document.scrollingElement.scrollWidth"
RUN = "async () => (await axe.run()).violations.map(found => `${found.id}: ${found.nodes[0].html}`)"


def test_report_has_no_accessibility_violation_at_two_widths_in_light_and_dark(chromium: str, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    write_report(path, archive=archive(tmp_path), site=None, runs=20, now=NOW)
    axe = (importlib.resources.files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
    with sync_playwright() as player:
        browser = player.chromium.launch(executable_path=chromium, chromium_sandbox=os.geteuid() != 0)
        for width in WIDTHS:
            for scheme in ("light", "dark"):
                # The page's own policy allows no script, so that axe must pass it.
                context = browser.new_context(
                    viewport={"width": width, "height": 900},
                    color_scheme=scheme,
                    bypass_csp=True,
                )
                page = context.new_page()
                page.goto(path.as_uri())
                picture = page.screenshot(path=tmp_path / f"report-{width}-{scheme}.png", full_page=True)
                assert picture.startswith(b"\x89PNG")
                assert page.evaluate(MOST_WIDE) <= width
                page.evaluate(axe)
                assert page.evaluate(RUN) == []
                context.close()
        browser.close()
