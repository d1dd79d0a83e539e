"""An archive that cannot be used, at the start or in the middle of a crawl: one line, and the next run delivers all
rows."""

from __future__ import annotations

import os
import resource
import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.crawl.scrapy_crawl import Run, command, crawl, environment
from tests.newsroom import Newsroom

POSTS = 320


def delivered(folder: Path) -> list[int]:
    return sorted(row["id"] for path in folder.glob("*.jsonl") for row in Run(0, "", folder).rows(path.name))


def lines_of(run: Run, word: str) -> list[str]:
    return [line for line in run.said.splitlines() if word in line]


def impatient(folder: Path) -> dict[str, str]:
    return {"NEWSBOT_ARCHIVE": f"sqlite:///{folder / 'newsbot.db'}?timeout=0.2"}


def as_a_user(line: list[str]) -> list[str]:
    """Root can write read-only files, unless this capability is dropped."""
    bounds = "-dac_override,-dac_read_search"
    return ["setpriv", "--bounding-set", bounds, *line] if os.geteuid() == 0 else line


def foreign(path: Path) -> None:
    path.write_bytes(b"no database, only words\n" * 500)


def torn(path: Path) -> None:
    with sqlite3.connect(path) as raw:
        raw.execute("PRAGMA journal_mode=WAL")
        raw.execute("CREATE TABLE alembic_version (version_num TEXT)")
    raw.close()
    path.write_bytes(path.read_bytes()[:4096] + b"\xff" * 4096)


def newer(path: Path) -> None:
    with sqlite3.connect(path) as raw:
        raw.execute("PRAGMA journal_mode=WAL")
        raw.execute("CREATE TABLE alembic_version (version_num TEXT)")
        raw.execute("INSERT INTO alembic_version VALUES ('9999')")
    raw.close()


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (foreign, "the file is not an SQLite database"),
        (torn, "is corrupt. Restore a copy"),
        (newer, "is newer (9999) than this newsbot"),
    ],
)
def test_unusable_archive_file_gives_one_line_and_no_request(
    spoil: Callable[[Path], None], said: str, tmp_path: Path
) -> None:
    spoil(tmp_path / "newsbot.db")
    before = (tmp_path / "newsbot.db").read_bytes()
    with Newsroom(posts=3) as room:
        run = crawl(tmp_path, "wp_posts", site=room.url)
        assert (run.status, run.said.count("\n"), len(room.requests)) == (1, 1, 0), run.said
    assert said in run.said
    assert (tmp_path / "newsbot.db").read_bytes() == before
    assert not (tmp_path / "out.jsonl").exists()


@pytest.mark.parametrize(
    ("url", "status", "said"),
    [
        ("mysql://localhost/news", 2, "sqlite or postgresql database, not mysql"),
        ("newsbot.db", 2, "not an SQLAlchemy URL"),
        ("postgresql+abacus://localhost/news", 2, "an unknown database driver"),
        ("sqlite:////proc/newsbot/newsbot.db", 1, "cannot be created"),
        ("postgresql://127.0.0.1:9/news", 1, "does not answer"),
    ],
)
def test_unusable_archive_url_gives_one_line_and_no_request(url: str, status: int, said: str, tmp_path: Path) -> None:
    run = crawl(tmp_path, "wp_posts", site="http://127.0.0.1:9", env={"NEWSBOT_ARCHIVE": url})
    assert (run.status, run.said.count("\n")) == (status, 1), run.said
    assert said in run.said
    assert not (tmp_path / "data").exists()


def test_read_only_archive_gives_one_line_and_the_next_run_delivers(tmp_path: Path) -> None:
    with Newsroom(posts=30) as room:
        crawl(tmp_path, "wp_posts", site=room.url, limit="5", output="0.jsonl")
        room.forget()
        for path in (tmp_path, tmp_path / "newsbot.db"):
            path.chmod(0o555)
        done = subprocess.run(
            as_a_user(command("wp_posts", site=room.url)),
            cwd=tmp_path,
            env=environment(tmp_path, NEWSBOT_DATA=""),
            capture_output=True,
            text=True,
            check=False,
        )
        for path in (tmp_path, tmp_path / "newsbot.db"):
            path.chmod(0o755)
        assert (done.returncode, done.stderr.count("\n"), len(room.requests)) == (1, 1, 0), done.stderr
        assert "cannot be" in done.stderr
        crawl(tmp_path, "wp_posts", site=room.url, output="1.jsonl")
        assert delivered(tmp_path) == sorted(room.ids("post"))


@pytest.mark.parametrize("lock", ["EXCLUSIVE", "IMMEDIATE"])
def test_archive_locked_at_the_start_gives_one_line_and_no_request(lock: str, tmp_path: Path) -> None:
    with Newsroom(posts=30) as room:
        crawl(tmp_path, "wp_posts", site=room.url, limit="5", output="0.jsonl")
        room.forget()
        holder = sqlite3.connect(tmp_path / "newsbot.db", isolation_level=None)
        holder.execute(f"BEGIN {lock}")
        run = crawl(tmp_path, "wp_posts", site=room.url, env=impatient(tmp_path))
        assert (run.status, run.said.count("\n"), len(room.requests)) == (1, 1, 0), run.said
        assert "is locked: another process" in run.said
        holder.close()
        crawl(tmp_path, "wp_posts", site=room.url, output="1.jsonl")
        assert delivered(tmp_path) == sorted(room.ids("post"))


