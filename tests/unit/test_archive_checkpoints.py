"""Checkpoints of the archive: committed rows, missing rows, and the cursor of a walk."""

from __future__ import annotations

import pytest

from newsbot.archive import MissingRows
from newsbot.wordpress.questions import AskKnown
from tests.unit.reopened_archive import SITE, Open, checkpoint, post
from tests.unit.reopened_archive import clock as clock
from tests.unit.reopened_archive import empty_archive as empty_archive
from tests.unit.reopened_archive import reopen as reopen


def test_next_run_finds_committed_rows_and_the_cursor(reopen: Open) -> None:
    first = reopen()
    assert [first.add(post(n)) for n in (1, 2)] == [True, True]
    first.commit(checkpoint(2, cursor={"date": "2026-01-01T00:00:02"}))
    state = reopen("run-2").state(SITE, "post")
    assert (state.cursor, state.sequence, state.live, state.whole) == ({"date": "2026-01-01T00:00:02"}, 2, 2, False)
    assert state.asked_at == "2026-11-23T10:00:00Z"


def test_rows_without_a_checkpoint_are_not_stored_after_a_kill(reopen: Open) -> None:
    reopen().add(post(1))
    assert reopen("run-2").live.ids(AskKnown(site=SITE, type="post")) == {}


def test_flush_stores_rows_and_does_not_move_the_cursor(reopen: Open) -> None:
    first = reopen()
    first.add(post(1))
    first.flush()
    second = reopen("run-2")
    assert second.state(SITE, "post").cursor is None
    again = post(1)
    assert second.add(again) is False
    assert (again.change, again.revision) == ("unchanged", 1)


def test_checkpoint_with_missing_rows_stores_the_rows_and_not_the_cursor(reopen: Open) -> None:
    archive = reopen()
    archive.add(post(1))
    archive.commit(checkpoint(1, cursor={"date": "one"}))
    archive.add(post(2))
    with pytest.raises(MissingRows, match=r"sent 3 rows and the archive received 2"):
        archive.commit(checkpoint(3, cursor={"date": "two"}))
    archive.add(post(4))
    with pytest.raises(MissingRows):
        archive.commit(checkpoint(4, cursor={"date": "three"}))
    with pytest.raises(MissingRows):
        archive.commit(checkpoint(4, cursor={"whole": True, "watermark": "2026-11-23T10:00:00Z"}, done=True))
    state = reopen("run-2").state(SITE, "post")
    assert (state.cursor, state.live, state.whole, state.watermark) == ({"date": "one"}, 3, False, None)


def test_late_row_does_not_replace_a_missing_row(reopen: Open) -> None:
    archive = reopen()
    archive.add(post(1))
    with pytest.raises(MissingRows):
        archive.commit(checkpoint(2))
    archive.add(post(3))
    with pytest.raises(MissingRows):
        archive.commit(checkpoint(2, cursor={"date": "two"}))
    assert archive.state(SITE, "post").cursor is None


def test_counted_drop_is_no_missing_row(reopen: Open) -> None:
    archive = reopen()
    archive.add(post(1))
    archive.count_dropped(post(9))
    archive.commit(checkpoint(2))
    assert archive.state(SITE, "post").sequence == 2


def test_walk_continues_from_the_stored_sequence_or_starts_again(reopen: Open) -> None:
    first = reopen()
    first.state(SITE, "post")
    first.add(post(1))
    first.commit(checkpoint(1))
    second = reopen("run-2")
    assert second.state(SITE, "post").sequence == 1
    second.add(post(2))
    second.commit(checkpoint(2))
    third = reopen("run-3")
    third.state(SITE, "post")
    third.add(post(1))
    third.commit(checkpoint(1))
    assert third.incomplete == set()


def test_last_checkpoint_stores_the_facts_of_the_collection(reopen: Open) -> None:
    archive = reopen()
    archive.add(post(1))
    archive.commit(checkpoint(1))
    facts = {"whole": True, "watermark": "2026-11-23T10:00:00Z", "hidden": 4, "swept": "2026-11-23T10:00:00Z"}
    archive.commit(checkpoint(1, cursor=facts, done=True))
    state = archive.state(SITE, "post")
    assert (state.cursor, state.sequence, state.whole) == (None, 0, True)
    assert (state.watermark, state.hidden, state.swept) == (facts["watermark"], 4, facts["swept"])


def test_limited_run_does_not_change_an_unfinished_walk(reopen: Open) -> None:
    archive = reopen()
    archive.add(post(1))
    archive.commit(checkpoint(1))
    limited = reopen("run-2")
    limited.state(SITE, "post")
    limited.add(post(9))
    limited.commit(checkpoint(1, cursor=None, done=True))
    state = limited.state(SITE, "post")
    assert (state.cursor, state.sequence, state.whole) == ({"date": "x"}, 1, False)


def test_walk_that_is_not_whole_begins_again(reopen: Open) -> None:
    archive = reopen()
    archive.add(post(1))
    archive.commit(checkpoint(1))
    archive.commit(checkpoint(1, cursor={"whole": False}, done=True))
    state = archive.state(SITE, "post")
    assert (state.cursor, state.sequence, state.whole) == (None, 0, False)


def test_whole_collection_keeps_its_owed_rows(reopen: Open) -> None:
    archive = reopen()
    archive.add(post(1))
    archive.commit(checkpoint(1, cursor={"whole": True, "owed": [7, 8]}, done=True))
    state = archive.state(SITE, "post")
    assert (state.owed, state.cursor, state.whole) == ((7, 8), None, True)
