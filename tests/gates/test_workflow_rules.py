"""The check of replayed code finds what it is there for, and the project's own code passes it."""

import textwrap

import pytest

from tools.workflow_rules import REPLAYED, ROOT, main, read, replayed_files


def rules(source: str) -> list[str]:
    return [offence.rule for offence in read(textwrap.dedent(source), "snippet.py")]


@pytest.mark.parametrize(
    "source",
    [
        "for x in {1, 2}: pass",
        "for x in {y for y in z}: pass",
        "for x in set(z): pass",
        "for x in frozenset(z): pass",
        "a = [x for x in {1, 2}]",
        "a = {x: 1 for x in {1, 2}}",
        "a = list({1, 2})",
        "a = tuple(set(z))",
        "f(*{1, 2})",
        "a, b = {1, 2}",
        "a = ', '.join({'x', 'y'})",
        "ready = set()\nfor x in ready: pass",
        "ready: set[int] = make()\nfor x in ready: pass",
        "def f(ready: set[int]):\n    for x in ready: pass",
        "def f(ready: 'frozenset[int] | None'):\n    return [x for x in ready]",
        "def f(a: set[int], b: list[int]):\n    for x in a - set(b): pass",
        "def f(a: dict[int, int], b: dict[int, int]):\n    for x in a.keys() & b.keys(): pass",
        "def f(a: set[int], b: set[int]):\n    return list(a.union(b))",
        "def f(a: set[int]):\n    return a.pop()",
        "def f(a: set[int]):\n    yield from a",
        "def f(a: set[int]):\n    b = a\n    for x in b: pass",
        "def f(needs: dict[int, set[int]]):\n    for x in needs[1]: pass",
        "def f(needs: dict[int, set[int]]):\n    for k, xs in needs.items():\n        for x in xs: pass",
        "needs = defaultdict(set)\nfor x in needs[1]: pass",
        "class A:\n    ready: set[int]\n    def f(self):\n        for x in self.ready: pass",
        "class A:\n    def __init__(self):\n        self.go = set()\n    def f(self):\n        return list(self.go)",
        "def f() -> set[int]: ...\nfor x in f(): pass",
        "def f(ready: set[int]):\n    g = lambda: [x for x in ready]",
        "async def f(tasks: set[Task]):\n    await asyncio.gather(*tasks)",
    ],
)
def test_using_the_order_of_a_set_is_found(source: str) -> None:
    assert rules(source) == ["set-order"]


@pytest.mark.parametrize(
    "source",
    [
        "import asyncio\nawait_ = asyncio.wait(tasks)",
        "import asyncio as a\nx = a.as_completed(tasks)",
        "from asyncio import wait as w\nx = w(tasks)",
    ],
)
def test_waiting_in_the_order_of_a_set_is_found(source: str) -> None:
    assert rules(source) == ["asyncio-order"]


@pytest.mark.parametrize(
    "source",
    [
        "import time",
        "import random",
        "import os.path",
        "from os import environ",
        "import threading",
        "from concurrent.futures import ThreadPoolExecutor",
        "f = open('x')",
        "from datetime import datetime as dt\nx = dt.now()",
        "import datetime\nx = datetime.datetime.utcnow()",
        "from uuid import uuid4\nx = uuid4()",
        "import uuid\nx = uuid.uuid4()",
    ],
)
def test_asking_the_world_outside_is_found(source: str) -> None:
    assert rules(source) == ["outside-world"]


def test_what_differs_from_process_to_process_is_found() -> None:
    assert rules("x = hash('a')\ny = sorted(z, key=lambda o: id(o))") == ["process-order", "process-order"]


@pytest.mark.parametrize(
    "source",
    [
        "for x in sorted({1, 2}): pass",
        "n = len({1, 2}); m = max(set(z))",
        "if x in {1, 2}: pass",
        "a = {x + 1 for x in {1, 2}}",
        "a = {*x, *{1, 2}}",
        "a = any(x > 1 for x in {1, 2})",
        "a = sorted(x + 1 for x in {1, 2})",
        "def f(a: set[int]):\n    a.add(1)\n    a -= {2}\n    return a",
        "def f(a: dict[int, int]):\n    for x in a: pass\n    for x in a.keys(): pass",
        "def f(a: dict[int, set[int]]):\n    for k in a: pass\n    for k, v in a.items():\n        v.add(k)",
        "def f(items: list[int]):\n    return items.pop()",
        "from temporalio import workflow\nx = workflow.now(); y = workflow.uuid4(); z = workflow.wait(tasks)",
        "from datetime import datetime, timedelta\nx = datetime.fromtimestamp(0); y = timedelta(seconds=1)",
        "def f(ready: set[int]): ...\ndef g(ready: list[int]):\n    for x in ready: pass",
    ],
)
def test_what_does_not_depend_on_order_is_left_alone(source: str) -> None:
    assert rules(source) == []


def test_an_offence_says_where_it_is() -> None:
    (offence,) = read("x = 1\nfor y in {1, 2}:\n    pass\n", "workflows/bad.py")
    assert str(offence).startswith("workflows/bad.py:2:10: a set is iterated")


def test_the_projects_replayed_code_obeys(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0, capsys.readouterr().out
    checked = [str(path.relative_to(ROOT)) for path in replayed_files()]
    assert "firebrick/contract.py" in checked and "workflows" in REPLAYED
    assert any(path.startswith("workflows/") for path in checked)
