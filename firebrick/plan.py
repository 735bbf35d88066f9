"""What an operation must do: rows of a stack in, a plan of nodes and edges out, and its way over the wire in pages.

``plan_create``, ``plan_update`` and ``plan_delete`` run in an activity, which reads the rows; ``from_pages`` runs in
the workflow, inside Temporal's sandbox. Pure and deterministic: equal rows give equal plans and equal pages.

Pages are cut by what is stored and not by what is left to do, since rows end while an operation runs and pages may be
made at different moments (another worker, a worker that was restarted): page 3 begins at the same row whenever it is
made. A node is therefore never lost between two pages, and from_pages drops edges to rows that ended in between.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from firebrick import contract
from firebrick.contract import Action, Work
from firebrick.graph import Graph

# The bytes of a WireNode and of a page beside its texts and numbers, with a little to spare.
_NODE_BYTES = 55
_PAGE_BYTES = 64


class Role(StrEnum):
    """What a converging operation decided of a row when it began; it stays so until the operation ends.

    NONE: nothing to do (pruned), or made since as a replacement. FRESH: to be created. CONVERGE: to be looked at in its
    turn. SKIPPABLE: only if something it requires is changed. REMOVED: the target has no use for it. RETAINED: of a
    delete: its object stays.
    """

    NONE = ""
    FRESH = "fresh"
    CONVERGE = "converge"
    SKIPPABLE = "skippable"
    REMOVED = "removed"
    RETAINED = "retained"


@dataclass(frozen=True, slots=True)
class ExistingRow:
    """A resource row as the store has it.

    action, status: the two words of its state (``INIT``, ``COMPLETE`` before anything was done). requires: ids of the
    rows it needed when it was defined; rows that are gone are ignored. instant: needs no call outside, may go in a
    batch. concurrency: nodes with the same text share a limit; "" has none. ended_in_operation: the running operation
    has recorded an end (complete or failed) for it.
    For an operation that converges: role: what was decided of it when that began. target_requires: the rows of what its
    resource requires in the target.
    """

    id: int
    name: str
    type: str
    action: str
    status: str
    requires: tuple[int, ...] = ()
    instant: bool = False
    concurrency: str = ""
    ended_in_operation: bool = False
    role: Role = Role.NONE
    target_requires: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class PlanNode:
    """One thing to do. requires: ids of the nodes that must be done first, ascending; equal ones shared.

    id: the row's, but a CLEAN node's is its row's made negative, since a row may have a node of each kind.
    skippable: done without a step unless something it requires was changed. only_if_replaced: a CLEAN node that is done
    without a step unless its row's other node says that another row took its place.
    """

    id: int
    name: str
    type: str
    instant: bool = False
    concurrency: str = ""
    requires: tuple[int, ...] = ()
    work: Work = Work.ACT
    skippable: bool = False
    only_if_replaced: bool = False

    @property
    def row(self) -> int:
        return abs(self.id)


@dataclass(frozen=True, slots=True)
class Plan:
    """What is left to do. nodes: in the order in which those that are ready start. action: None when read from pages.

    rows: what the pages are cut by: a node for each stored row, done or not, with all its edges.
    """

    action: Action | None
    nodes: tuple[PlanNode, ...]
    rows: tuple[PlanNode, ...] = ()


def plan_create(rows: Sequence[ExistingRow]) -> Plan:
    """Create every row that is not CREATE_COMPLETE, requirements first, by ascending row id.

    A row that failed in this operation is a node: asking for it again gives its recorded outcome.
    Raises CycleFound, which stored requirements never should.
    """
    ordered = sorted(rows, key=lambda row: row.id)
    done = frozenset(row.id for row in ordered if row.action == Action.CREATE and row.status == "COMPLETE")
    return _plan(Action.CREATE, ordered, _stored(ordered), done)


def plan_delete(rows: Sequence[ExistingRow]) -> Plan:
    """Delete every row that is not DELETE_COMPLETE, each after those that stored it as a requirement, by descending id.

    The order is that of the stored requirements, never of a newer template (Heat's rule). A row of which nothing was
    made is a node too: its deletion has an event and an end like any other. Raises CycleFound.
    """
    ordered = sorted(rows, key=lambda row: row.id)
    done = frozenset(row.id for row in ordered if row.action == Action.DELETE and row.status == "COMPLETE")
    return _plan(Action.DELETE, ordered[::-1], _stored(ordered).reversed(), done)


def plan_update(action: Action, rows: Sequence[ExistingRow]) -> Plan:
    """Converge every wanted row, requirements first; delete what the target has no use for, dependants first.

    A row's CLEAN node comes after its own CONVERGE node and after the CLEAN nodes of the rows that stored it as a
    requirement; no other barrier (Heat's rule): what nothing depends on goes at once. A row that is wanted may turn out
    to be replaced, so it has a CLEAN node too, for that case. Rows that are neither (pruned, or made as replacements
    while this operation runs, whose nodes are those of the rows they replace) have no node. Deleted ones, once gone,
    keep their nodes: asking again gives what was recorded. Raises CycleFound.
    """
    ordered = sorted(rows, key=lambda row: row.id)
    looked_at = (Role.CONVERGE, Role.SKIPPABLE)
    wanted = frozenset(row.id for row in ordered if row.role is Role.FRESH or row.role in looked_at)
    clean = [row for row in ordered[::-1] if row.role is Role.REMOVED or row.role in looked_at]
    cleaned = frozenset(row.id for row in clean)
    dependants = _stored(ordered).reversed()
    in_target = _Without(wanted)
    nodes: list[PlanNode] = []
    shared: dict[tuple[int, ...], tuple[int, ...]] = {}
    for row in clean:
        first = [-other for other in dependants.requires(row.id) if other in cleaned]
        needs = tuple(sorted(first if row.role is Role.REMOVED else [row.id, *first]))
        instant = row.instant and row.role is Role.REMOVED
        nodes.append(
            PlanNode(
                -row.id,
                row.name,
                row.type,
                instant,
                row.concurrency,
                shared.setdefault(needs, needs),
                Work.CLEAN,
                only_if_replaced=row.role is not Role.REMOVED,
            )
        )
    for row in ordered:
        if row.id in wanted:
            nodes.append(
                PlanNode(
                    row.id,
                    row.name,
                    row.type,
                    row.instant and row.role is Role.FRESH,
                    row.concurrency,
                    in_target(row.target_requires),
                    Work.CONVERGE,
                    skippable=row.role is Role.SKIPPABLE,
                )
            )
    Graph({node.id: node.requires for node in nodes}).order()
    return Plan(action, tuple(nodes))


def _stored(rows: Sequence[ExistingRow]) -> Graph:
    known = frozenset(row.id for row in rows)
    requires = _Without(known)
    return Graph({row.id: requires(row.requires) for row in rows})


def _plan(action: Action, rows: Sequence[ExistingRow], graph: Graph, done: frozenset[int]) -> Plan:
    graph.order()
    left = _Without(frozenset(row.id for row in rows if row.id not in done))
    stored = tuple(
        PlanNode(row.id, row.name, row.type, row.instant, row.concurrency, graph.requires(row.id)) for row in rows
    )
    nodes = tuple(
        PlanNode(node.id, node.name, node.type, node.instant, node.concurrency, left(node.requires))
        for node in stored
        if node.id not in done
    )
    return Plan(action, nodes, stored)


class _Without:
    """Drops from requirements what is not there to be required; equal results are one tuple."""

    def __init__(self, present: frozenset[int]) -> None:
        self._present = present
        self._seen: dict[tuple[int, ...], tuple[int, ...]] = {}
        self._shared: dict[tuple[int, ...], tuple[int, ...]] = {}

    def __call__(self, requires: tuple[int, ...]) -> tuple[int, ...]:
        kept = self._seen.get(requires)
        if kept is None:
            kept = tuple(one for one in requires if one in self._present)
            kept = self._seen[requires] = self._shared.setdefault(kept, kept)
        return kept


def to_pages(
    plan: Plan, max_bytes: int = 500_000, *, number: int = 0, after: int | None = None
) -> list[contract.PlanPage]:
    """The plan as JSON-able pages of at most max_bytes each (one node may be larger alone); at least one page.

    Each distinct requirement set of a page is written once, so that layers cost no more than flat plans. ``next`` is
    the index of the following page. A page may be empty: all its rows had ended.

    number, after: of the first page to be made, and the ``last`` of the one before. What rows take changes while an
    operation runs (types, requirements), but neither which there are nor their order: pages that are made at different
    moments fit together when each begins where the one before ended. ValueError: there is no such row.
    """
    nodes = {node.id: node for node in plan.nodes}
    pages: list[contract.PlanPage] = []
    page: list[PlanNode] = []
    groups: set[tuple[int, ...]] = set()  # the requirement sets of all rows of the page
    size, last = _PAGE_BYTES, None
    for row in _after(plan.rows or plan.nodes, after):
        cost = _node_bytes(row)
        if row.requires not in groups:
            cost += _group_bytes(row.requires)
        if size > _PAGE_BYTES and size + cost > max_bytes:
            pages.append(_page(page, number + len(pages) + 1, last))
            page, size, cost = [], _PAGE_BYTES, _node_bytes(row) + _group_bytes(row.requires)
            groups.clear()
        groups.add(row.requires)
        size, last = size + cost, row.id
        if row.id in nodes:
            page.append(nodes[row.id])
    pages.append(_page(page, None, last))
    return pages


def _after(rows: Sequence[PlanNode], last: int | None) -> Sequence[PlanNode]:
    if last is None:
        return rows
    places = [place for place, row in enumerate(rows) if row.id == last]
    if not places:
        raise ValueError(f"the plan has no row {last} after which a page could begin")
    return rows[places[0] + 1 :]


def _node_bytes(node: PlanNode) -> int:
    """At least what a WireNode takes (JSON with escapes is never shorter than UTF-8)."""
    texts = len(json.dumps(node.name)) + _text_bytes(node.type) + _text_bytes(node.concurrency)
    return _NODE_BYTES + len(str(node.id)) + texts


@lru_cache(maxsize=256)
def _text_bytes(text: str) -> int:
    """Of one that many nodes have."""
    return len(json.dumps(text))


def _group_bytes(requires: tuple[int, ...]) -> int:
    return sum(len(str(one)) + 1 for one in requires) + 2


def _page(nodes: Sequence[PlanNode], following: int | None, last: int | None) -> contract.PlanPage:
    groups: dict[tuple[int, ...], int] = {}
    wire = tuple(
        contract.WireNode(
            i=node.id,
            n=node.name,
            t=node.type,
            x=node.instant,
            g=groups.setdefault(node.requires, len(groups)) if node.requires else -1,
            c=node.concurrency,
            k=_kind(node),
        )
        for node in nodes
    )
    return contract.PlanPage(nodes=wire, groups=tuple(groups), next=following, last=last)


# WireNode.k: the work in the two lowest bits, then skippable, then only_if_replaced.
_WORKS = (Work.ACT, Work.CONVERGE, Work.CLEAN)
_SKIPPABLE, _ONLY_IF_REPLACED = 4, 8


def _kind(node: PlanNode) -> int:
    flags = (_SKIPPABLE if node.skippable else 0) | (_ONLY_IF_REPLACED if node.only_if_replaced else 0)
    return _WORKS.index(node.work) | flags


def _node(wire: contract.WireNode, requires: tuple[int, ...]) -> PlanNode:
    flags = (wire.k & _SKIPPABLE > 0, wire.k & _ONLY_IF_REPLACED > 0)
    return PlanNode(wire.i, wire.n, wire.t, wire.x, wire.c, requires, _WORKS[wire.k & 3], *flags)


def from_pages(pages: Sequence[contract.PlanPage], action: Action | None = None) -> Plan:
    """The plan that was cut into these pages. A node given twice counts once; an edge to a row that no page has is
    gone (the row ended between the making of two pages)."""
    present = frozenset(wire.i for page in pages for wire in page.nodes)
    requires = _Without(present)
    nodes: dict[int, PlanNode] = {}
    for page in pages:
        groups = [requires(group) for group in page.groups]
        for wire in page.nodes:
            needs = groups[wire.g] if wire.g >= 0 else ()
            nodes.setdefault(wire.i, _node(wire, needs))
    return Plan(action, tuple(nodes.values()))
