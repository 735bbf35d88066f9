"""Types that keep the contract and types that break it in one thing each, for the tests of the contract kit.

BOOKS is their provider: id -> object, in this process; nothing about it is pretended.
"""

from collections.abc import Mapping
from typing import Annotated, Any

from firebrick.resources.base import Context, Done, Found, Live, Next, Poll, ResourceProperties, ResourceType
from firebrick.resources.errors import PermanentError
from firebrick.resources.vocabulary import UPDATABLE

BOOKS: dict[str, dict[str, Any]] = {}


def new_id() -> str:
    return f"o{len(BOOKS) + 1}-{sum(map(len, BOOKS)) + len(BOOKS)}"


class Sound(ResourceType):
    """Keeps the contract: found by its key, polls once, updates, reads, is gone when it is deleted."""

    type_name = "Example::Sound"
    attributes = {"colour": "What it looks like."}

    class Properties(ResourceProperties):
        colour: Annotated[str, UPDATABLE] = "red"
        password: str | None = None
        size: int

    def create(self, context: Context) -> Next:
        if context.properties.size > 9:
            raise PermanentError("no such size")
        made = new_id()
        BOOKS[made] = {"key": context.key, "colour": context.properties.colour}
        return Poll(after=1, physical_id=made)

    def poll_create(self, context: Context) -> Next:
        return Done(physical_id=context.physical_id, attributes={"colour": BOOKS[str(context.physical_id)]["colour"]})

    def find_by_key(self, context: Context) -> Found | None:
        found = [made for made, one in BOOKS.items() if one["key"] == context.key]
        return Found(physical_id=found[0]) if found else None

    def update(self, context: Context) -> Next:
        BOOKS[str(context.physical_id)]["colour"] = context.properties.colour
        return self.poll_create(context)

    def read(self, context: Context) -> Live | None:
        found = BOOKS.get(str(context.physical_id))
        return None if found is None else Live(properties={"colour": found["colour"]})

    def delete(self, context: Context) -> Next:
        BOOKS.pop(str(context.physical_id), None)
        return Done()


class Token(ResourceType):
    """Keeps the contract another way, in coroutines: the provider makes one object for one token."""

    type_name = "Example::Token"
    idempotent_create = True

    async def create(self, context: Context) -> Next:
        BOOKS.setdefault(context.key, {})
        return Done(physical_id=context.key)

    async def delete(self, context: Context) -> Next:
        BOOKS.pop(str(context.physical_id), None)
        return Done()


# --- broken ones: each differs from Sound in one thing ------------------------------------------------------------


class BadName(Sound):
    type_name = "example"


class NoDescription(Sound):
    type_name = "Example::NoDescription"
    attributes = {"colour": ""}


class BadDefault(Sound):
    type_name = "Example::BadDefault"

    class Properties(Sound.Properties):
        shade: int = "dark"  # type: ignore[assignment]


class DefaultNoJson(Sound):
    type_name = "Example::DefaultNoJson"

    class Properties(Sound.Properties):
        tags: dict[str, Any] = {"x": {1, 2}}


class NoUpdate(Sound):
    type_name = "Example::NoUpdate"
    update = ResourceType.update  # type: ignore[assignment]


class NoPhysicalId(Sound):
    type_name = "Example::NoPhysicalId"

    def create(self, context: Context) -> Next:
        super().create(context)
        return Done()


class PollsWithoutId(Sound):
    type_name = "Example::PollsWithoutId"

    def create(self, context: Context) -> Next:
        answer = super().create(context)
        return Poll(after=1, progress={"id": getattr(answer, "physical_id", None)})


class UnnamedAttribute(Sound):
    type_name = "Example::UnnamedAttribute"
    attributes = {}


class AttributeNoJson(Sound):
    type_name = "Example::AttributeNoJson"

    def poll_create(self, context: Context) -> Next:
        return Done(physical_id=context.physical_id, attributes={"colour": {"red"}})


class MakesTwo(Sound):
    type_name = "Example::MakesTwo"

    def create(self, context: Context) -> Next:
        BOOKS["twin of " + new_id()] = {"key": "", "colour": ""}
        return super().create(context)


