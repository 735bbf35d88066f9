"""What protects an object from the stack, and what looks behind the stack's back: external ids, deletion policies,
restricted actions, unhealthy marks, updates that compare with what lives."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from firebrick.contract import CreateStackRequest, OperationState
from firebrick.diagnostics import ActionInProgress, InvalidInput
from firebrick.intake_plan import plan_create
from firebrick.preview_result import Will
from firebrick.testing.provider_process import ProviderProcess
from tests.unit.resources.http_world import Api

HEAD = "heat_template_version: 2018-08-31\nresources:\n"
OBJECT = HEAD + "  one: {type: Firebrick::Test::Object, properties: {value: VALUE}}\n"


@pytest.fixture
def provider(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ProviderProcess]:
    with ProviderProcess(tmp_path) as process:
        for name, value in process.environment.items():
            monkeypatch.setenv(name, value)
        yield process


async def done(started: Any) -> Any:
    assert (await started.handle.result()).state is OperationState.DONE
    return started


async def fails(started: Any) -> str:
    with pytest.raises(Exception, match="failed"):
        await started.handle.result()
    return str((await started.stack()).status_reason)


async def told(started: Any, *, since: int = 0) -> list[str]:
    events = (await started.events())[since:]
    return [f"{e.state} {e.reason}" for e in events if e.resource_name == "one"]


def objects(provider: ProviderProcess, label: str = "one") -> dict[str, Any]:
    """What is alive, by id."""
    return {one.id: one for one in provider.ledger.living() if one.label == label}


# --- external_id ---


def external(id_: str, more: str = "") -> str:
    return HEAD + f"  one: {{type: Firebrick::Test::Object, external_id: {id_}{more}}}\n"


async def test_an_external_object_is_adopted_checked_and_never_touched(lab: Any, provider: ProviderProcess) -> None:
    _, made = provider.request("POST", "/objects", {"name": "theirs", "properties": {"size": 3}})
    started = await done(await lab.create(external(made["id"]), name="s"))
    row = (await started.resources())["one"]
    assert (row.state, row.physical_id) == ("CHECK_COMPLETE", made["id"])
    assert await told(started) == [
        f"{state} state changed"
        for state in ("ADOPT_IN_PROGRESS", "ADOPT_COMPLETE", "CHECK_IN_PROGRESS", "CHECK_COMPLETE")
    ]
    since = len(await started.events())
    await done(await lab.update("s", external(made["id"], ", properties: {value: other}")))
    assert await told(started, since=since) == []
    await mark(started)
    await done(await lab.update("s", external(made["id"])))  # looked at again, for it cannot be replaced
    row = (await started.resources())["one"]
    assert (row.state, row.physical_id) == ("CHECK_COMPLETE", made["id"])
    for template in (external("another"), OBJECT):
        reason = await fails(await lab.update("s", template))
        text = "Update to property external_id of one (Firebrick::Test::Object) is not supported."
        assert reason == f"Resource UPDATE failed: NotSupported: resources.one: {text}"
        assert (await started.resources())["one"].state == "CHECK_COMPLETE"
    await done(await lab.delete("s"))
    assert provider.request("GET", f"/objects/{made['id']}")[0] == 200
    assert [one.what for one in provider.ledger.effects()] == ["created"]


async def test_an_external_object_that_is_not_there_fails(lab: Any, provider: ProviderProcess) -> None:
    started = await lab.create(external("nothing"), name="s")
    text = "Invalid external resource: Resource nothing (Firebrick::Test::Object) can not be found."
    assert await fails(started) == f"Resource CHECK failed: InvalidExternalResource: resources.one: {text}"
    assert (await started.resources())["one"].state == "CHECK_FAILED"
    await done(await lab.delete("s"))


THEIRS = """\
heat_template_version: 2018-08-31
parameters: {api: {type: string, default: ""}, id: {type: string, default: ""}}
resources:
  theirs:
    type: TYPE
    external_id: {get_param: id}
