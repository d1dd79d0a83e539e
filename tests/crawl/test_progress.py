"""What a person sees on a terminal while a crawl runs."""

from __future__ import annotations

import os
import pty
import re
import sys
from pathlib import Path

from tests.crawl.scrapy_crawl import command, environment
from tests.newsroom import Newsroom


def on_a_terminal(line: list[str], folder: Path, env: dict[str, str]) -> tuple[int, str]:
    """Run a command line on a pseudo-terminal: its exit status, and what it wrote."""
    pid, terminal = pty.fork()
    if not pid:
        os.chdir(folder)
        os.execve(sys.executable, line, env)
    written = b""
    while True:
        try:
            written += os.read(terminal, 65_536)
        except OSError:  # the other end is closed
            break
    os.close(terminal)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    return status, re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", written.decode().replace("\r", ""))


def test_a_terminal_shows_a_table_and_the_summary_and_the_log_goes_to_a_file(tmp_path: Path) -> None:
    with Newsroom(posts=12) as room:
        room.order("rate-limited", "/wp/v2/posts", retry_after=3, times=1)
        env = environment(tmp_path, TERM="xterm", COLUMNS="140", LINES="30")
        status, seen = on_a_terminal(command("wp_posts", output="rows.csv", site=room.url), tmp_path, env)
    assert status == 0, seen
    assert re.search(r"0 rows +waits 3 s: the host asks for it", seen)
    assert "0 of 1 sites ended" in seen
    assert "INFO" not in seen
    end = seen[seen.index("wp_posts: 1 site: 1 complete") :].splitlines()
    assert end[1] == "rows: 12 in the whole answer; this run: 12 new, 0 edited, 0 deleted"
    assert end[3] == "files: rows.csv"
    log = tmp_path / end[-1].removeprefix("log: ")
    assert "Dumping Scrapy stats" in log.read_text(encoding="utf-8")
