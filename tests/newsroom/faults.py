"""Orders for faults: when and how often a fault applies, and the registry of all faults.

A fault is a function of a Scene with keyword-only parameters. It returns whether it applied. The stages, in order:
``ask`` may change the question or answer it; ``rows`` changes the members of a list, its totals and headers; ``body``
changes the bytes; ``wire`` changes how the bytes are sent.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.newsroom.answer import Answer, Question

if TYPE_CHECKING:
    from tests.newsroom.site import FakeSite

STAGES = ("ask", "rows", "body", "wire")
Play = Callable[..., bool]


@dataclass(slots=True, kw_only=True)
class Scene:
    """``count`` is how often the order was considered before. Random choices depend on it."""

    site: FakeSite
    question: Question
    answer: Answer | None = None
    count: int = 0

    @property
    def made(self) -> Answer:
        assert self.answer is not None
        return self.answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    name: str
    stage: str
    play: Play

    @property
    def parameters(self) -> dict[str, Any]:
        """The parameters that an order may set, with their defaults."""
        signature = inspect.signature(self.play)
        return {name: p.default for name, p in signature.parameters.items() if p.kind is p.KEYWORD_ONLY}


FAULTS: dict[str, Fault] = {}


def fault(name: str, stage: str) -> Callable[[Play], Play]:
    def register(play: Play) -> Play:
        FAULTS[name] = Fault(name=name, stage=stage, play=play)
        return play

    return register


@dataclass(slots=True, kw_only=True)
class Order:
    """``match`` "" means every REST route, "*" everything with robots.txt, other text a part of the URL or route."""

    fault: str
    match: str = ""
    param: dict[str, str] = field(default_factory=dict)
    left: int | None = None
    how: dict[str, Any] = field(default_factory=dict)
    looked: int = 0

    def check(self) -> None:
        known = FAULTS.get(self.fault)
        if known is None:
            raise LookupError(f"no fault is called {self.fault!r}; there are {', '.join(sorted(FAULTS))}")
        wrong = set(self.how) - set(known.parameters)
        if wrong:
            takes = ", ".join(known.parameters) or "nothing"
            raise TypeError(f"{self.fault} does not take {', '.join(sorted(wrong))}, only {takes}")
        needed = [n for n, default in known.parameters.items() if default is inspect.Parameter.empty]
        if missing := [name for name in needed if name not in self.how]:
            raise TypeError(f"{self.fault} needs {', '.join(missing)}")

    def matches(self, question: Question) -> bool:
        if self.left is not None and self.left <= 0:
            return False
        if any(question.first(name) != value for name, value in self.param.items()):
            return False
        if not self.match:
            return question.route is not None
        return self.match == "*" or self.match in question.raw or self.match in (question.route or "")


def place(site: FakeSite, question: Question) -> tuple[Answer, tuple[str, ...]]:
    """The answer with every fault ordered for it, and the names of the faults that applied."""
    scene, took = Scene(site=site, question=question), []
    orders = [order for order in site.orders if order.matches(question)]
    for stage in STAGES:
        for order in orders:
            known = FAULTS[order.fault]
            if known.stage != stage or (stage == "ask" and scene.answer is not None):
                continue
            scene.count, order.looked = order.looked, order.looked + 1
            if known.play(scene, **order.how):
                took.append(order.fault)
                order.left = None if order.left is None else order.left - 1
        if stage == "ask" and scene.answer is None:
            scene.answer = site.ask(question)
        if stage == "rows":
            scene.made.seal()
    return scene.made, tuple(took)


def menu() -> str:
    """Every fault with its parameters and its effect, in one or two lines."""
    lines = []
    for name, one in sorted(FAULTS.items()):
        empty = inspect.Parameter.empty
        takes = ", ".join(key if value is empty else f"{key}={value!r}" for key, value in one.parameters.items())
        lines.append(f"{name}({takes})\n    {inspect.getdoc(one.play)}")
    return "\n".join(lines)
