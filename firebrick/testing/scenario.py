"""A fake type, its world and a gate, for driving scenarios: create; update; interrupt after n resource actions; roll
back; see what exists and how often what was done.

    world = ScenarioWorld(folder)
    kind = scenario_type(("a", "!b"), world)      # properties: strings; a change of one that begins with ! replaces
    world.close()                                 # from now on no action of a resource finishes
    world.allow(2)                                # two more do, and no third
    world.open()                                  # all do
    world.living()                                # {"web": {"a": "1", "!b": None}, ...}: live objects by resource name
    world.counts["web", "create"]                 # how often that finished
    world.fail("web", "update")                   # the next update of web fails instead of finishing

The type has an attribute of each property's name. An action takes effect and finishes in the same moment, when the gate
lets it pass; one that waits there has done nothing yet, and can be interrupted: its resource FAILED, its object is
well, and the next update goes on with it. After an action that was ordered to fail it is replaced.

Everything is in one file of the folder, under a lock, so that a worker may run in this process or in another: there it
loads this module as a plug-in (FIREBRICK_PLUGINS=firebrick.testing.scenario), with the folder in FIREBRICK_TEST_WORLD
and the properties' names, separated by commas, in FIREBRICK_TEST_PROPERTIES. ``starter.testing`` has an engine to go
with it.
"""

import fcntl
import json
import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, create_model

from firebrick.resources.base import Context, Done, Found, Live, Next, Poll, ResourceProperties, ResourceType
from firebrick.resources.errors import PermanentError
from firebrick.resources.vocabulary import UPDATABLE

WORLD, PROPERTIES = "FIREBRICK_TEST_WORLD", "FIREBRICK_TEST_PROPERTIES"
TYPE_NAME = "Firebrick::Test::Scenario"
LOOK_AGAIN = 0.05  # seconds between two looks at a closed gate

Action = Literal["create", "update", "delete"]


class ScenarioWorld:
    """The objects of a folder. Any number of these, in any number of processes, may look at one folder."""

    def __init__(self, folder: Path | str) -> None:
        self._file = Path(folder) / "world.json"
        self._file.parent.mkdir(parents=True, exist_ok=True)

    # --- what a scenario asks -------------------------------------------------------------------------------------

    def living(self) -> dict[str, dict[str, str | None]]:
        """Properties of the live object of each resource. ValueError when a resource has two: see `objects`."""
        found: dict[str, dict[str, str | None]] = {}
        for one in self.objects():
            if one["name"] in found:
                raise ValueError(f"{one['name']} has more than one live object")
            found[one["name"]] = one["properties"]
        return found

    def objects(self, stack: str = "") -> list[dict[str, Any]]:
        """Live objects, oldest first: {id, name, stack, properties}; of one stack's name, where given."""
        objects = self._read()["objects"].values()
        return [one for one in objects if one["alive"] and stack in ("", one["stack"])]

    @property
    def finished(self) -> list[tuple[str, str]]:
        """(resource name, action) in the order in which they finished."""
        return [(name, action) for name, action in self._read()["finished"]]

    @property
    def counts(self) -> "Counter[tuple[str, str]]":
        """How often each (resource name, action) has finished."""
        return Counter(self.finished)

    @property
    def waiting(self) -> list[tuple[str, str]]:
        """(resource name, action) of those that have come to the closed gate and not passed, in the order they came."""
        return [(name, action) for name, action in self._read()["waiting"].values()]

    # --- what a scenario orders -----------------------------------------------------------------------------------

    def close(self) -> None:
        """No action finishes from now on."""
        with self._changing() as state:
            state["gate"] = 0

    def allow(self, count: int) -> None:
        """So many more actions finish, and no further one."""
        with self._changing() as state:
            state["gate"] = (state["gate"] or 0) + count

    def open(self) -> None:
        """All actions finish."""
        with self._changing() as state:
            state["gate"] = None

    def fail(self, name: str, action: Action) -> None:
        """The next action of this kind of this resource fails when the gate lets it pass; nothing is changed."""
        with self._changing() as state:
            state["fails"].append([name, action])

    # --- what the type does ---------------------------------------------------------------------------------------

    def act(self, action: Action, context: Context, properties: Mapping[str, Any]) -> str | None:
        """Do it if the gate lets it pass: the object's id; None: not yet. The same action again has no effect again."""
        key = f"{action} {context.key}"
        with self._changing() as state:
            if key in state["done"]:
                return str(state["done"][key])
            if state["gate"] == 0:
                state["waiting"].setdefault(key, [context.name, action])
                return None
            if state["gate"] is not None:
                state["gate"] -= 1
            state["waiting"].pop(key, None)
            if [context.name, action] in state["fails"]:
                state["fails"].remove([context.name, action])
                failed = True
                if context.physical_id in state["objects"]:
                    state["objects"][context.physical_id]["broken"] = True
            else:
                failed = False
                state["done"][key] = self._apply(state, action, context, properties)
                state["finished"].append([context.name, action])
        if failed:
            raise PermanentError(f"{action} of {context.name} fails as ordered")
        return str(state["done"][key])

    @staticmethod
    def _apply(state: dict[str, Any], action: Action, context: Context, properties: Mapping[str, Any]) -> str:
        objects = state["objects"]
        if action == "create":
            id_ = f"{context.name}-{len(objects) + 1}"
            about = {"id": id_, "name": context.name, "stack": context.stack_name, "key": context.key}
            objects[id_] = about | {"properties": dict(properties), "alive": True}
            return id_
        id_ = str(context.physical_id)
        if action == "update":
            objects[id_] |= {"properties": dict(properties), "broken": False}
        else:
            objects[id_]["alive"] = False
        return id_

    def find(self, key: str) -> str | None:
        return next((one["id"] for one in self.objects() if one["key"] == key), None)

    def well(self, id_: str | None) -> bool:
        """Whether there is such a live object, and its last action was not one that was ordered to fail."""
        return any(one["id"] == id_ and not one.get("broken") for one in self.objects())

    def properties(self, id_: str | None) -> dict[str, str | None] | None:
        """Of a live object; None when there is none."""
        return next((one["properties"] for one in self.objects() if one["id"] == id_), None)

    # --- the file -------------------------------------------------------------------------------------------------

    def _read(self) -> dict[str, Any]:
        with self._changing(write=False) as state:
            return state

    @contextmanager
    def _changing(self, *, write: bool = True) -> Iterator[dict[str, Any]]:
        """The whole state, locked; written back unless an exception is raised."""
        file = os.open(self._file, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX if write else fcntl.LOCK_SH)
            text = os.read(file, os.fstat(file).st_size)
            empty: dict[str, Any] = {
                "objects": {},
                "finished": [],
                "done": {},
                "waiting": {},
                "fails": [],
                "gate": None,
            }
            state = json.loads(text) if text else empty
            yield state
            if write:
                content = json.dumps(state).encode()
                os.pwrite(file, content, 0)
                os.ftruncate(file, len(content))
        finally:
            os.close(file)


