from __future__ import annotations

import inspect

import pytest
from scrapy import exceptions
from twisted.internet import error

from newsbot.net.download_errors import DOWNLOAD_ERRORS, error_name, one_line
from newsbot.wordpress.messages import ERRORS

CONNECTING = [
    kind
    for _, kind in inspect.getmembers(error, inspect.isclass)
    if issubclass(kind, error.ConnectError | error.ConnectionClosed | OSError)
    and not issubclass(kind, error.ProcessDone)
]
"""What Twisted raises for a connection that does not come about, or is lost."""


@pytest.mark.parametrize("kind", CONNECTING, ids=lambda kind: kind.__name__)
def test_each_failure_of_a_connection_is_a_failure_of_the_download(kind: type[Exception]) -> None:
    assert issubclass(kind, DOWNLOAD_ERRORS)
    assert error_name(kind("it failed")) in ERRORS


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (error.ConnectError, "dropped"),
        (error.NoRouteError, "dropped"),
        (error.ConnectionRefusedError, "refused"),
        (error.TCPTimedOutError, "timeout"),
        (error.SSLError, "tls"),
        (exceptions.DownloadFailedError, "dropped"),
    ],
    ids=lambda value: value if isinstance(value, str) else value.__name__,
)
def test_a_failed_connection_has_its_name(kind: type[Exception], name: str) -> None:
    assert error_name(kind("it failed")) == name


def test_huge_error_is_read_only_up_to_the_shown_length() -> None:
    failure = "[<twisted.python.failure.Failure builtins.OSError: "
    assert one_line(OSError(f"{failure}it   failed>] {failure * 20_000}")).startswith("it failed [<twisted")
