"""OS::Heat::TestResource: does what a test tells it: wait, fail, give back a value."""

import time
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from firebrick.resources.base import Context, Done, Next, ResourceProperties, ResourceType, SupportStatus
from firebrick.resources.vocabulary import UPDATABLE, Custom, Number
from firebrick.resources.waits import FOR_EVER, wait_until

TICK = 0.001  # seconds: an action ends when *more* than wait_secs have passed; a wait of 0 is none


class ActionWaitSeconds(ResourceProperties):
    create: Annotated[Number | None, UPDATABLE, Field(description="Seconds a create takes, not wait_secs.")] = None
    update: Annotated[Number | None, UPDATABLE, Field(description="Seconds an update takes, not wait_secs.")] = None
    delete: Annotated[Number | None, UPDATABLE, Field(description="Seconds a delete takes, not wait_secs.")] = None


class TestResource(ResourceType):
    """Makes nothing anywhere; its action completes when more than the told seconds have passed (-1: never).

    Heat sleeps constraint_prop_secs in the validation of properties. Here validation never sleeps: the create
    waits that long on a timer before it begins. attr_wait_secs passes whenever the attribute is read. Heat asks a
    cloud client of the name client_name while it waits, and ignores its answers and errors; nothing is asked here.
    """

    __test__ = False  # for pytest: no test, in spite of its name

    type_name = "OS::Heat::TestResource"
    description = "Waits, fails and gives back a value, as told; for tests."
    support_status = SupportStatus(version="5.0.0")
    attributes = {"output": "The stored value."}
    inline = True
    slow_attributes = True
    idempotent_create = True

    class Properties(ResourceProperties):
        constraint_prop_secs: Annotated[
            Number, Custom("test_constr"), UPDATABLE, Field(description="Seconds that checking the properties takes.")
        ] = 0
        attr_wait_secs: Annotated[Number, UPDATABLE, Field(description="Seconds that reading the attribute takes.")] = 0
        value: Annotated[str, UPDATABLE, Field(description="Text to store.")] = "test_string"
        update_replace_value: Annotated[str | None, Field(description="A change of it replaces the resource.")] = None
        fail: Annotated[bool, UPDATABLE, Field(description="Create and update fail after their wait.")] = False
        update_replace: Annotated[
            bool, UPDATABLE, Field(description="A change of the value replaces the resource.")
        ] = False
        wait_secs: Annotated[Number, UPDATABLE, Field(description="Seconds an action takes; -1: for ever.")] = 0
        action_wait_secs: Annotated[
            ActionWaitSeconds | None, UPDATABLE, Field(description="Seconds for one action each.")
        ] = None
        client_name: Annotated[
            str, UPDATABLE, Field(description="Cloud client to ask while it waits; no answer matters.")
        ] = ""
        entity_name: Annotated[str, UPDATABLE, Field(description="What to ask that client for.")] = ""

    def create(self, context: Context) -> Next:
        properties = context.properties
        started = context.now + max(properties.constraint_prop_secs, 0)
        # Heat stores the physical id before it waits, and none if the create is to fail.
        return self._wait(context, started, physical_id=None if properties.fail else context.physical_name)

    def poll_create(self, context: Context) -> Next:
        return self._wait(context, context.progress.get("started", context.now))

    def update(self, context: Context) -> Next:
        # Only a new value takes its time; anything else is there at once.
        return self._wait(context, context.now) if "value" in context.changed else self._told(context)

    def poll_update(self, context: Context) -> Next:
        return self._wait(context, context.progress.get("started", context.now))

    def forces_replacement(self, context: Context) -> bool:
        return "value" in context.changed and context.properties.update_replace

    def delete(self, context: Context) -> Next:
        return self._wait(context, context.now)

    def poll_delete(self, context: Context) -> Next:
        return self._wait(context, context.progress.get("started", context.now))

    def _wait(self, context: Context, started: float, physical_id: str | None = None) -> Next:
        properties = context.properties
        seconds = getattr(properties.action_wait_secs, context.action.lower(), None)
        if seconds is None:
            seconds = properties.wait_secs
        due = FOR_EVER if seconds < 0 else started + seconds + (TICK if seconds else 0)
        if due == FOR_EVER or context.now < due:
            return wait_until(due, now=context.now, progress={"started": started}, physical_id=physical_id)
        if context.action == "DELETE":
            return Done()
        return self._told(context, physical_id)

    def _told(self, context: Context, physical_id: str | None = None) -> Done:
        properties = context.properties
        if properties.fail:
            raise ValueError(f"Test Resource failed {context.name}")
        data = {"value": properties.value, "attr_wait_secs": properties.attr_wait_secs}
        return Done(physical_id=physical_id, attributes={"output": properties.value}, data=data)

    def attribute(self, name: str, context: Context, stored: Mapping[str, Any]) -> Any:
        if name == "output" and (seconds := context.data.get("attr_wait_secs", 0)) > 0:
            time.sleep(seconds)
        return stored.get(name)
