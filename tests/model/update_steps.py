"""One resource step of a life, as activities.steps and activities.updating take it: claim, call, outcome.

A generator that yields the seconds that pass; whoever drives it may drop it between any two (a killed worker) or drive
another one beside it (a worker that was given up and lives). Before each call of the provider it checks that what the
row requires, as stored, is alive.
"""

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NoReturn, cast

from activities.resuming import finished_in, goes_on
from firebrick.contract import Action, StepKind, StepResult, Work
from firebrick.plan import Role
from firebrick.selection import base_hash, input_hash
from firebrick.store.rows import OperationRow
from firebrick.store.step_outcomes import (
    AlreadyEnded,
    AlreadyRecorded,
    Busy,
    Claim,
    Claimed,
    RowOutcome,
    Settled,
    Superseded,
    Unequipped,
)
from tests.model.life_stores import FINGERPRINT, Stores, UpdateStore
from tests.model.update_history import Kind, Verb
from tests.model.update_provider import CallFailed, MustReplace, Provider, Thing
from tests.model.world import Broken, demand

CALL_LEASE = 14.0
LATE = 9  # seconds until a late answer comes
POLL = 3.0  # seconds between two looks
RETRY = 2.0
ATTEMPTS = 3

Steps = Generator[float, None, StepResult]
# Takes a held row of a nested stack further; tests.model.inner_stacks has it.
Inside = Callable[["Step", Claimed], Steps]


class HeldByItself(Exception):
    """The row is held under this attempt's own number: only a later attempt may have it."""


class NothingMade(Exception):
    """An interrupted create has made nothing."""


class Lost(Exception):
    """The row is held no more under this claim."""


@dataclass
class Interrupt:
    asked: bool = False

    def __bool__(self) -> bool:
        return self.asked


