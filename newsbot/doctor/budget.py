"""The most requests that the examination of one site may make. Redirects, second tries and robots.txt count too."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass

from scrapy import Request

from newsbot.net.refusals import CrawlStopping

MOST_REQUESTS = 12


class BudgetSpent(CrawlStopping):
    """The examination of this site may make no further request."""


@dataclass(slots=True)
class Budget:
    """``used`` requests of ``most``. ``spent``: a request was refused."""

    most: int = MOST_REQUESTS
    used: int = 0
    spent: bool = False

    def take(self) -> None:
        """Count one request. Raises BudgetSpent if no request is left."""
        if self.used >= self.most:
            self.spent = True
            raise BudgetSpent(f"the {self.most} requests of this examination are used")
        self.used += 1


current: ContextVar[Budget | None] = ContextVar("doctor_budget", default=None)
"""The budget of the site that the running task examines. The task that fetches robots.txt inherits this budget."""


class BudgetMiddleware:
    """Refuses a request if the budget of its site is spent."""

    def process_request(self, request: Request) -> None:  # noqa: ARG002
        budget = current.get()
        if budget is not None:
            budget.take()