PROPERTIES
  ours: {type: OS::Heat::Value, properties: {type: json, value: SHOWN}}
"""


def theirs(kind: str, properties: str = "", shown: str = "{a: {get_resource: theirs}}") -> str:
    text = f"    properties: {properties}" if properties else ""
    return THEIRS.replace("TYPE", kind).replace("PROPERTIES", text).replace("SHOWN", shown)


async def test_an_external_object_of_an_api_is_read_with_the_properties_given_and_never_touched(
    lab: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Api() as api:
        monkeypatch.setenv("FIREBRICK_HTTP_HOSTS", "*")
        api.things["abc/1"] = {"id": "abc/1", "colour": "red", "state": "ACTIVE", "looks": 0}
        shown = (
            "{id: {get_resource: theirs}, colour: {get_attr: [theirs, body, colour]}, at: {get_attr: [theirs, url]}}"
        )
        given = "{url: {get_param: api}, headers: {X-Who: {get_param: id}}, body: {colour: blue}}"
        template = theirs("Firebrick::HTTP::Resource", given, shown)
        inputs = {"api": api.url, "id": "abc/1"}
        started = await done(await lab.create(template, name="s", parameters=inputs))
        rows = await started.resources()
        assert (rows["theirs"].state, rows["theirs"].physical_id) == ("CHECK_COMPLETE", "abc/1")
        value = {"id": "abc/1", "colour": "red", "at": f"{api.url}/abc%2F1"}
        assert rows["ours"].attributes["value"] == value
        await done(await lab.update("s", template.replace("blue", "red"), parameters=inputs))
        await done(await lab.delete("s"))
        assert [(method, path, headers["X-Who"]) for method, path, headers, _ in api.seen] == [
            ("GET", "/v1/things/abc%2F1", "abc/1")
        ]
        missing = {"api": api.url, "id": "nothing"}
        reason = await fails(await lab.create(template, name="t", parameters=missing))
        text = "Invalid external resource: Resource nothing (Firebrick::HTTP::Resource) can not be found."
        assert reason == f"Resource CHECK failed: InvalidExternalResource: resources.theirs: {text}"


async def test_an_external_object_of_commands_is_read_and_never_deleted(
    lab: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FIREBRICK_EXEC", "enabled")
    read = '[/bin/sh, -c, \'test "$FIREBRICK_ACTION $FIREBRICK_ID" = "CHECK abc" || exit $CODE\']'
    touched = f"[/bin/touch, {tmp_path / 'touched'}]"
    given = f"{{create: {touched}, update: {touched}, delete: {touched}, read: {read}, env: {{CODE: 3}}}}"
    template = theirs("Firebrick::Exec", given)
    started = await done(await lab.create(template, name="s", parameters={"id": "abc"}))
    assert (await started.resources())["theirs"].state == "CHECK_COMPLETE"
    await done(await lab.update("s", template.replace("CODE: 3", "CODE: 4"), parameters={"id": "abc"}))
    await done(await lab.delete("s"))
    rolled_back = await done(await lab.create(template, name="t", parameters={"id": "other"}, disable_rollback=False))
    reason = (await rolled_back.operation()).reason
    assert reason.endswith("Invalid external resource: Resource other (Firebrick::Exec) can not be found.")
    broken = template.replace("CODE: 3", "CODE: 4")
    reason = await fails(await lab.create(broken, name="u", parameters={"id": "other"}))
    assert (
        "Resource other (Firebrick::Exec) is there and does not work: the read command ended with exit code 4" in reason
    )
    assert not (tmp_path / "touched").exists()


async def test_an_external_file_is_one_that_somebody_else_has_made(
    lab: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FIREBRICK_FILE_ROOT", str(tmp_path))
    (tmp_path / "theirs.txt").write_text("hello")
    template = theirs("Firebrick::File", "", "{size: {get_attr: [theirs, size]}}")
    started = await done(await lab.create(template, name="s", parameters={"id": "theirs.txt"}))
    assert (await started.resources())["ours"].attributes["value"] == {"size": 5}
    await done(await lab.delete("s"))
    assert (tmp_path / "theirs.txt").read_text() == "hello"
    assert "can not be found" in await fails(await lab.create(template, name="t", parameters={"id": "none.txt"}))


async def test_properties_beside_an_external_id_may_be_missing_or_wrong_unless_the_check_needs_them(
    lab: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for given in ("", "{nope: 1, type: whatever}"):
        template = theirs("OS::Heat::Value", given)
        asked = CreateStackRequest(name="new", template=template, project="lab", parameters={"id": "abc"})
        assert [one.will for one in (await plan_create(lab.store, lab.registry, asked)).preview.resources] == [
            Will.CREATE,
            Will.CREATE,
        ]
        started = await lab.create(template, name=f"s{len(given)}", parameters={"id": "abc"})
        assert [one.severity for one in started.accepted.warnings] == ["warning"] * (2 if given else 0)
        await done(started)
    monkeypatch.setenv("FIREBRICK_HTTP_HOSTS", "*")
    reason = await fails(await lab.create(theirs("Firebrick::HTTP::Resource"), name="t", parameters={"id": "abc"}))
    assert reason == (
        "Resource CHECK failed: PropertyMissing: resources.theirs: Firebrick::HTTP::Resource cannot be looked at "
        "without the property url: give it beside external_id"
    )


async def test_an_external_one_of_a_type_that_cannot_look_is_taken_as_it_is(lab: Any) -> None:
    template = HEAD + "  one: {type: OS::Heat::RandomString, external_id: abc}\n"
    started = await done(await lab.create(template, name="s"))
    assert await told(started) == [
        "ADOPT_IN_PROGRESS state changed",
        "ADOPT_COMPLETE state changed",
        "CHECK_COMPLETE CHECK not supported for OS::Heat::RandomString",
    ]
    reason = await fails(await lab.update("s", HEAD + "  one: {type: OS::Heat::RandomString}\n"))
    assert "external_id of one" in reason


async def test_an_update_adopts_a_new_external_object(lab: Any, provider: ProviderProcess) -> None:
    _, made = provider.request("POST", "/objects", {"name": "theirs", "properties": {}})
    await done(await lab.create(HEAD + "  two: {type: OS::Heat::None}\n", name="s"))
    started = await done(await lab.update("s", external(made["id"])))
    assert (await started.resources())["one"].state == "CHECK_COMPLETE"
    since = len(await started.events())
    await done(await lab.update("s", external(made["id"])))
    assert await told(started, since=since) == []


async def test_an_external_one_depends_on_nothing(lab: Any) -> None:
    template = external("x", ", depends_on: two") + "  two: {type: OS::Heat::None}\n"
    with pytest.raises(InvalidInput) as refused:
        await lab.create(template)
    assert refused.value.first.message == "Invalid dependency with external Firebrick::Test::Object resource: x"


# --- deletion_policy ---


def kept(policy: str, type_: str = "Firebrick::Test::Snapshotted", **properties: str) -> str:
    return HEAD + f"  one: {{type: {type_}, deletion_policy: {policy}, properties: {properties or '{}'}}}\n"


EMPTY = "heat_template_version: 2018-08-31\n"


@pytest.mark.parametrize("policy", ["Retain", "Snapshot"])
async def test_policies_hold_on_every_way_of_deletion(lab: Any, provider: ProviderProcess, policy: str) -> None:
    failing = "  two: {type: OS::Heat::TestResource, properties: {fail: true}, depends_on: one}\n"
    for name in ("deleted", "removed", "replaced"):
        await done(await lab.create(kept(policy), name=name))
    await done(await lab.delete("deleted"))
    await done(await lab.update("removed", EMPTY))
    await done(await lab.update("replaced", kept(policy, ready_after="0.1")))
    await lab_chain(await lab.create(kept(policy) + failing, name="created", disable_rollback=False))
    await done(await lab.create(EMPTY, name="updated"))
    await lab_chain(await lab.update("updated", kept(policy) + failing, disable_rollback=False))
    living = {one.id for one in provider.ledger.living()}
    first = {one.stack: one.id for one in reversed(provider.ledger.effects("one", what="created"))}
    assert sorted(first) == ["created", "deleted", "removed", "replaced", "updated"]
    assert {stack: one in living for stack, one in first.items()} == dict.fromkeys(first, policy == "Retain")
    snapshots = [one.stack for one in provider.ledger.living() if one.label == "snapshot of one"]
    assert sorted(snapshots) == (sorted(first) if policy == "Snapshot" else [])


async def lab_chain(started: Any) -> None:
    """It fails and is rolled back: the chain's result is the rollback's."""
    result = await started.handle.result()
    assert (result.state, result.action) == (OperationState.DONE, "ROLLBACK")


async def test_a_snapshot_is_refused_where_the_type_can_make_none(lab: Any) -> None:
    with pytest.raises(InvalidInput) as refused:
        await lab.create(kept("Snapshot", "OS::Heat::TestResource"))
    assert refused.value.first.message == '"Snapshot" deletion policy not supported'
    assert refused.value.first.path == "resources.one.deletion_policy"


# --- restricted actions ---


def restricted(*actions: str) -> dict[str, Any]:
    return {"resource_registry": {"resources": {"o*": {"restricted_actions": list(actions)}}}}


def res(properties: str) -> str:
    return HEAD + f"  one: {{type: OS::Heat::TestResource, properties: {{{properties}}}}}\n"


@pytest.mark.parametrize(
    ("actions", "to", "refused"),
    [
        (("update",), res("value: b"), "update"),
        (("replace",), res("value: b"), ""),
        (("replace",), res("value: a, update_replace_value: x"), "replace"),
        (("update",), res("value: a, update_replace_value: x"), ""),
        (("update", "replace"), res("value: a"), ""),
        (("replace",), HEAD + "  one: {type: OS::Heat::None}\n", "replace"),
    ],
)
async def test_restricted_actions_fail_the_update_and_leave_the_resource(
    lab: Any, actions: tuple[str, ...], to: str, refused: str
) -> None:
    started = await done(await lab.create(res("value: a"), name="s"))
    before = (await started.resources())["one"]
    since = len(await started.events())
    update = await lab.update("s", to, environment=restricted(*actions))
    if not refused:
        await done(update)
        return
    text = f"{refused} is restricted for resource."
    reason = await fails(update)
    assert reason == f"Resource UPDATE failed: ResourceActionRestricted: resources.one: {text}"
    assert await told(update, since=since) == [f"UPDATE_FAILED {text}"]
    after = (await update.resources())["one"]
    assert (after.state, after.id, after.definition) == (before.state, before.id, before.definition)
    cause = (await update.operation()).failure.causes[0]
    assert (cause.resource, cause.error, cause.message) == ("one", "ResourceActionRestricted", text)
    await done(await lab.update("s", to))  # nothing forbids it any more


# --- unhealthy ---


async def mark(started: Any, *, unhealthy: bool = True, reason: str = "test") -> None:
    repository = started.lab.store.project("lab")
    row = (await started.resources())["one"]
    await repository.mark(row.stack_id, row, unhealthy=unhealthy, reason=reason, now=time.time())


async def test_an_unhealthy_resource_is_replaced_by_the_next_update(lab: Any) -> None:
    started = await done(await lab.create(res("value: a"), name="s"))
    before = (await started.resources())["one"]
    since = len(await started.events())
    await mark(started)
    await mark(started, reason="again")  # no second event
    assert await told(started, since=since) == ["CHECK_FAILED test"]
    await mark(started, unhealthy=False, reason="well")
    await mark(started, unhealthy=False, reason="well")
    assert (await told(started, since=since))[1:] == ["CHECK_COMPLETE well"]
    await done(await lab.update("s", res("value: a")))
    assert (await started.resources())["one"].physical_id == before.physical_id
    await mark(started)
    await done(await lab.update("s", res("value: a")))
    assert (await started.resources())["one"].physical_id != before.physical_id


async def test_a_resource_at_work_cannot_be_marked(lab: Any) -> None:
    started = await lab.create(HEAD + "  one: {type: Firebrick::Test::Signalled}\n", name="s")
    async for _ in until_in_progress(started):
        pass
    with pytest.raises(ActionInProgress, match="something is being done to one"):
        await mark(started)


async def until_in_progress(started: Any) -> Any:
    while (await started.resources())["one"].state != "CREATE_IN_PROGRESS":
        yield


# --- converge ---


async def test_converge_asserts_again_what_was_changed_behind_the_stacks_back(
    lab: Any, provider: ProviderProcess
) -> None:
    started = await done(await lab.create(OBJECT.replace("VALUE", "a"), name="s"))
    (id_,) = objects(provider)
    provider.request("PUT", f"/objects/{id_}", {"properties": {"value": "theirs", "size": 1}})
    await done(await lab.update("s", OBJECT.replace("VALUE", "a")))
    assert provider.request("GET", f"/objects/{id_}")[1]["properties"]["value"] == "theirs"
    since = len(await started.events())
    await done(await lab.update("s", OBJECT.replace("VALUE", "a"), converge=True))
    assert provider.request("GET", f"/objects/{id_}")[1]["properties"]["value"] == "a"
    assert await told(started, since=since) == ["UPDATE_IN_PROGRESS state changed", "UPDATE_COMPLETE state changed"]
    since = len(await started.events())
    await done(await lab.update("s", OBJECT.replace("VALUE", "a"), converge=True))
    assert await told(started, since=since) == []


async def test_converge_replaces_what_is_gone(lab: Any, provider: ProviderProcess) -> None:
    started = await done(await lab.create(OBJECT.replace("VALUE", "a"), name="s"))
    (id_,) = objects(provider)
    provider.request("DELETE", f"/objects/{id_}")
    await done(await lab.update("s", OBJECT.replace("VALUE", "a")))
    assert not objects(provider)
    await done(await lab.update("s", OBJECT.replace("VALUE", "a"), converge=True))
    (new,) = objects(provider)
    assert (await started.resources())["one"].physical_id == new != id_


async def test_converge_goes_on_where_nobody_answers(lab: Any, provider: ProviderProcess) -> None:
    started = await done(await lab.create(OBJECT.replace("VALUE", "a"), name="s"))
    since = len(await started.events())
    provider.fault("fail", method="GET", status=400, times=100)
    await done(await lab.update("s", OBJECT.replace("VALUE", "a"), converge=True))
    assert await told(started, since=since) == []


# --- immutable parameters ---


async def test_an_immutable_parameter_stays_what_it_is(lab: Any) -> None:
    head = "heat_template_version: 2018-08-31\nparameters:\n  p: {type: number, default: 1, immutable: true}\n"
    template = head + "resources:\n  one: {type: OS::Heat::Value, properties: {value: {get_param: p}}}\n"
    await done(await lab.create(template, name="s", parameters={"p": "5"}))
    with pytest.raises(InvalidInput) as refused:
        await lab.update("s", template, parameters={"p": "6"})
    text = "The following parameters are immutable and may not be updated: p"
    assert (refused.value.first.message, refused.value.first.heat_type) == (text, "ImmutableParameterModified")
    with pytest.raises(InvalidInput):
        await lab.update("s", template)  # back to the default
    for request in ({"parameters": {"p": "5"}}, {"existing": True}):
        await done(await lab.update("s", template, **request))
    with pytest.raises(InvalidInput):
        await lab.update("s", existing=True, environment={"parameters": {"p": 7}})
