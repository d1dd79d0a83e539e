"""Which run may write the rows of a site, while other runs live, stop their heartbeat, or die."""

from __future__ import annotations

import pytest

from newsbot.archive.schema import leases
from newsbot.errors import ArchiveAway
from tests.unit.reopened_archive import SITE, Clock, Open, checkpoint, post
from tests.unit.reopened_archive import clock as clock
from tests.unit.reopened_archive import empty_archive as empty_archive
from tests.unit.reopened_archive import reopen as reopen


def test_refused_lease_names_the_run_that_holds_it(reopen: Open) -> None:
    one, two = reopen("run-1", alive=lambda _: True), reopen("run-2", alive=lambda _: True)
    assert one.leases.take(SITE) is None
    assert two.leases.take(SITE) == "run-1"
    one.leases.release_all()
    assert two.leases.take(SITE) is None


def test_kinds_of_a_site_do_not_exclude_each_other(reopen: Open) -> None:
    one, two = reopen("run-1", alive=lambda _: True), reopen("run-2", alive=lambda _: True)
    assert one.leases.take(SITE) is None
    assert two.leases.take(SITE, "comments") is None
    assert two.leases.take_all([SITE], ["terms", "posts"]) == "run-1"
    assert one.leases.take_all([SITE], ["terms", "users"]) is None, "whoever gets not all leases keeps none"
    assert one.rename_site(SITE, f"{SITE}/new") == "run-2", "a site of which another run crawls a part is not renamed"
    assert one.leases.take(SITE) is None


def test_lease_of_an_older_version_is_for_the_whole_site(reopen: Open, clock: Clock) -> None:
    old, new = reopen("run-1", alive=lambda _: True), reopen("run-2", alive=lambda _: None)
    lease = {"site": SITE, "run": "run-1", "holder": "h", "heartbeat": clock().isoformat()}
    with old.database.writing() as connection:
        connection.execute(leases.insert().values(lease))
    assert new.leases.take(SITE, "comments") == "run-1"
    clock.pass_(minutes=2)
    assert new.leases.take(SITE, "comments") is None


@pytest.mark.parametrize(("alive", "minutes", "taken"), [(False, 0, True), (True, 2, True), (None, 0, False)])
def test_lease_of_a_dead_or_silent_run_can_be_taken(
    reopen: Open, clock: Clock, alive: bool | None, minutes: float, taken: bool
) -> None:
    reopen("run-1").leases.take(SITE)
    clock.pass_(minutes=minutes)
    assert (reopen("run-2", alive=lambda _: alive).leases.take(SITE) is None) is taken


def test_heartbeat_keeps_a_lease(reopen: Open, clock: Clock) -> None:
    one, two = reopen("run-1"), reopen("run-2", alive=lambda _: None)
    one.leases.take(SITE)
    for _ in range(10):
        clock.pass_(seconds=10)
        one.leases.beat()
    assert two.leases.take(SITE) == "run-1"


def test_heartbeat_keeps_the_rows_of_a_run(reopen: Open, clock: Clock) -> None:
    one, two = reopen("run-1"), reopen("run-2", alive=lambda _: None)
    one.runs.start("wp_posts")
    one.outbox.enter()
    one.add(post(1))
    one.flush()
    for _ in range(12):
        clock.pass_(seconds=10)
        one.leases.beat()
    assert list(two.outbox.recover(SITE, "posts")) == []
    one.add(post(2))
    one.flush()


def test_release_keeps_the_lease_of_the_run_that_took_over(reopen: Open, clock: Clock) -> None:
    one, two, three = (reopen(f"run-{n}", alive=lambda _: None) for n in (1, 2, 3))
    one.leases.take(SITE)
    clock.pass_(minutes=5)
    assert two.leases.take(SITE) is None
    one.leases.release_all()
    assert three.leases.take(SITE) == "run-2"


def test_run_that_lost_its_lease_cannot_write(reopen: Open, clock: Clock) -> None:
    one, two = reopen("run-1"), reopen("run-2")
    one.leases.take(SITE)
    clock.pass_(minutes=5)
    assert two.leases.take(SITE) is None
    one.add(post(1))
    with pytest.raises(ArchiveAway, match="took over"):
        one.commit(checkpoint(1))
    assert two.state(SITE, "post").live == 0
