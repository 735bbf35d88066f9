"""A plan as people read it, in the manner of OpenTofu: a sign for what happens, then what changes from what to what.

``draw`` takes the JSON of a plan (docs/plans.md) and gives text; it asks nobody. The signs are there without colours.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import click

from starter.cli.render import printable, width

SIGNS = {"create": "+", "update": "~", "delete": "-", "replace": "-/+"}
COLOURS = {"+": "green", "~": "yellow", "-": "red", "-/+": "magenta"}
UNKNOWN = "(known after apply)"
SENSITIVE = "(sensitive value)"
_SHORT = 60  # places that a list or map may take on one line


def draw(plan: Mapping[str, Any], *, colour: bool = False) -> str:
    """The plan of one stack; ends with the line of counts."""
    changes = list(_happening(plan["changes"]))
    stack_changes = plan.get("stack_changes") or ()
    name = printable(plan["stack"]["name"])
    unseen = [
        f"  # {address} could not be looked at: what is stored of it counts" for address in _unseen(plan["changes"])
    ]
    if not changes and not stack_changes:
        return "\n".join([f"No changes. Stack {name} is as it is wanted.", *unseen])
    blocks = [_block(one, colour) for one in changes]
    if stack_changes:
        blocks.append(f"  {_sign('~', colour)} of the stack itself: {', '.join(stack_changes)}")
    if unseen:
        blocks.append("\n".join(unseen))
    return "\n\n".join([f"Stack {name}:", *blocks, "\n".join(_counts(plan["summary"], colour))])


def _happening(changes: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """What is not left as it is; what is in a nested stack follows it."""
    for one in changes:
        if one["action"] != "nothing":
            yield one
        yield from _happening((one["nested"] or {}).get("changes", ()))


def _unseen(changes: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for one in changes:
        if one.get("unseen"):  # a plan file may be older
            yield printable(one["address"])
        yield from _unseen((one["nested"] or {}).get("changes", ()))


def _counts(summary: Mapping[str, int], colour: bool) -> list[str]:
    text = (
        f"{summary['add']} to add, {summary['change']} to change, {summary['replace']} to replace, "
        f"{summary['destroy']} to destroy."
    )
    lines = [f"{click.style('Plan:', bold=True) if colour else 'Plan:'} {text}"]
    if summary["keep"]:
        lines.append(f"{summary['keep']} to leave the stack and stay where it is.")
    if summary["uncertain"]:
        lines.append(f"{summary['uncertain']} of them only if values that are known after apply turn out to differ.")
    return lines


def _block(one: Mapping[str, Any], colour: bool) -> str:
    sign = SIGNS[one["action"]]
    comment = f"  # {_headline(one)}"
    head = f"{_sign(sign, colour, 3)} {printable(one['resource_type'])} {_quoted(one['resource_name'])}"
    properties = _properties(one, colour)
    if changes := (one["nested"] or {}).get("stack_changes"):
        properties.append(f"      {_sign('~', colour)} of the nested stack itself: {', '.join(changes)}")
    body = [f"{head} {{", *properties, "    }"] if properties else [head]
    return "\n".join([click.style(comment, bold=True) if colour else comment, *body])


def _headline(one: Mapping[str, Any]) -> str:
    will = "will" if one["certain"] else "may"
    done = {
        "create": f"{will} be created",
        "update": f"{will} be updated in place",
        "replace": "must be replaced" if one["certain"] else "may have to be replaced",
        "delete": f"{will} be destroyed",
    }[one["action"]]
    if one["action"] == "delete" and one["kept"]:
        done = "leaves the stack; its object is kept (deletion_policy Retain)"
    elif one["kept"]:
        done += "; the old object is kept (deletion_policy Retain)"
    if one["previous_type"] != one["resource_type"]:
        done += f", was {one['previous_type']}"
    reason = f" ({one['reason']})" if one["reason"] else ""
    return printable(f"{one['address']} {done}{reason}")


def _properties(one: Mapping[str, Any], colour: bool) -> list[str]:
    found: Sequence[Mapping[str, Any]] = one["properties"]
    room = max((width(printable(each["name"])) for each in found), default=0)
    lines = []
    for each in found:
        name = printable(each["name"])
        padded = name + " " * (room - width(name))
        sign, text = _change(each, one["action"])
        notes = ["drifted"] if each["drifted"] else []
        if each["forces_replacement"] and one["action"] == "replace":
            notes.append("forces replacement")
        comment = f" # {', '.join(notes)}" if notes else ""
        lines.append(f"      {_sign(sign, colour)} {padded} = {text}{comment}")
    return lines


def _change(each: Mapping[str, Any], action: str) -> tuple[str, str]:
    if action == "create":
        return "+", _after(each)
    if action == "delete":
        return "-", _before(each)
    if each["sensitive"]:
        return "~", SENSITIVE
    if each["before"] is None:
        return "+", _after(each)
    if each["after"] is None and not each["after_unknown"]:
        return "-", f"{_before(each)} -> null"
    return "~", f"{_before(each)} -> {_after(each)}"


def _before(each: Mapping[str, Any]) -> str:
    return SENSITIVE if each["sensitive"] else _text(each["before"], frozenset(), ())


def _after(each: Mapping[str, Any]) -> str:
    if each["sensitive"]:
        return SENSITIVE
    return _text(each["after"], frozenset(tuple(path) for path in each["after_unknown"]), ())


def _text(value: Any, unknown: frozenset[tuple[Any, ...]], path: tuple[Any, ...]) -> str:
    """JSON, but for what is not known yet; on one line where it is short."""
    if path in unknown:
        return UNKNOWN
    if isinstance(value, dict) and value:
        parts = [f"{_quoted(key)}: {_text(one, unknown, (*path, key))}" for key, one in value.items()]
        return _wrapped("{", parts, "}")
    if isinstance(value, list) and value:
        return _wrapped("[", [_text(one, unknown, (*path, place)) for place, one in enumerate(value)], "]")
    return _quoted(value)


def _quoted(value: Any) -> str:
    return printable(json.dumps(value, ensure_ascii=False))


def _wrapped(opening: str, parts: Sequence[str], closing: str) -> str:
    line = f"{opening}{', '.join(parts)}{closing}"
    if len(line) <= _SHORT and "\n" not in line:
        return line
    indented = [part.replace("\n", "\n    ") for part in parts]
    inner = ",\n".join(f"            {part}" for part in indented)
    return f"{opening}\n{inner}\n        {closing}"


def _sign(sign: str, colour: bool, room: int = 0) -> str:
    padded = sign.rjust(room)
    return click.style(padded, fg=COLOURS[sign]) if colour else padded
