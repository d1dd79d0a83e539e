"""A WXR file of a crawled WordPress, and what differs from the file that this WordPress exports itself."""

from __future__ import annotations

import base64
import re
import subprocess
import sys
from html import unescape
from pathlib import Path
from typing import Any

from tests import fork_server
from tests.crawl.scrapy_crawl import environment
from tests.real.reading import letters
from tests.real.wordpress import WordPress
from tests.unit.export import wxr_reader
from tests.unit.export.wxr_reader import Wxr

SPIDERS: dict[str, tuple[str, ...]] = {
    "wp_posts": ("-a", "types=post,page,report,bulletin"),
    "wp_media": (),
    "wp_users": (),
    "wp_terms": (),
    "wp_comments": (),
}
"""Spider -> its arguments, to bring everything that a WXR file holds."""

TYPES = ("post", "page", "attachment")
"""The types that are compared. Core's export of all types would also hold what no visitor sees."""

_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")

# WordPress sends headers of a download, of which PHP would warn here.
_EXPORT = """
require_once ABSPATH . 'wp-admin/includes/export.php';
ob_start();
@export_wp(['content' => 'all', 'status' => 'publish']);
echo base64_encode(ob_get_clean());
"""


def export_wxr(folder: Path) -> tuple[Path, str]:
    """The file of ``scrapy export site.wxr`` from the archive of a crawl in ``folder``, and what the command said."""
    line = [sys.executable, "-m", "scrapy", "export", "site.wxr"]
    done: subprocess.CompletedProcess[str] = fork_server.run(
        line, cwd=folder, env=environment(folder), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return folder / "site.wxr", done.stderr + done.stdout


def differences(site: WordPress, folder: Path) -> list[str]:
    """By what newsbot's export of the archive in ``folder`` differs from WordPress's own export, which PHP makes."""
    path, _ = export_wxr(folder)
    ours = wxr_reader.read(path.read_bytes())
    # WordPress writes the control characters of a post as they are, which no XML reader takes.
    xml = _CONTROLS.sub("", base64.b64decode(site.php(_EXPORT)).decode())
    theirs = wxr_reader.read(xml.encode(), own=False)
    public = {
        number: item for number, item in theirs.items.items() if item["type"] in TYPES and _is_public(item, theirs)
    }
    found = {number: item for number, item in ours.items.items() if item["type"] in TYPES}
    faults = [f"{number} is missing" for number in sorted(public.keys() - found.keys())]
    faults += [f"{number} is too many" for number in sorted(found.keys() - public.keys())]
    for number in sorted(public.keys() & found.keys()):
        faults += _differing(found[number], public[number])
    for key, term in theirs.terms.items():
        if key[0] in ("category", "post_tag"):
            own = {
                **ours.terms.get(key, {}),
                "name": letters(unescape(unescape(ours.terms.get(key, {}).get("name", "")))),
            }
            faults += [] if own == {**term, "name": letters(unescape(term["name"]))} else [f"{term} is not {own}"]
    return faults


def _is_public(item: dict[str, Any], wxr: Wxr) -> bool:
    parent = wxr.items.get(item["post_parent"])
    if item["type"] == "attachment":
        return item["post_parent"] == 0 or (parent is not None and parent["status"] == "publish")
    return bool(item["status"] == "publish")


def _differing(ours: dict[str, Any], theirs: dict[str, Any]) -> list[str]:
    pairs: dict[str, tuple[Any, Any]] = {
        name: (ours[name], theirs[name]) for name in ("type", "slug", "status", "post_parent", "is_sticky")
    }
    pairs["title"] = (_shown(ours["title"]), _shown(theirs["title"]))
    pairs["terms"] = (ours["terms"], theirs["terms"])
    image = (ours["meta"].get("_thumbnail_id"), theirs["meta"].get("_thumbnail_id"))
    pairs["image"] = image
    for name in ("post_date", "post_date_gmt"):
        # For a zero date the API gives what WordPress computes.
        if not theirs[name].startswith("0000"):
            pairs[name] = (ours[name], theirs[name])
    if not theirs["password"]:
        # Comments of a post behind a password are not public.
        pairs["comments"] = (_comments(ours), _comments(theirs))
    return [f"{ours['id']} {name}: {one!r} is not {two!r}" for name, (one, two) in pairs.items() if one != two]


def _shown(title: str) -> str:
    return letters(re.sub("<script.*?</script>|<[^>]*>", "", unescape(unescape(title))))


def _comments(item: dict[str, Any]) -> dict[int, tuple[str, str]]:
    return {
        number: (one["comment_parent"], one["comment_date"])
        for number, one in item["comments"].items()
        if one["comment_approved"] == "1"
    }
