"""The folder ``.md``: a file of Markdown for each post, with front matter, and the pictures that were downloaded."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from newsbot.errors import BadArgument
from newsbot.export.markdown_files import (
    body,
    file_name,
    front_matter,
    site_folder,
    type_folder,
    year_folder,
)
from newsbot.export.reading import Reading, Written
from newsbot.items import Post
from newsbot.media.store import stored_files


class _Pictures:
    """The downloaded pictures. A picture that a post shows is copied into the folder once."""

    def __init__(self, folder: Path, media: Path) -> None:
        self._folder = folder
        self._media = media
        self._stored = stored_files(media)
        self.copied: set[str] = set()

    def local(self, url: str | None, page: Path) -> str | None:
        """The path of a picture, relative to the file ``page``; None if the picture was not downloaded."""
        path = self._stored.get(url or "")
        if path is None or (path not in self.copied and not self._copy(path)):
            return None
        return Path(os.path.relpath(self._folder / "images" / path, page.parent)).as_posix()

    def _copy(self, path: str) -> bool:
        source, target = self._media / path, self._folder / "images" / path
        if not source.is_file():
            return False
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
        self.copied.add(path)
        return True


def write_markdown(folder: Path, reading: Reading) -> Written:
    """Write ``SITE/TYPE/YEAR/DATE-SLUG-ID.md`` for each post, and the pictures to ``images/``."""
    if reading.selection.kind != "posts":
        raise BadArgument("a folder of Markdown holds posts; choose a type of posts")
    pictures = _Pictures(folder, Path(str(reading.settings["NEWSBOT_DATA"])).expanduser() / "media")
    sites: dict[str, str] = {}
    types: dict[str, dict[str, str]] = {}
    written = 0
    for post in reading.records():
        of_site = _free(site_folder(post.site), post.site, sites)
        of_type = _free(type_folder(post.type), post.type, types.setdefault(post.site, {}))
        place = folder / of_site / of_type / year_folder(post)
        place.mkdir(parents=True, exist_ok=True)
        page = place / file_name(post)
        page.write_text(_page(post, page, pictures), encoding="utf-8", newline="\n")
        written += 1
    copied = f"{len(pictures.copied)} pictures that were downloaded are in the folder images"
    return Written(rows=written, notes=(copied,) if pictures.copied else ())


def _free(name: str, key: str, folders: dict[str, str]) -> str:
    """The folder of a site or a type. Two sites or types may get the same folder's name. The second one then gets a
    number."""
    if key not in folders:
        taken, number, found = set(folders.values()), 1, name
        while found in taken:
            number += 1
            found = f"{name}-{number}"
        folders[key] = found
    return folders[key]


def _page(post: Post, page: Path, pictures: _Pictures) -> str:
    image = post.image.url if post.image is not None else None
    shown = front_matter(post, pictures.local(image, page) or image)
    text = body(post, lambda url: pictures.local(url, page))
    return f"{shown}\n{text}\n" if text else shown
