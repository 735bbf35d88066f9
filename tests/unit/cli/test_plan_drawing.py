"""Plans as they are drawn, against files of text: tests/unit/cli/plans. Regenerate by hand, and look at them."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click
import pytest

from starter.cli.plan_drawing import draw

GOLDEN = Path(__file__).with_name("plans")


def change(name: str, action: str, *properties: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "address": name,
        "resource_name": name,
        "resource_type": "Example::Server",
        "previous_type": "Example::Server",
        "action": action,
        "certain": True,
        "reason": "",
        "kept": False,
        "unseen": False,
        "physical_resource_id": None,
        "properties": list(properties),
        "nested": None,
        **more,
    }


def value(name: str, before: Any = None, after: Any = None, **more: Any) -> dict[str, Any]:
    plain = {"after_unknown": [], "sensitive": False, "forces_replacement": False, "drifted": False}
    return {"name": name, "before": before, "after": after, **plain, **more}


def everything(changes: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for one in changes:
        yield one
        yield from everything((one["nested"] or {}).get("changes", ()))


def plan(*changes: dict[str, Any], **more: Any) -> dict[str, Any]:
    counts = {"create": "add", "update": "change", "replace": "replace", "delete": "destroy", "nothing": "unchanged"}
    summary = dict.fromkeys(counts.values(), 0) | {"uncertain": sum(not one["certain"] for one in changes)}
    summary["keep"] = 0
    for one in everything(changes):
        kept = one["kept"] and one["action"] == "delete"
        summary["keep" if kept else counts[one["action"]]] += 1
    return {"stack": {"name": "shop"}, "summary": summary, "stack_changes": [], "changes": list(changes), **more}


PLANS = {
    "nothing": plan(change("same", "nothing")),
    "every-action": plan(
        change("same", "nothing"),
        change("new", "create", value("size", None, 2), value("image", None, "debian")),
        change("web", "update", value("size", 1, 2), value("tags", ["a"], None), value("note", None, "x")),
        change("db", "replace", value("zone", "north", "south", forces_replacement=True), value("size", 1, 2)),
        change("old", "delete", value("size", 1)),
        change("store", "delete", kept=True),
        stack_changes=["outputs", "tags"],
    ),
    "unknown": plan(
        change("first", "create", value("address", None, None, after_unknown=[[]])),
        change("maybe", "update", value("peer", "10.0.0.1", None, after_unknown=[[]]), certain=False),
        change(
            "perhaps",
            "replace",
            value("net", "n-1", None, after_unknown=[[]], forces_replacement=True),
            certain=False,
        ),
        change(
            "inside",
            "update",
            value("rules", None, [{"port": 80, "from": None}], after_unknown=[[0, "from"]]),
        ),
    ),
    "secret": plan(
        change("new", "create", value("password", sensitive=True), value("user", None, "me")),
        change("web", "update", value("password", sensitive=True)),
        change("db", "replace", value("password", sensitive=True, forces_replacement=True)),
        change("old", "delete", value("password", sensitive=True)),
    ),
    "reasons": plan(
        change("broken", "replace", reason="it has failed"),
        change("other", "replace", previous_type="Example::Disk", reason="its type changes", kept=True),
        change("meta", "update", reason="its metadata changed"),
    ),
    "nested": plan(
        change(
            "shop",
            "update",
            nested={
                "stack_changes": ["outputs"],
                "changes": [
                    change("door", "nothing", address="shop.door"),
                    change("till", "update", value("size", 1, 2), address="shop.till"),
                    change(
                        "cellar",
                        "replace",
                        address="shop.cellar",
                        reason="its type changes",
                        nested={
                            "stack_changes": [],
                            "changes": [
                                change("wine", "create", value("age", None, 12), address="shop.cellar.wine"),
                                change("beer", "delete", value("age", 1), address="shop.cellar.beer"),
                            ],
                        },
                    ),
                ],
            },
        ),
        change("still", "nothing", nested={"stack_changes": [], "changes": [change("x", "nothing")]}),
    ),
    "drift": plan(
        change(
            "web",
            "update",
            value("size", 3, 2, drifted=True),
            value("password", sensitive=True, drifted=True),
        ),
        change("db", "replace", value("zone", "north", "south", forces_replacement=True, drifted=True)),
        change("lost", "replace", reason="its object is gone"),
    ),
    "unseen": plan(
        change("web", "update", value("size", 1, 2), unseen=True),
        change(
            "shop",
            "nothing",
            nested={"stack_changes": [], "changes": [change("x", "nothing", address="shop.x", unseen=True)]},
        ),
    ),
    "unseen-nothing": plan(change("web", "nothing", unseen=True)),
    "wide": plan(
        change(
            "web",
            "update",
            value("script", "echo\nold", "echo\nnew \x1b[31m"),
            value("long", {"a": "x" * 40, "b": ["y" * 40]}, {"a": "x" * 40, "b": ["z" * 40], "c": None}),
            value("größe", 1.5, True),
        )
    ),
}


@pytest.mark.parametrize("name", sorted(PLANS))
def test_a_plan_is_drawn_as_it_always_was(name: str) -> None:
    assert draw(PLANS[name]) + "\n" == (GOLDEN / f"{name}.txt").read_text(encoding="utf-8")


def test_there_is_a_plan_for_each_file() -> None:
    assert sorted(file.stem for file in GOLDEN.iterdir()) == sorted(PLANS)


@pytest.mark.parametrize("name", sorted(PLANS))
def test_colours_add_nothing_to_the_text(name: str) -> None:
    coloured = draw(PLANS[name], colour=True)
    assert click.unstyle(coloured) == draw(PLANS[name])
    assert ("\x1b[" in coloured) is (name not in ("nothing", "unseen-nothing"))
