"""The pages of docs/ as a site: Sphinx builds them without a warning, and a link without a target is one."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from sphinx.application import Sphinx
from sphinx.errors import SphinxWarning
from sphinx.util.docutils import docutils_namespace

pytestmark = pytest.mark.filterwarnings("ignore:.*is deprecated. Check CHANGES for Sphinx")

ROOT = Path(__file__).parents[2]


def build(source: Path, folder: Path) -> Path:
    """Build ``source``/docs. Raises SphinxWarning for the first warning. Returns the folder of the pages."""
    # Each build begins without the nodes that an earlier one registered: to register one again is a warning too.
    with docutils_namespace():
        app = Sphinx(
            source / "docs",
            source / "docs",
            folder / "html",
            folder / "doctrees",
            "html",
            status=None,
            warning=None,
            warningiserror=True,
            exception_on_warning=True,
        )
        app.build()
    return folder / "html"


def test_every_page_is_built_and_loads_nothing_from_other_hosts(tmp_path: Path) -> None:
    pages = build(ROOT, tmp_path)
    built = {page.stem for page in pages.glob("*.html")}
    assert built >= {page.stem for page in (ROOT / "docs").glob("*.md")}
    text = "".join(page.read_text(encoding="utf-8") for page in pages.glob("*.html"))
    loaded = re.findall(r'<(?:script|img|iframe)\b[^>]*\bsrc="(https?:[^"]*)|<link\b[^>]*\bhref="(https?:[^"]*)', text)
    assert loaded == []
    # The README is the first page; its links to docs/ lead to the other pages.
    first = (pages / "index.html").read_text(encoding="utf-8")
    assert 'href="receipt.html"' in first
    assert 'href="docs/' not in first


@pytest.mark.parametrize("broken", ["nosuch.md", "settings.md#no-such-heading"])
def test_a_broken_link_ends_the_build(tmp_path: Path, broken: str) -> None:
    docs = tmp_path / "docs"
    docs.mkdir()
    (tmp_path / "newsbot").mkdir()
    shutil.copy(ROOT / "docs" / "conf.py", docs)
    shutil.copy(ROOT / "newsbot" / "__init__.py", tmp_path / "newsbot")
    (docs / "index.md").write_text("# Index\n\n```{toctree}\nsettings\nfirst\n```\n", encoding="utf-8")
    (docs / "settings.md").write_text("# Settings\n\n## Site lists\n", encoding="utf-8")
    (docs / "first.md").write_text(f"# First\n\n[a link]({broken})\n", encoding="utf-8")
    with pytest.raises(SphinxWarning, match=re.escape(broken.rpartition("#")[2])):
        build(tmp_path, tmp_path)