class ScenarioType(ResourceType):
    """What scenario_type makes types from."""

    __test__ = False  # for pytest: no test, in spite of its module
    hidden = True
    type_name = TYPE_NAME
    description = "A fake whose properties are strings, for scenarios."
    world: ClassVar[ScenarioWorld]

    def create(self, context: Context) -> Next:
        return self._act("create", context)

    def poll_create(self, context: Context) -> Next:
        return self._act("create", context)

    def find_by_key(self, context: Context) -> Found | None:
        id_ = self.world.find(context.key)
        return None if id_ is None else Found(physical_id=id_)

    def update(self, context: Context) -> Next:
        return self._act("update", context)

    def poll_update(self, context: Context) -> Next:
        return self._act("update", context)

    def delete(self, context: Context) -> Next:
        return self._act("delete", context)

    def poll_delete(self, context: Context) -> Next:
        return self._act("delete", context)

    def replace_failed(self, context: Context) -> bool:
        return not self.world.well(context.physical_id)

    def read(self, context: Context) -> Live | None:
        properties = self.world.properties(context.physical_id)
        return None if properties is None else Live(properties, attributes=properties)

    def _act(self, action: Action, context: Context) -> Next:
        properties = {} if context.properties is None else context.properties.model_dump(by_alias=True)
        id_ = self.world.act(action, context, properties)
        if id_ is None:
            return Poll(after=LOOK_AGAIN)
        return Done() if action == "delete" else Done(physical_id=id_, attributes=properties)


def scenario_type(names: Sequence[str], world: ScenarioWorld) -> type[ScenarioType]:
    """A resource type (TYPE_NAME) on this world, with string properties and attributes of these names, for a Registry.

    A change of a property whose name begins with ! replaces the resource; the others are changed in place.
    """
    fields: dict[str, Any] = {}
    for number, name in enumerate(names):
        kind: Any = str | None
        field: Any = Field(alias=name, description="Any text.", default=None)
        fields[f"p{number}"] = (kind if name.startswith("!") else Annotated[kind, UPDATABLE], field)
    model = create_model("Properties", __base__=ResourceProperties, **fields)
    attributes = dict.fromkeys(names, "As the property.")
    return type("Scenario", (ScenarioType,), {"Properties": model, "attributes": attributes, "world": world})


def _of_environment() -> list[type[ResourceType]]:
    names = [name for name in os.environ.get(PROPERTIES, "").split(",") if name]
    return [scenario_type(names, ScenarioWorld(os.environ[WORLD]))] if WORLD in os.environ else []


RESOURCE_TYPES: list[type[ResourceType]] = _of_environment()
