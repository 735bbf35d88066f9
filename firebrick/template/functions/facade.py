"""resource_facade: what the parent stack says of the resource that this whole stack stands for."""

from typing import Any, ClassVar

from firebrick.template.functions.base import UNKNOWN, Misuse, Scope, put_off
from firebrick.template.problems import kind_of

FIELDS = ("metadata", "deletion_policy", "update_policy")


class ResourceFacade:
    """``resource_facade: metadata`` (or deletion_policy, update_policy). Static: the parent is there already."""

    name: ClassVar[str] = "resource_facade"
    fields: ClassVar[tuple[str, ...]] = FIELDS

    @classmethod
    def build(cls, raw: Any, scope: Scope) -> Any:
        unknown, left = scope.mark()
        field = scope.reduce(raw)
        unknown_now, left_now = scope.mark()
        if unknown_now != unknown:
            return UNKNOWN
        if left_now != left or not isinstance(field, str) or field not in cls.fields:
            raise Misuse(
                f"{cls.name} needs one of {', '.join(cls.fields)}",
                heat=f'Incorrect arguments to "{cls.name}" should be one of: {list(cls.fields)}',
                detail=f"It is {kind_of(field)}." if not isinstance(field, str) else "",
            )
        try:
            return scope.spend(scope.facade(FIELDS[cls.fields.index(field)]))
        except Misuse as error:
            return put_off(error, cls.name, scope)


class FnResourceFacade(ResourceFacade):
    """Its name, and those of the fields, in CloudFormation templates."""

    name: ClassVar[str] = "Fn::ResourceFacade"
    fields: ClassVar[tuple[str, ...]] = ("Metadata", "DeletionPolicy", "UpdatePolicy")