@dataclass
class Step:
    store: UpdateStore
    provider: Provider
    operation: OperationRow
    claim: Claim
    node_row: int
    work: Work
    interrupt: Interrupt
    now: Callable[[], float]
    pace: int
    stores: Stores
    inside: "Inside"
    abandon: Callable[[str], None]  # told of each nested stack that is retained
    asks_inside: bool = False  # it calls no provider, but asks something of a nested stack
    stopping: bool = False
    finishing: bool = False
    _row: Any = None

    def run(self) -> Steps:
        while True:
            held = self.store.claim(self.claim, self.operation, self.work, self.now(), True)
            match held:
                case AlreadyEnded(result=result) | AlreadyRecorded(result=result):
                    return result
                case Superseded():
                    return StepResult(kind=StepKind.SUPERSEDED)
                case Busy(until=until):
                    if until <= self.now():
                        raise HeldByItself
                    if self.interrupt.asked:
                        return StepResult(kind=StepKind.ABORTED)
                    yield min(1.0, until - self.now())
                    continue
                case Claimed(claim=claim):
                    self.claim = claim
                case Unequipped():
                    raise AssertionError("the model's workers have all types")
            try:
                yield 1
                return (yield from self._guarded(held))
            except Lost:
                self.asks_inside = False
                continue

    def _guarded(self, held: Claimed) -> Steps:
        row = self._row = held.row
        self.finishing = False
        try:
            if row.implementation == "nested":
                self.asks_inside = True
                result = yield from self.inside(self, held)
                self.asks_inside = False
                return result
            if row.action == Action.DELETE and held.in_progress:
                return (yield from self._delete(held))
            if row.interrupted and held.in_progress:
                return (yield from self._resume(held))
            if row.action == Action.CREATE and held.in_progress:
                return (yield from self._create(held))
            return (yield from self._converge(held))
        except CallFailed as error:
            lost = held.intent_open or error.lost
            attempt = row.retries + 1
            if error.error_class != "permanent" and attempt < ATTEMPTS:
                if self.interrupt.asked:
                    return self._record(RowOutcome.aborted("", lost=lost))
                at, kind = self.now() + RETRY, error.error_class
                return self._record(RowOutcome.retry(at, kind, "", attempt=attempt, attempts=ATTEMPTS, lost=lost))
            return self._record(RowOutcome.failed(error.error_class, "", lost=lost))

    def at_once(self, held: Claimed) -> StepResult:
        """An instant row to its end, claimed by a batch."""
        self._row = held.row
        if held.row.action == Action.DELETE:
            return self._record(RowOutcome.done())
        return self._created(held, resolved(held.row.definition, held.upstream), None)

    # --- create and delete ----------------------------------------------------------------------------------------

    def _create(self, held: Claimed, *, finishing: bool = False) -> Steps:
        row = held.row
        self.finishing = finishing
        upstream = held.upstream
        if finishing and row.properties is None:
            upstream = {one.name: one for one in self.store.rows() if one.id in row.requires}
            if any(name not in upstream for name, _ in row.definition["requires"]):
                raise CallFailed("permanent")  # what it was made of cannot be known any more
        properties = dict(row.properties) if row.properties is not None else resolved(row.definition, upstream)
        if row.implementation == "instant":
            return self._created(held, properties, None)
        if row.polling or row.physical_id is not None:
            return self._polled_create(held, properties, cast(str, row.physical_id))
        if held.intent_open:
            if row.implementation == "found":
                found = self.provider.find(row.key)
                if found is not None:
                    self._note(physical_id=found.id, progress={}, properties=properties)
                    return self._polled_create(held, properties, found.id)
                if finishing:
                    raise NothingMade
            elif row.implementation == "blind":
                return self._unknown(row.key)
        if self.interrupt.asked:
            return self._record(RowOutcome.aborted("", lost=held.intent_open))
        kind = cast(Kind, row.implementation)
        try:
            thing = yield from self._call(
                row, "create", lambda fault: self.provider.create(row.key, row.id, row.name, kind, properties, fault)
            )
        except CallFailed as error:
            if error.lost and kind == "blind":
                return self._unknown(row.key)
            raise
        if thing.broken or thing.wrong or thing.busy:
            self._note(physical_id=thing.id, progress={}, properties=properties)
            return self._polled_create(held, properties, thing.id)
        return self._created(held, properties, thing.id)

    def _polled_create(self, held: Claimed, properties: Mapping[str, Any], physical_id: str) -> StepResult:
        match self.provider.poll(physical_id):
            case "busy":
                return self._park(physical_id, properties)
            case "error":
                return self._record(RowOutcome.failed("permanent", "", properties=properties))
        return self._created(held, properties, physical_id)

    def _created(self, held: Claimed, properties: Mapping[str, Any], physical_id: str | None) -> StepResult:
        row = held.row
        base = base_hash(row.definition, row.implementation, FINGERPRINT)
        outcome = RowOutcome.done(
            physical_id=physical_id,
            attributes=attributes(properties),
            properties=properties,
            settled=Settled(input_hash(base, requirements(held.upstream)), row.revision + 1),
            changed=True,
            replaced=row.replaces is not None and row.born_seq == self.claim.seq,
        )
        return self._record(outcome)

    def _unknown(self, key: str) -> StepResult:
        thing = self.provider.find(key)
        if thing is not None:
            thing.excused = True
        return self._record(RowOutcome.unknown(""))

    def _delete(self, held: Claimed) -> Steps:
        row = held.row
        retained = row.role == Role.RETAINED and row.role_seq == self.claim.seq
        if retained or not row.create_key or row.implementation == "instant":
            for thing in self.provider.things.values():
                if retained and thing.row == row.id:
                    thing.excused = True
            return self._record(RowOutcome.done())
        physical_id = row.physical_id
        if row.polling and physical_id is not None:
            return self._polled_delete(physical_id)
        if physical_id is None:
            made = (yield from self._untold(held)) if row.create_unsettled else None
            if made is None:
                return self._record(RowOutcome.done())
            physical_id = made.id
            self._note(physical_id=physical_id)
        if self.interrupt.asked:
            return self._record(RowOutcome.aborted(""))
        id_ = physical_id
        thing = yield from self._call(row, "delete", lambda fault: self.provider.delete(id_, fault))
        if thing.busy:
            self._note(physical_id=id_, progress={})
            return self._polled_delete(id_)
        return self._record(RowOutcome.done())

    def _untold(self, held: Claimed) -> Generator[float, None, Thing | None]:
        row = held.row
        made = self.provider.find(row.create_key)
        if row.implementation == "blind":
            if made is not None:
                made.excused = True
            return None
        if row.implementation == "found" or made is not None:
            return made
        # Under its token a create makes what the lost one did not; its requirements are gone by now, perhaps.
        if row.properties is None:
            return None
        yield 1
        return self.provider.create(row.create_key, row.id, row.name, "token", row.properties, "")

    def _polled_delete(self, physical_id: str) -> StepResult:
        if self.provider.poll(physical_id) == "busy":
            return self._park(physical_id, None)
        return self._record(RowOutcome.done())

    # --- converge -------------------------------------------------------------------------------------------------

    def _resume(self, held: Claimed) -> Steps:
        """As activities.resuming."""
        row = held.row
        wanted = row.wanted
        assert wanted is not None
        begun = row.properties if row.action == Action.CREATE else (row.begun or {}).get("properties")
        properties = resolved(wanted["definition"], held.upstream)
        if wanted["implementation"] != row.implementation or (begun and begun["fixed"] != properties["fixed"]):
            self._stand_in(held)
        if row.action == Action.CREATE:
            try:
                return (yield from self._create(held, finishing=True))
            except NothingMade:
                self._stand_in(held)
        if row.begun is None or not row.polling:
            return (yield from self._converge(held.as_if(status="FAILED")))
        self.finishing = True
        match self.provider.poll(cast(str, row.physical_id)):
            case "busy":
                return self._park(cast(str, row.physical_id), None)
            case "error":
                return self._record(RowOutcome.failed("permanent", ""))
        properties = row.begun["properties"]
        settled = Settled("", row.revision + 1, definition=row.begun["definition"], type=row.begun["type"])
        shown = attributes(properties)
        outcome = RowOutcome.done(attributes=shown, properties=properties, settled=settled, changed=True)
        return self._record(outcome)

    def _converge(self, held: Claimed) -> Steps:
        row = held.row
        wanted = row.wanted
        demand(wanted is not None, f"row {row.id} has nothing to converge to")
        assert wanted is not None
        if wanted["implementation"] != row.implementation:
            self._stand_in(held)
        properties = resolved(wanted["definition"], held.upstream)
        requires = tuple(sorted(one.id for one in held.upstream.values()))
        base = base_hash(wanted["definition"], row.implementation, FINGERPRINT)
        settled = Settled(
            input_hash(base, requirements(held.upstream)),
            row.revision,
            definition=wanted["definition"],
            type=wanted["type"],
            requires=requires,
            template_id=held.target_id,
        )
        before = row.properties or {}
        changed = any(before.get(name) != value for name, value in properties.items())
        if held.in_progress:
            return (yield from self._update(held, properties, settled, changed=True, begun=True))
        gone = row.action in (Action.DELETE, "INIT")
        asks_nobody = row.implementation == "blind"  # then what has failed is replaced: the default of a type
        unwell = row.create_unsettled or asks_nobody or self.provider.failed_for_good(row.physical_id)
        failed = row.status != "COMPLETE" and not row.interrupted and unwell
        if gone or failed or before.get("fixed") != properties["fixed"] or row.implementation == "instant" and changed:
            self._stand_in(held)
        unsure = row.status == "FAILED" and row.action != Action.CREATE
        if row.status == "FAILED" and row.action == Action.CREATE:
            # Nothing was ever recorded of what it shows: its create is looked at once more.
            match self.provider.poll(cast(str, row.physical_id)):
                case "busy":
                    return self._park(cast(str, row.physical_id), None)
                case "error":
                    self._stand_in(held)
        changed = changed or unsure or bool(row.drift)  # how it is now is not known: all is asserted again
        if not changed:
            return self._unchanged(held, properties, settled)
        return (yield from self._update(held, properties, settled, changed=changed, begun=False))

    def _unchanged(self, held: Claimed, properties: Mapping[str, Any], settled: Settled) -> StepResult:
        row = held.row
        if row.status != "FAILED":
            return self._record(RowOutcome.unchanged(settled, properties=properties))
        settled = replace(settled, revision=row.revision + 1)
        outcome = RowOutcome.unchanged(settled, message="judged fine", properties=properties)
        outcome = replace(outcome, attributes=attributes(properties))
        return self._record(replace(outcome, result=outcome.result.model_copy(update={"changed": True})))

    def _update(
        self, held: Claimed, properties: Mapping[str, Any], settled: Settled, *, changed: bool, begun: bool
    ) -> Steps:
        row = held.row
        physical_id = row.physical_id
        if row.polling and begun:
            return self._polled_update(held, properties, settled)
        if self.interrupt.asked:
            return self._record(RowOutcome.aborted(""))
        if not begun:
            key = f"{self.operation.id}.{self.claim.row}"
            brings_to: dict[str, Any] = {"properties": properties, "definition": settled.definition}
            brings_to |= {"type": settled.type, **finished_in(row)}
            requires, until = settled.requires or (), self.now() + CALL_LEASE
            if not self.store.begin_update(self.claim, requires, until, key, brings_to, self.now()):
                raise Lost
        if not changed or physical_id is None:
            return self._updated(held, properties, settled)
        try:
            yield from self._call(row, "update", lambda fault: self.provider.update(physical_id, properties, fault))
        except MustReplace:
            self._stand_in(held)
        thing = self.provider.things[physical_id]
        if thing.busy or thing.wrong:
            self._note(physical_id=physical_id, progress={})
        return self._polled_update(held, properties, settled)

    def _polled_update(self, held: Claimed, properties: Mapping[str, Any], settled: Settled) -> StepResult:
        physical_id = cast(str, held.row.physical_id)
        match self.provider.poll(physical_id):
            case "busy":
                return self._park(physical_id, None)
            case "error":
                return self._record(RowOutcome.failed("permanent", ""))
        return self._updated(held, properties, settled)

    def _updated(self, held: Claimed, properties: Mapping[str, Any], settled: Settled) -> StepResult:
        now_shown = attributes(properties)
        changed = now_shown != dict(held.row.attributes)
        if changed:
            settled = replace(settled, revision=held.row.revision + 1)
        outcome = RowOutcome.done(attributes=now_shown, properties=properties, settled=settled, changed=changed)
        return self._record(outcome)

    def _stand_in(self, held: Claimed) -> NoReturn:
        requires = [one.id for one in held.upstream.values()]
        self.store.stand_in(self.claim, requires, self.now())
        self.claim = replace(self.claim, row=self.node_row)
        raise Lost

    # --- calls and outcomes ---------------------------------------------------------------------------------------

    def _call(self, row: Any, verb: Verb, effect: Callable[[str], Thing]) -> Generator[float, None, Thing]:
        if not self.store.renew(self.claim, self.now() + CALL_LEASE):
            raise Lost
        fault = self.provider.fault(row.name, verb)
        yield self.pace
        if fault == "refused":
            raise CallFailed("permanent")
        if fault == "replace":
            raise MustReplace
        if fault == "throttled":
            raise CallFailed("throttled")
        if fault == "dropped":
            raise CallFailed("transient", lost=True)
        self.check_requirements(row.id, verb)
        thing = effect(fault)
        yield LATE if fault == "late" else 1
        if fault == "lost":
            raise CallFailed("transient", lost=True)
        return thing

    def check_requirements(self, row_id: int, verb: Verb) -> None:
        """What the row requires, as stored, is alive; what a nested stack requires where it is, too."""
        check_requirements(self.stores, self.store, self.provider, row_id, verb)

    def _note(self, **known: Any) -> None:
        if not self.store.renew(self.claim, self.now() + 5, **known):
            raise Lost

    def _park(self, physical_id: str, properties: Mapping[str, Any] | None) -> StepResult:
        at = self.now() + POLL
        return self._record(RowOutcome.parked(StepKind.POLL, at, physical_id=physical_id, properties=properties))

    def _record(self, outcome: RowOutcome) -> StepResult:
        outcome = goes_on(self._row, outcome, self.claim.seq, self.now(), finishing=self.finishing)
        if not self.store.record(self.claim, outcome, self.now()):
            raise Lost
        return outcome.told