class PollMakes(Sound):
    type_name = "Example::PollMakes"

    def poll_create(self, context: Context) -> Next:
        BOOKS.setdefault(context.key + str(len(BOOKS)), {"key": context.key, "colour": ""})
        return super().poll_create(context)


class Forgetful(Sound):
    type_name = "Example::Forgetful"
    find_by_key = None  # type: ignore[assignment]


class NotReallyIdempotent(Forgetful):
    type_name = "Example::NotReallyIdempotent"
    idempotent_create = True


class MarksTooLate(Sound):
    """Its object can be found only after a second step."""

    type_name = "Example::MarksTooLate"

    def create(self, context: Context) -> Next:
        made = new_id()
        BOOKS[made] = {"key": None, "colour": context.properties.colour}
        BOOKS[made]["key"] = context.key
        return Poll(after=1, physical_id=made)


class FindsAnything(Sound):
    type_name = "Example::FindsAnything"

    def find_by_key(self, context: Context) -> Found | None:
        return Found(physical_id=next(iter(BOOKS))) if BOOKS else None


class ReadsGone(Sound):
    type_name = "Example::ReadsGone"

    def read(self, context: Context) -> Live | None:
        return super().read(context) or Live(properties={})


class ReadRaises(Sound):
    type_name = "Example::ReadRaises"

    def read(self, context: Context) -> Live | None:
        return Live(properties={"colour": BOOKS[str(context.physical_id)]["colour"]})


class ReadsWrong(Sound):
    type_name = "Example::ReadsWrong"

    def read(self, context: Context) -> Live | None:
        return Live(properties={"colour": "green"}) if str(context.physical_id) in BOOKS else None


class ReadsUnknown(Sound):
    type_name = "Example::ReadsUnknown"

    def read(self, context: Context) -> Live | None:
        return Live(properties={"color": "red"}) if str(context.physical_id) in BOOKS else None


class ReadsOwnOnly(Sound):
    type_name = "Example::ReadsOwnOnly"

    def create(self, context: Context) -> Next:
        made = super().create(context)
        BOOKS[str(made.physical_id)]["name"] = context.physical_name
        return made

    def read(self, context: Context) -> Live | None:
        found = BOOKS.get(str(context.physical_id))
        return super().read(context) if found is not None and found["name"] == context.physical_name else None


class ReadMakes(Sound):
    type_name = "Example::ReadMakes"

    def read(self, context: Context) -> Live | None:
        BOOKS["x" + new_id()] = {"key": "", "colour": ""}
        return super().read(context)


class UpdateForgets(Sound):
    type_name = "Example::UpdateForgets"

    def update(self, context: Context) -> Next:
        BOOKS[str(context.physical_id)]["colour"] = context.properties.colour
        return Done()


class UpdateIgnores(Sound):
    type_name = "Example::UpdateIgnores"

    def update(self, context: Context) -> Next:
        return self.poll_create(context)


class UpdateMovesAway(Sound):
    type_name = "Example::UpdateMovesAway"

    def update(self, context: Context) -> Next:
        found = BOOKS.pop(str(context.physical_id))
        BOOKS["moved"] = {**found, "colour": context.properties.colour}
        return Done(physical_id="moved", attributes={"colour": context.properties.colour})


class UpdateOnce(Sound):
    """Half-way, it has taken away what it would need to begin again."""

    type_name = "Example::UpdateOnce"

    def update(self, context: Context) -> Next:
        if "locked" in BOOKS[str(context.physical_id)]:
            raise PermanentError("locked")
        BOOKS[str(context.physical_id)]["locked"] = True
        BOOKS[str(context.physical_id)]["colour"] = context.properties.colour
        del BOOKS[str(context.physical_id)]["locked"]
        return self.poll_create(context)


class DeletesNothing(Sound):
    type_name = "Example::DeletesNothing"

    def delete(self, context: Context) -> Next:
        return Done()


