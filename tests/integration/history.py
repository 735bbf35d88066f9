"""What must be true of a stack's events and of the provider's ledger, whatever was killed on the way."""

from collections.abc import Mapping, Sequence

from firebrick.store.rows import EventRow, ResourceRow
from firebrick.testing.ledger import CREATED, DELETED, Ledger
from tests.integration.rig import Rig

Requires = Mapping[str, Sequence[str]]


def required_by_name(rows: Sequence[ResourceRow]) -> dict[str, tuple[str, ...]]:
    """Resource -> what it requires, from the rows of a living stack."""
    names = {row.id: row.name for row in rows}
    return {row.name: tuple(names[one] for one in row.requires) for row in rows}


def check_events(events: Sequence[EventRow], requires: Requires) -> None:
    """AssertionError unless the events are in legal order.

    Sequence from 1 without gaps. For each resource and action: IN_PROGRESS first, at most one COMPLETE or FAILED, and
    nothing of the action after it (so no finished node ran again). A dependant's create begins after its
    requirement's create is complete; a requirement's delete begins after its dependant's delete is complete.
    """
    assert [event.seq for event in events] == list(range(1, len(events) + 1)), "gaps in the sequence of events"
    begun: dict[tuple[str, str], int] = {}
    ended: dict[tuple[str, str], EventRow] = {}
    for event in events:
        if event.resource_id is None:
            continue
        key = (event.resource_name, event.action)
        what = f"event {event.seq}: {event.resource_name} {event.state} ({event.reason})"
        assert key not in ended, f"{what} after it was {ended[key].status} at {ended[key].seq}"
        if event.status == "IN_PROGRESS":
            begun.setdefault(key, event.seq)
            if begun[key] == event.seq:
                _check_begin(event, requires, ended, begun, what)
        else:
            assert key in begun, f"{what}: it had not begun"
            ended[key] = event


def _check_begin(
    event: EventRow,
    requires: Requires,
    ended: Mapping[tuple[str, str], EventRow],
    begun: Mapping[tuple[str, str], int],
    what: str,
) -> None:
    if event.action == "CREATE":
        for name in requires[event.resource_name]:
            upstream = ended.get((name, "CREATE"))
            assert upstream is not None and upstream.status == "COMPLETE", f"{what}: {name} is not there yet"
    if event.action == "DELETE":
        for name, needs in requires.items():
            if event.resource_name in needs:
                dependant = ended.get((name, "DELETE"))
                assert dependant is not None and dependant.status == "COMPLETE", f"{what}: {name} still needs it"


def check_created_once(ledger: Ledger, stack: str, resources: Sequence[str]) -> None:
    """Each of these resources was made outside exactly once, nothing else was, and all live."""
    made = sorted(effect.owner for effect in ledger.effects(what=CREATED) if effect.stack == stack)
    assert made == sorted(f"{stack}/{name}" for name in resources)
    living = sorted(effect.owner for effect in ledger.living() if effect.stack == stack)
    assert living == made


def check_deleted_once(ledger: Ledger, stack: str, resources: Sequence[str]) -> None:
    """Each of these resources was made and unmade exactly once, and nothing of the stack is left."""
    expected = sorted(f"{stack}/{name}" for name in resources)
    for what in (CREATED, DELETED):
        assert sorted(one.owner for one in ledger.effects(what=what) if one.stack == stack) == expected, what
    check_no_orphans(ledger)
    assert ledger.doubles() == []


def check_no_orphans(ledger: Ledger) -> None:
    assert [effect.owner for effect in ledger.living()] == []


async def check_stack(rig: Rig, stack_id: str, requires: Requires) -> list[EventRow]:
    """check_events on what is stored now."""
    events = await rig.project.events(stack_id)
    check_events(events, requires)
    return events


def check_idle_after_end(events: Sequence[EventRow], ledger: Ledger) -> None:
    """Nobody asked the provider to make or unmake anything of a resource whose action had ended."""
    for action, method in (("CREATE", "POST"), ("DELETE", "DELETE")):
        ended = {one.resource_name: one.time for one in events if one.resource_id and one.state == f"{action}_COMPLETE"}
        late = [request.label for request in ledger.requests(method=method) if request.time > ended[request.label]]
        assert late == [], f"{method} after {action}_COMPLETE"
