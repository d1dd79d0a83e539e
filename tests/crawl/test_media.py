"""``media=download``: each file is downloaded once, whole and politely, and no row is lost because of a failed file."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections import Counter
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from tests.crawl.scrapy_crawl import command, crawl, start
from tests.fork_server import Running
from tests.newsroom import Newsroom
from tests.newsroom.uploads import FOLDER, body_of


def manifest(folder: Path) -> dict[str, dict[str, Any]]:
    """URL -> its last line."""
    path = folder / "data" / "media" / "manifest.jsonl"
    return {line["url"]: line for line in map(json.loads, path.read_text().splitlines())}


def asked(room: Newsroom) -> Counter[str]:
    """The names of the files that were requested."""
    paths = (request.url.split("?")[0] for request in room.requests)
    return Counter(path.rpartition("/")[2] for path in paths if FOLDER in path)


def shown(rows: list[dict[str, Any]]) -> set[str]:
    """Every URL of an image in the rows."""
    found = set()
    for row in rows:
        found |= {image["url"] for image in row["images"]}
        found |= {row["image"]["url"]} if row["image"] and row["image"]["url"] else set()
    return found


def page_of(room: Newsroom, *names: str) -> str:
    """An article that shows these files."""
    return "<p>The quay.</p>" + "".join(f'<p><img src="{room.url.rstrip("/")}{FOLDER}{name}"></p>' for name in names)


def files(folder: Path) -> dict[str, bytes]:
    media = folder / "data" / "media"
    return {str(path.relative_to(media)): path.read_bytes() for path in media.glob("??/*")}


def test_each_file_is_downloaded_once_and_stored_under_its_hash(tmp_path: Path) -> None:
    with Newsroom(posts=40) as room:
        run = crawl(tmp_path, "wp_posts", site=room.url, media="download")
        files_of_manifest, once = manifest(tmp_path), asked(room)
        room.forget()
        again = crawl(tmp_path, "wp_posts", site=room.url, media="download", full="1", output="again.jsonl")
        twice = asked(room)
    assert run.status == again.status == 0, run.said + again.said
    assert len(run.rows()) == len(again.rows("again.jsonl")) == 40
    assert set(files_of_manifest) == shown(run.rows()) != set()
    assert (max(once.values()), twice) == (1, Counter())
    kept = files(tmp_path)
    for url, line in files_of_manifest.items():
        body = body_of(url.rpartition("/")[2])
        assert kept[line["path"]] == body
        assert (line["sha256"], line["bytes"]) == (sha256(body).hexdigest(), len(body))
        assert (line["site"], line["type"]) == (room.url.rstrip("/"), "post")
    assert len(kept) == len(files_of_manifest)
    assert f"'newsbot/media/kept': {len(kept)}" in run.said
    assert f"'newsbot/media/requests': {len(kept)}" in run.said


def test_wp_media_downloads_the_files_of_the_library(tmp_path: Path) -> None:
    with Newsroom(posts=12) as room:
        run = crawl(tmp_path, "wp_media", site=room.url, media="download")
    assert run.status == 0, run.said
    assert set(manifest(tmp_path)) == {row["file_url"] for row in run.rows()} != set()
    assert {line["type"] for line in manifest(tmp_path).values()} == {"attachment"}


def test_refused_files_are_reported_and_cost_no_row(tmp_path: Path) -> None:
    names = ("good.jpg", "liar-a.jpg", "evil.svg", "evil.php", "huge-a.png", "missing-a.jpg", "minutes.pdf")
    with Newsroom(posts=6) as room:
        (victim, *_) = room.ids("post")
        room.edit(victim, body=page_of(room, *names))
        run = crawl(tmp_path, "wp_posts", site=room.url, media="download", env={"NEWSBOT_MEDIA_MAX": "100000"})
        assert all(asked(room)[name] == 1 for name in names)
    files_of_manifest = {url.rpartition("/")[2]: line for url, line in manifest(tmp_path).items()}
    assert run.status == 0, run.said
    assert victim in {row["id"] for row in run.rows()}
    assert {name: files_of_manifest[name].get("error") for name in names} == {
        "good.jpg": None,
        "minutes.pdf": None,
        "liar-a.jpg": "kind",
        "evil.svg": "kind",
        "evil.php": "kind",
        "huge-a.png": "too-large",
        "missing-a.jpg": "status-404",
    }
    assert {Path(name).suffix for name in files(tmp_path)} == {".jpg", ".pdf"}
    assert "5 files are not kept (3 kind, 1 too-large, 1 status-404)" in run.said
    assert "Traceback" not in run.said


def test_file_that_failed_with_a_server_error_is_requested_again_by_the_next_run(tmp_path: Path) -> None:
    with Newsroom(posts=6) as room:
        (victim, *_) = room.ids("post")
        room.edit(victim, body=page_of(room, "one.jpg"))
        room.order("status", f"{FOLDER}one.jpg", status=500)
        run = crawl(tmp_path, "wp_posts", site=room.url, media="download")
        tried = asked(room)
        files_of_manifest = {url.rpartition("/")[2]: line for url, line in manifest(tmp_path).items()}
        room.relent()
        # The rows have not changed: only the owed files are downloaded.
        again = crawl(tmp_path, "wp_posts", site=room.url, media="download", output="again.jsonl")
    assert (run.status, again.status) == (0, 0), run.said
    assert (tried["one.jpg"], files_of_manifest["one.jpg"]["error"], files_of_manifest["one.jpg"]["tries"]) == (
        2,
        "status-500",
        1,
    )
    assert all("sha256" in line for line in manifest(tmp_path).values())
    assert len(run.rows()) == 6


def test_robots_txt_and_private_addresses_are_checked_for_files_at_every_redirect(tmp_path: Path) -> None:
    robots = f"User-agent: *\nDisallow: {FOLDER}secret-\n"
    with Newsroom(posts=6, robots=robots) as room:
        (victim, *_) = room.ids("post")
        stranger = f"http://localhost:{room.url.rsplit(':', 1)[1].rstrip('/')}{FOLDER}stranger.jpg"
        body = page_of(room, "secret-a.jpg", "moved.jpg", "away.jpg") + f'<p><img src="{stranger}"></p>'
        room.edit(victim, body=body)
        room.order("redirect", f"{FOLDER}moved.jpg", to=f"{FOLDER}here.jpg")
        room.order("redirect", f"{FOLDER}away.jpg", to=stranger)
        env = {"NEWSBOT_ALLOW_PRIVATE": "127.0.0.1"}
        run = crawl(tmp_path, "wp_posts", site=room.url, media="download", env=env)
        names = asked(room)
    files_of_manifest = {url.rpartition("/")[2]: line for url, line in manifest(tmp_path).items()}
    assert run.status == 0, run.said
    assert files_of_manifest["moved.jpg"]["sha256"] == sha256(body_of("here.jpg")).hexdigest()
    assert files_of_manifest["secret-a.jpg"]["error"] == "robots"
    assert files_of_manifest["away.jpg"]["error"] == files_of_manifest["stranger.jpg"]["error"] == "private-address"
    assert (names["secret-a.jpg"], names["stranger.jpg"], names["away.jpg"]) == (0, 0, 1)


def wait_for(room: Newsroom, process: Running, count: int) -> None:
    while sum(asked(room).values()) < count and process.poll() is None:
        time.sleep(0.02)


@pytest.mark.parametrize("name", ["SIGTERM", "SIGKILL"])
def test_next_run_completes_the_downloads_of_an_interrupted_run(name: str, tmp_path: Path) -> None:
    with Newsroom(posts=60, latency=0.02) as room:
        line = command("wp_posts", site=room.url, media="download", output="first.jsonl")
        with start(line, tmp_path, stderr=subprocess.PIPE) as process:
            wait_for(room, process, 5)
            process.send_signal(getattr(signal, name))
            process.communicate()
        kept = {url.rpartition("/")[2] for url, line in manifest(tmp_path).items() if "sha256" in line}
        last = crawl(tmp_path, "wp_posts", site=room.url, media="download", output="last.jsonl")
        times, live = asked(room), room.ids("post")
    assert last.status == 0, last.said
    rows = [row for path in tmp_path.glob("*.jsonl") for row in last.rows(path.name)]
    assert sorted(row["id"] for row in rows) == sorted(live)
    files_of_manifest = manifest(tmp_path)
    assert set(files_of_manifest) == shown(rows)
    assert all("sha256" in one for one in files_of_manifest.values())
    # Only files that were being downloaded or written at the time of the signal may be requested twice.
    assert all(times[name] == 1 for name in kept)
    assert max(times.values()) <= 2


def test_unwritable_file_costs_no_row(tmp_path: Path) -> None:
    with Newsroom(posts=6, oddities=False) as room:
        (victim, *_) = room.ids("post")
        room.edit(victim, body=page_of(room, "one.jpg"))
        digest = sha256(body_of("one.jpg")).hexdigest()
        (tmp_path / "data" / "media").mkdir(parents=True)
        (tmp_path / "data" / "media" / digest[:2]).write_text("in the way")
        run = crawl(tmp_path, "wp_posts", site=room.url, media="download")
    assert run.status == 0
    assert victim in {row["id"] for row in run.rows()}
    (line,) = [line for url, line in manifest(tmp_path).items() if url.endswith("one.jpg")]
    assert (line["error"], line["final"]) == ("disk", False)
    assert "the file cannot be written" in run.said


def test_unknown_value_of_media_is_refused(tmp_path: Path) -> None:
    run = crawl(tmp_path, "wp_posts", output=None, site="x.example", media="yes")
    assert (run.status, run.said) == (2, "scrapy crawl: media= takes download or none, not 'yes'\n")
    run = crawl(tmp_path, "wp_users", output=None, site="x.example", media="download")
    said = "scrapy crawl: unknown argument media=: The arguments are site, sites, limit"
    assert (run.status, run.said.startswith(said)) == (2, True)