def check_requirements(stores: Stores, store: UpdateStore, provider: Provider, row_id: int, verb: Verb) -> None:
    rows = {one.id: one for one in store.rows()}
    row = rows.get(row_id)
    demand(row is not None, f"{verb} for a row that is gone")
    assert row is not None
    for other in row.requires:
        needed = rows.get(other)
        demand(needed is not None, f"{verb} {row.name}: the row {other} that it requires is gone")
        assert needed is not None
        if needed.implementation == "instant":
            well = (needed.action, needed.status) != ("DELETE", "COMPLETE")
        elif needed.implementation == "nested":
            inner = stores.find(needed.physical_id or "")
            well = inner is not None and inner.state[0] != Action.DELETE
        else:
            well = needed.physical_id is not None and provider.things[needed.physical_id].alive
        demand(well, f"{verb} {row.name}: {needed.name} ({other}), which it requires, is not alive")
    outer = None if store.owner is None else stores.find(store.owner[0])
    if outer is not None and store.owner is not None:
        check_requirements(stores, outer, provider, store.owner[1], verb)


Batch = Generator[float, None, list[tuple[int, StepResult]]]


def run_batch(steps: Sequence[Step]) -> Batch:
    """Instant resources in the order given, as activities.batch takes them; those that nobody may have are missing."""
    yield 1
    results: dict[int, StepResult] = {}
    for step in steps:
        row = next((one for one in step.store.rows() if one.id == step.node_row), None)
        bad = [one for one, result in results.items() if result.kind is not StepKind.DONE]
        if step.interrupt.asked or row is None or any(one in bad for one in row.requires):
            continue
        match step.store.claim(step.claim, step.operation, step.work, step.now(), False):
            case AlreadyEnded(result=result) | AlreadyRecorded(result=result):
                results[step.node_row] = result
            case Superseded():
                results[step.node_row] = StepResult(kind=StepKind.SUPERSEDED)
            case Claimed() as held:
                results[step.node_row] = step.at_once(held)
    yield 1
    return list(results.items())


