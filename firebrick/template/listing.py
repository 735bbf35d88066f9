"""The versions of the language and the functions of each, for people to look up."""

from firebrick.diagnostics import Diagnostic, NotFound
from firebrick.template.dialect import DIALECTS, Dialect
from firebrick.template.functions import CFN_CONDITION_NAMES, CONDITION_NAMES, functions_of
from firebrick.template.functions.absent import Absent
from firebrick.template.problems import near, shorten
from firebrick.template.versions import ALIASES, HOT

_SENTENCES = {
    "get_param": "The value of a parameter, or a part of it.",
    "get_resource": "The reference id of a resource.",
    "get_attr": "An attribute of a resource, or a part of it.",
    "get_file": "The content of a file that was sent along.",
    "list_join": "Texts joined by a delimiter.",
    "str_replace": "A text with placeholders replaced.",
    "str_replace_strict": "str_replace; every placeholder must occur.",
    "str_replace_vstrict": "str_replace; every placeholder must occur, and no value be empty.",
    "resource_facade": "What the parent stack says of the resource that this stack stands for.",
    "repeat": "A template once for each item of lists.",
    "digest": "The hash of a text.",
    "str_split": "A text cut at a delimiter.",
    "map_merge": "Maps made one.",
    "map_replace": "A map with other keys or values.",
    "yaql": "What a YAQL expression makes of data.",
    "if": "One of two values, as a condition decides.",
    "filter": "A list without certain values.",
    "make_url": "A URL of its parts.",
    "list_concat": "Lists made one.",
    "list_concat_unique": "Lists made one, without doubles.",
    "contains": "Whether a value is in a list or a text.",
    "Ref": "The reference id of a resource, or the value of a parameter.",
    "Fn::GetAtt": "An attribute of a resource.",
    "Fn::FindInMap": "A value of the section Mappings.",
    "Fn::GetAZs": "The availability zones.",
    "Fn::Join": "Texts joined by a delimiter.",
    "Fn::Split": "A text cut at a delimiter.",
    "Fn::Replace": "A text with placeholders replaced.",
    "Fn::Select": "An item of a list or a map.",
    "Fn::Base64": "The text itself.",
    "Fn::MemberListToMap": "A map of a list with numbered keys and values.",
    "Fn::ResourceFacade": "What the parent stack says of the resource that this stack stands for.",
    "Fn::If": "One of two values, as a condition decides.",
}
_CONDITIONS = {
    "equals": "Whether two values are equal.",
    "not": "Whether a condition does not hold.",
    "and": "Whether all of several conditions hold.",
    "or": "Whether one of several conditions holds.",
}


def versions() -> list[tuple[str, str, list[str]]]:
    """(name, "hot" or "cfn", aliases) of each version, sorted by name."""
    aliases: dict[str, list[str]] = {}
    for alias, version in ALIASES.items():
        aliases.setdefault(f"{HOT}.{version}", []).append(f"{HOT}.{alias}")
    return [(name, "cfn" if one.cfn else "hot", aliases.get(name, [])) for name, one in sorted(DIALECTS.items())]


def functions(version: str, *, conditions: bool = False) -> list[tuple[str, str]]:
    """(name, one sentence) of each function of a version. conditions: with those that only conditions have.

    version: as versions() names it, or without the key, or an alias. NotFound for what is none.
    """
    dialect = _dialect(version)
    found = [
        (name, _SENTENCES[name])
        for name, builder in functions_of(dialect.functions).items()
        if not issubclass(builder, Absent)
    ]
    if conditions and dialect.conditions:
        own = CFN_CONDITION_NAMES if dialect.cfn else CONDITION_NAMES
        found += [(name, _CONDITIONS[what]) for name, what in own.items()]
    return sorted(found)


def _dialect(version: str) -> Dialect:
    plain = version.removeprefix(f"{HOT}.")
    plain = ALIASES.get(plain, plain)
    for name, one in DIALECTS.items():
        if name == version or one.version == plain:
            return one
    meant = near(version, [*DIALECTS, *ALIASES, *(one.version for one in DIALECTS.values())])
    raise NotFound(
        Diagnostic(
            code="unknown-version",
            summary=f"there is no version {shorten(version)}",
            detail=f"Did you mean {meant}?" if meant else "firebrick template version list names them.",
            heat_message=f"Template with version {shorten(version)} not found",
            heat_type="NotFound",
        )
    )
