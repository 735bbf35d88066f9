"""The two ways of writing a template, HOT and CloudFormation, as one: which version, which words, what is allowed."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from firebrick.template.versions import (
    AWS_VERSION,
    CFN,
    CONDITIONS_SINCE,
    HOT,
    HOT_VERSIONS,
    LATE_CONDITIONS_SINCE,
    MODULO_SINCE,
    TAGS_SINCE,
)

_SECTIONS = ("description", "parameter_groups", "parameters", "mappings", "conditions", "resources", "outputs")
_RESOURCE = (
    "type",
    "properties",
    "metadata",
    "depends_on",
    "deletion_policy",
    "update_policy",
    "description",
    "condition",
    "external_id",
)
_OUTPUT = ("value", "description", "condition")


def _camel(word: str) -> str:
    return "".join(part.capitalize() for part in word.split("_"))


@dataclass(frozen=True)
class Dialect:
    """How one template is written.

    name: ``heat_template_version.2018-08-31``; version: what its version key says, aliases replaced. since: what
    functions_of() takes. The maps go from our word (HOT's) to the one written, and have only what the version has.
    """

    name: str
    version: str
    cfn: bool = False
    conditions: bool = True
    late_conditions: bool = False
    lower_policies: bool = False
    modulo: bool = False
    tags: bool = False
    sections: Mapping[str, str] = field(default_factory=dict)
    resource: Mapping[str, str] = field(default_factory=dict)
    output: Mapping[str, str] = field(default_factory=dict)

    @property
    def functions(self) -> str:
        """What functions_of() takes."""
        return self.name if self.cfn else self.version


def _words(words: tuple[str, ...], without: tuple[str, ...], *, cfn: bool) -> dict[str, str]:
    return {word: _camel(word) if cfn else word for word in words if word not in without}


def _hot(version: str) -> Dialect:
    conditions = version >= CONDITIONS_SINCE
    late: tuple[str, ...] = () if conditions else ("conditions", "condition", "external_id")
    return Dialect(
        name=f"{HOT}.{version}",
        version=version,
        conditions=conditions,
        late_conditions=version >= LATE_CONDITIONS_SINCE,
        lower_policies=conditions,
        modulo=version >= MODULO_SINCE,
        tags=version >= TAGS_SINCE,
        sections=_words(_SECTIONS, (*late, "mappings"), cfn=False),
        resource=_words(_RESOURCE, late, cfn=False),
        output=_words(_OUTPUT, late, cfn=False),
    )


def _cloudformation(key: str) -> Dialect:
    name = f"{key}.{CFN[key]}"
    conditions = name == AWS_VERSION
    late: tuple[str, ...] = () if conditions else ("conditions", "condition")
    return Dialect(
        name=name,
        version=CFN[key],
        cfn=True,
        conditions=conditions,
        sections=_words(_SECTIONS, (*late, "parameter_groups"), cfn=True),
        resource=_words(_RESOURCE, (*late, "external_id"), cfn=True),
        output=_words(_OUTPUT, late, cfn=True),
    )


DIALECTS: Mapping[str, Dialect] = {one.name: one for one in (*map(_hot, HOT_VERSIONS), *map(_cloudformation, CFN))}
"""By name: every version there is, the oldest of HOT first."""