def test_archive_that_cannot_be_written_causes_no_request_and_the_old_feed_stays(tmp_path: Path) -> None:
    with Newsroom(posts=30) as room:
        overwrite = ("-O", "out.jsonl")
        crawl(tmp_path, "wp_posts", *overwrite, output=None, site=room.url, limit="5")
        room.forget()
        with sqlite3.connect(tmp_path / "newsbot.db") as raw:
            raw.execute("CREATE TRIGGER full BEFORE INSERT ON runs BEGIN SELECT RAISE(ABORT, 'no more room'); END")
        run = crawl(tmp_path, "wp_posts", *overwrite, output=None, site=room.url)
        assert (run.status, run.receipt()["complete"], len(room.requests)) == (1, False, 0)
        assert "Traceback" not in run.said
        assert len(lines_of(run, "failed: no more room. The crawl ends before its first request")) == 1
        assert len(run.rows()) == 5
        raw.execute("DROP TRIGGER full")
        raw.close()
        crawl(tmp_path, "wp_posts", site=room.url, output="rest.jsonl")
        assert delivered(tmp_path) == sorted(room.ids("post"))


def test_archive_locked_during_the_crawl_stops_it_and_the_next_run_delivers_the_rest(tmp_path: Path) -> None:
    with Newsroom(posts=POSTS) as room:
        holder = sqlite3.connect(tmp_path / "newsbot.db", isolation_level=None, check_same_thread=False)

        def lock(_: object) -> None:
            if sum(request.route == "/wp/v2/posts" for request in room.requests) == 3 and not holder.in_transaction:
                holder.execute("BEGIN IMMEDIATE")

        room.on_request(lock)
        run = crawl(tmp_path, "wp_posts", site=room.url, output="0.jsonl", env=impatient(tmp_path))
        check_stopped(run, "is locked: another process")
        assert not (tmp_path / "0.jsonl").exists(), "its rows could not be kept"
        holder.close()
        room.site.hooks.clear()
        last = crawl(tmp_path, "wp_posts", site=room.url, output="1.jsonl")
        assert last.status == 0, last.said
        assert delivered(tmp_path) == sorted(room.ids("post"))


def test_full_disk_stops_the_crawl_and_the_next_run_delivers_the_rest(tmp_path: Path) -> None:
    with Newsroom(posts=POSTS) as room:
        done = subprocess.run(
            command("wp_posts", site=room.url, output="0.jsonl"),
            cwd=tmp_path,
            env=environment(tmp_path),
            capture_output=True,
            text=True,
            check=False,
            # No file may grow beyond this size. The failure is that of a full disk, except for the error number.
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000)),
        )
        check_stopped(Run(done.returncode, done.stderr, tmp_path), "cannot be read or written: disk I/O error")
        last = crawl(tmp_path, "wp_posts", site=room.url, output="1.jsonl")
        assert last.status == 0, last.said
        assert delivered(tmp_path) == sorted(room.ids("post"))


def test_corrupt_archive_stops_the_crawl_and_a_crawl_with_its_copy_continues(tmp_path: Path) -> None:
    with Newsroom(posts=POSTS) as room:
        crawl(tmp_path, "wp_posts", site=room.url, limit="150", output="0.jsonl")
        good, copy = tmp_path / "newsbot.db", tmp_path / "copy.db"
        shutil.copy(good, copy)
        with sqlite3.connect(good) as raw:
            page = raw.execute("SELECT rootpage FROM sqlite_master WHERE name = 'rows'").fetchone()[0]
            size = raw.execute("PRAGMA page_size").fetchone()[0]
        raw.close()
        with good.open("r+b") as file:
            file.seek((page - 1) * size)
            file.write(b"\xff" * size)
        run = crawl(tmp_path, "wp_posts", site=room.url, output="1.jsonl")
        assert run.status == 1
        assert "is corrupt. Restore a copy" in run.said
        assert "Traceback" not in run.said
        copy.replace(good)
        for rest in tmp_path.glob("newsbot.db-*"):
            rest.unlink()
        last = crawl(tmp_path, "wp_posts", site=room.url, output="2.jsonl")
        assert last.status == 0, last.said
        assert delivered(tmp_path) == sorted(room.ids("post"))


def check_stopped(run: Run, why: str) -> None:
    """One ERROR line says why the crawl stops. The receipt and the exit status say that the crawl is not complete."""
    assert run.status == 1
    assert "Traceback" not in run.said
    assert len(lines_of(run, ". The crawl stops; the next crawl continues")) == 1, run.said
    assert why in lines_of(run, ". The crawl stops; the next crawl continues")[0]
    receipt = run.receipt()
    assert (receipt["complete"], receipt["reason"]) == (False, "archive")