def resolved(definition: Mapping[str, Any], upstream: Mapping[str, Any]) -> dict[str, Any]:
    """The properties, with what they use of other resources. Broken when one of those is missing."""
    value, fixed = str(definition["value"]), str(definition["fixed"])
    if definition.get("takes"):
        value += f"({definition['given']})"
    for name, how in definition["requires"]:
        if name not in upstream:
            raise Broken(f"the requirement {name} is not known")
        one = upstream[name]
        if how == "out":
            value += f"|{one.attributes['out']}"
        elif how == "ref":
            value += f"|{one.physical_id}"
        elif how == "fixed":
            fixed += f"|{one.physical_id}"
    return {"value": value, "fixed": fixed, "shows": definition["shows"]}


def attributes(properties: Mapping[str, Any]) -> dict[str, Any]:
    """What dependants may see."""
    return {"out": properties["value"] if properties["shows"] else ""}


def given_to(properties: Mapping[str, Any]) -> str:
    """A nested stack's parameter."""
    return f"{properties['value']}/{properties['fixed']}"


def shown_by(rows: Mapping[str, Any]) -> dict[str, Any]:
    """A nested stack's outputs, by its rows: what the first of its resources shows."""
    return {"out": rows[min(rows)].attributes.get("out", "") if rows else ""}


def requirements(upstream: Mapping[str, Any]) -> Sequence[tuple[str, int, int]]:
    return [(name, one.id, one.revision) for name, one in sorted(upstream.items())]
