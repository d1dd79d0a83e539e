"""The fake site: archive, REST API, pages, orders and log, with one lock and without a network."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from tests.newsroom import body_faults, connection_faults, listing_faults, refusal_faults
from tests.newsroom.answer import Answer, Question
from tests.newsroom.archive import Archive
from tests.newsroom.faults import Order, place
from tests.newsroom.log import Request
from tests.newsroom.options import Options
from tests.newsroom.pages import Pages
from tests.newsroom.places import Places
from tests.newsroom.records import Post
from tests.newsroom.rest import Rest

MODULES_OF_FAULTS = (refusal_faults, listing_faults, body_faults, connection_faults)
"""The import of these modules registers their faults."""

LOG_KEPT = 200_000
Hook = Callable[[Request], None]


class FakeSite:
    """The server's thread calls ``respond``; any thread calls the other methods. Every public method takes the lock."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.archive = Archive(options)
        self.orders: list[Order] = []
        self.log: deque[Request] = deque(maxlen=LOG_KEPT)
        self.hooks: list[Hook] = []
        self.lock = threading.RLock()
        self.memory: dict[str, Answer] = {}
        self.open(0)

    def open(self, port: int) -> None:
        """Called once the port is known. Every URL contains the port."""
        self.port = port
        self.places = Places(self.options, port)
        self.rest = Rest(self.archive, self.places)
        self.pages = Pages(self.archive, self.places, self.rest.shape)

    @property
    def url(self) -> str:
        return self.places.home + "/"

    def respond(self, question: Question) -> tuple[Answer, tuple[str, ...]]:
        """The answer, and the names of the faults that applied to it."""
        with self.lock:
            return place(self, question)

    def ask(self, question: Question) -> Answer:
        """The answer without any fault."""
        if len(question.raw) > self.options.request_line:
            body = b"<html>\r\n<head><title>414 Request-URI Too Large</title></head>\r\n<body></body></html>\r\n"
            return Answer(status=414, body=body, headers={"Content-Type": "text/html"})
        if question.method == "OPTIONS" and self.options.plain and question.path == "/":
            # nginx serves this as the index of a folder, and does not support OPTIONS there.
            return Answer(
                status=405, body=b"<html><h1>405 Not Allowed</h1></html>", headers={"Content-Type": "text/html"}
            )
        if question.route is None:
            return self.pages.answer(question)
        answer = self.rest.answer(question)
        answer.headers.setdefault("Content-Type", "application/json; charset=UTF-8")
        return answer

    def note(self, request: Request, question: Question) -> None:
        with self.lock:
            self.log.append(request)
        for hook in tuple(self.hooks):
            hook(request)

    def order(
        self, fault: str, match: str = "", *, param: dict[str, str] | None = None, times: int | None = None, **how: Any
    ) -> Order:
        with self.lock:
            made = Order(fault=fault, match=match, param=param or {}, left=times, how=how)
            made.check()
            self.orders.append(made)
            return made

    def relent(self, fault: str | None = None) -> None:
        """Cancel the orders of one fault, or all orders."""
        with self.lock:
            self.orders = [order for order in self.orders if fault is not None and order.fault != fault]

    def insert(self, *, date: str, **fields: Any) -> int:
        with self.lock:
            return self.archive.insert(date=date, **_tuples(fields)).id

    def edit(self, post_id: int, **fields: Any) -> None:
        with self.lock:
            self.archive.edit(post_id, **_tuples(fields))

    def set_status(self, post_id: int, status: str) -> None:
        """Publish, unpublish or trash, as an editor does. Late publishing changes neither ``date`` nor ``modified``."""
        with self.lock:
            row = self.archive.row(post_id)
            if row is None:
                raise KeyError(post_id)
            self.archive.edit(post_id, status=status, modified=row.modified)

    def delete(self, post_id: int) -> None:
        with self.lock:
            self.archive.delete(post_id)

    def ids(self, kind: str = "post") -> list[int]:
        """The ids of published rows, by date. Of media, the ids that visitors may read."""
        with self.lock:
            return self.archive.find(kind, self.archive.readable)

    def row(self, post_id: int) -> Post | None:
        with self.lock:
            return self.archive.row(post_id)

    def control(self, name: str, arguments: dict[str, Any]) -> Any:
        """Execute an order from the network, by the name of a method."""
        if name == "requests":
            with self.lock:
                return [request.as_dict() for request in self.log]
        if name == "forget":
            self.log.clear()
            return None
        if name == "row":
            row = self.row(arguments["post_id"])
            return None if row is None else asdict(row)
        if name == "order":
            return self.order(**arguments).fault
        callable_names = {"relent", "insert", "edit", "set_status", "delete", "ids"}
        if name not in callable_names:
            raise LookupError(f"no such method: {name!r}")
        return getattr(self, name)(**arguments)


def _tuples(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in fields.items()}
