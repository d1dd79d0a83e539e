"""The output on a terminal while a crawl runs."""

from __future__ import annotations

import os
import pty
import re
import sys
from pathlib import Path

from tests.crawl.scrapy_crawl import command, environment
from tests.fork_server import run
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


def as_users_type(spider: str, *, output: str | None, **arguments: str) -> list[str]:
    """The command line without an option of the log."""
    line = command(spider, output=output, **arguments)
    place = line.index("LOG_LEVEL=INFO")
    return line[: place - 1] + line[place + 1 :]


def test_terminal_shows_table_and_summary_and_the_log_goes_to_a_file(tmp_path: Path) -> None:
    with Newsroom(posts=12) as room:
        room.order("rate-limited", "/wp/v2/posts", retry_after=3, times=1)
        env = environment(tmp_path, TERM="xterm", COLUMNS="140", LINES="30")
        status, seen = on_a_terminal(as_users_type("wp_posts", output="rows.csv", site=room.url), tmp_path, env)
        # The output without a terminal, for example for a timer or make.
        quiet = run(as_users_type("wp_posts", output=None, site=room.url, full="1"), cwd=tmp_path, env=env,
                    capture_output=True, text=True)  # fmt: skip
    assert status == 0, seen
    # A busy machine may draw the table first when a part of the wait is over.
    assert re.search(r"0 rows +waits [1-3] s: the host asks for it", seen)
    assert "0 of 1 site ended" in seen
    assert "INFO" not in seen
    end = seen[seen.index("wp_posts: 1 site: 1 complete") :].splitlines()
    assert end[1] == "rows: 12 in the whole answer; this run: 12 new, 0 edited, 0 deleted"
    assert end[3] == "files: rows.csv"
    log = tmp_path / end[-1].removeprefix("log: ")
    assert "Dumping Scrapy stats" in log.read_text(encoding="utf-8")

    assert (quiet.returncode, quiet.stderr) == (0, ""), quiet.stderr
    lines = quiet.stdout.splitlines()
    assert [line.partition(":")[0] for line in lines[2:]] == ["wp_posts", "rows", "requests", "files", "receipt", "log"]
    assert lines[3] == "rows: 12 in the whole answer; this run: 0 new, 0 edited, 0 deleted, 12 delivered again"
    receipt, log = (tmp_path / line.partition(": ")[2] for line in lines[-2:])
    assert receipt.stem == log.stem
    # The whole log: what Scrapy says, and the receipt.
    assert all(words in log.read_text(encoding="utf-8") for words in ("Overridden settings", "The receipt:", lines[2]))
