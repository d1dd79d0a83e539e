"""The texts that the tests of docs/ read from the code: a new stat, log line or message is found however it is made."""

from __future__ import annotations

import ast
from pathlib import Path
from textwrap import dedent

import pytest

from tests.unit.code_texts import Code, has_words, normal
from tests.unit.code_tree import last_name

pytestmark = pytest.mark.xdist_group("code")  # one worker reads the code of the package, for all of them


def sample(folder: Path, source: str) -> Code:
    """A package of one module."""
    (folder / "sample").mkdir()
    (folder / "sample" / "module.py").write_text(dedent(source).lstrip(), encoding="utf-8")
    return Code(folder, "sample")


NOTE = """
class A:
    def note(self, what):
        tell(f"a/{what}")
"""

SAMPLES = {
    "plain": ("tell('plain')", ["plain"]),
    "values": ("tell(f'made of {value} and {len(values)}')", ["made of <value> and <n>"]),
    "constant": ("NAME = 'of the module'\ntell(NAME)", ["of the module"]),
    "choice": (
        """
        def f(x):
            what = 'one' if x else 'other'
            tell(f'it is {what}')
        """,
        ["it is one", "it is other"],
    ),
    "parameter": (
        """
        def f(what):
            tell(f'a/{what}')
        f('b')
        f(f'c/{d}')
        """,
        ["a/b", "a/c/<d>"],
    ),
    "loop": (
        """
        def f():
            for _, words in (('x', 'is full'), ('y', 'is gone')):
                tell(words)
        """,
        ["is full", "is gone"],
    ),
    "table": (
        """
        WORDS = {'x': 'is full', 'y': 'is gone'}
        def f(name):
            tell(WORDS[name])
            tell(next((words for key, words in WORDS.items() if key in name), 'is well'))
        """,
        ["is full", "is gone", "is full", "is gone", "is well"],
    ),
    "one of a set": (
        """
        NAMES = frozenset({'a', 'b'})
        def f(name):
            tell(name if name in NAMES else 'c')
        """,
        ["a", "b", "c"],
    ),
    "returned": (
        """
        def pair():
            return 'closed', 'it is closed'
        def f():
            _, why = pair()
            tell(why)
        """,
        ["it is closed"],
    ),
    "joined": (
        """
        def f():
            why = ['first of all']
            why.append(f'{n} are missing')
            tell('; '.join(why))
        """,
        ["<why>", "first of all", "<n> are missing"],
    ),
    "after another": (
        """
        def f(n):
            more = f', and {n} more' if n else ''
            tell(f'{n} came{more}')
        """,
        ["<n> came<more>", "and <n> more"],
    ),
    "attribute": (
        """
        class A:
            def end(self):
                self.why = f'{n} are lost'
        tell(f'end: {a.why}')
        """,
        ["end: <why>", "<n> are lost"],
    ),
    "method": (NOTE + "    def f(self):\n        self.note('b')\n", ["a/b"]),
    "method of another class": (NOTE + "class B:\n    def f(self):\n        self.note('b')\n", ["a/<what>"]),
    "method under another name": (
        NOTE + "    def f(self):\n        B(count=self.note)\nclass B:\n    def g(self):\n        self.count('d')\n",
        ["a/d"],
    ),
    "circle": ("def f(again):\n    return f(tell(again))\n", ["<again>"]),
}


@pytest.mark.parametrize(("source", "expected"), SAMPLES.values(), ids=SAMPLES)
def test_texts_are_found_in_every_form_of_construction(source: str, expected: list[str], tmp_path: Path) -> None:
    code = sample(tmp_path, source)
    assert [text for call in code.calls["tell"] for text in code.texts(call.args[0]).all()] == expected


def test_an_error_that_is_logged_alone_leads_to_its_messages(tmp_path: Path) -> None:
    source = """
    def f():
        try:
            raise Gone(f'{x} is gone')
        except (Gone, Lost) as error:
            log(error)
    """
    code = sample(tmp_path, source)
    (call,) = code.calls["log"]
    assert code.where(call) == "sample/module.py:5"
    assert code.caught(call.args[0]) == ["Gone", "Lost"]
    assert [text.template for raised in code.calls["Gone"] for text in code.told(raised.args[0])] == ["<x> is gone"]


def test_templates_are_compared_without_placeholder_names() -> None:
    assert normal("Feed <uri> is  <why>") == normal("Feed <name> is <what>") != normal("Feed <uri> was <why>")
    assert has_words("<n> rows")
    assert not has_words("<rows>: <n>, <more>")
    assert last_name(ast.parse("a.b.c", mode="eval").body) == "c"