class DeletesOnce(Sound):
    type_name = "Example::DeletesOnce"

    def delete(self, context: Context) -> Next:
        del BOOKS[str(context.physical_id)]
        return Done()


class HidesCauses(Sound):
    type_name = "Example::HidesCauses"

    def create(self, context: Context) -> Next:
        try:
            if context.properties.size > 9:
                raise ValueError(f"login with {context.properties.password} refused")
        except ValueError:
            raise PermanentError("the provider said no") from None
        return super().create(context)


class TellsCauses(Sound):
    type_name = "Example::TellsCauses"

    def create(self, context: Context) -> Next:
        try:
            if context.properties.size > 9:
                raise ValueError(f"login with {context.properties.password} refused")
        except ValueError as error:
            raise PermanentError("the provider said no") from error
        return super().create(context)


class NeverRefuses(Sound):
    type_name = "Example::NeverRefuses"

    def create(self, context: Context) -> Next:
        made = new_id()
        BOOKS[made] = {"key": context.key, "colour": context.properties.colour}
        return Poll(after=1, physical_id=made)


BROKEN: Mapping[type[ResourceType], tuple[str, str]] = {
    BadName: ("schema_is_sound", "type_name must be words joined by '::'"),
    NoDescription: ("schema_is_sound", "attribute colour has no description"),
    BadDefault: ("schema_is_sound", "with the default of property shade written out"),
    DefaultNoJson: ("schema_is_sound", "cannot be written as JSON"),
    NoUpdate: ("updatable_properties_have_an_update", "colour say UPDATABLE, and the type has no update"),
    NoPhysicalId: ("create_makes_one_object", "the create gave no physical_id"),
    PollsWithoutId: ("repeated_polls_change_nothing", "its create polls without a physical_id"),
    UnnamedAttribute: ("create_makes_one_object", "attributes that it does not name in `attributes`: colour"),
    AttributeNoJson: ("create_makes_one_object", "its attributes cannot be written as JSON"),
    MakesTwo: ("create_makes_one_object", "after a create, 2 new objects exist at the provider, not 1"),
    PollMakes: ("repeated_polls_change_nothing", "whose polls were repeated, 3 new objects exist"),
    Forgetful: ("a_create_whose_answer_is_lost_makes_one_object", "neither find_by_key nor idempotent_create"),
    NotReallyIdempotent: ("a_create_whose_answer_is_lost_makes_one_object", "2 new objects exist"),
    MarksTooLate: ("a_create_that_dies_anywhere_makes_one_object", "after a create that died at"),
    FindsAnything: ("find_by_key_finds_its_own_object_only", "under the key of another resource"),
    ReadsGone: ("read_of_a_gone_object_gives_none", "read of a deleted object gives Live"),
    ReadRaises: ("read_of_a_gone_object_gives_none", "read of a deleted object raises KeyError"),
    ReadsWrong: ("read_sees_what_was_created", "another value of colour than the one asked for"),
    ReadsUnknown: ("read_sees_what_was_created", "read gives color, which is none of its properties"),
    ReadsOwnOnly: (
        "read_sees_an_external_object",
        "with its properties, gives None: with context.external there is no",
    ),
    ReadMakes: ("read_sees_what_was_created", "after a create and reads, 2 new objects"),
    UpdateForgets: ("update_changes_the_object_in_place", "lacks attributes that the create gave: colour"),
    UpdateIgnores: ("update_changes_the_object_in_place", "after an update gives another value of colour"),
    UpdateMovesAway: ("update_changes_the_object_in_place", "an update made moved of"),
    UpdateOnce: ("an_update_that_dies_anywhere_can_be_repeated", "raises PermanentError: locked"),
    DeletesNothing: ("delete_leaves_nothing_and_can_be_repeated", "after a delete, 1 new objects exist"),
    DeletesOnce: ("delete_leaves_nothing_and_can_be_repeated", "not found is success"),
    TellsCauses: ("a_refused_create_leaves_nothing_and_tells_no_secret", "a secret is in PermanentError"),
    NeverRefuses: ("a_refused_create_leaves_nothing_and_tells_no_secret", "with Contract.refused succeeds"),
}
