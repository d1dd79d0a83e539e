"""How Sphinx builds these pages: ``make docs``. The pages are Markdown, which also reads well without Sphinx."""

import re
from pathlib import Path

project = "newsbot"
author = "the newsbot maintainers"
_package = Path(__file__).parent.parent / "newsbot" / "__init__.py"
_version = re.search(r'^__version__ = "([^"]+)"', _package.read_text(encoding="utf-8"), re.M)
assert _version is not None
version = release = _version.group(1)

extensions = ["myst_parser"]
exclude_patterns = ["_build"]
myst_heading_anchors = 4
# A page that no table of contents lists, or a link without a target, is a fault of these pages.
nitpicky = True

html_theme = "furo"
html_title = f"newsbot {version}"
html_show_sourcelink = False
html_show_copyright = False
# Nothing of these pages is loaded from another site.
html_theme_options = {"top_of_page_buttons": []}
