"""OS::Heat::None takes anything and is nothing."""

import uuid

from firebrick.resources.heat.none import NoneResource
from firebrick.resources.schema import TypeSchema
from firebrick.testing.rehearsal import Rehearsal


def test_any_property_fits() -> None:
    schema = TypeSchema.of(NoneResource)
    assert schema.check({"anything": [1, {"a": None}], "size": -1}, unknown=object()) == []
    assert schema.any_attribute


def test_every_attribute_is_null_and_the_physical_id_a_uuid() -> None:
    resource = Rehearsal(NoneResource(), {"flavor": "m1.small"})
    resource.create()
    assert resource.attribute("networks") is None
    assert uuid.UUID(resource.physical_id).version == 4
    assert resource.pauses == []
    resource.delete()
    assert resource.pauses == []


def test_a_create_that_is_repeated_gives_the_same_id_and_another_resource_another() -> None:
    ids = []
    for key in ("one", "one", "two"):
        resource = Rehearsal(NoneResource(), {}, key=key)
        resource.create()
        ids.append(resource.physical_id)
    assert ids[0] == ids[1] != ids[2]
