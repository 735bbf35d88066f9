"""The versions of the language and the functions of each, for people to look up."""

from firebrick.diagnostics import Diagnostic, NotFound
from firebrick.template.dialect import DIALECTS, Dialect
from firebrick.template.functions import CFN_CONDITION_NAMES, CONDITION_NAMES, functions_of
from firebrick.template.functions.absent import Absent
from firebrick.template.problems import near, shorten
from firebrick.template.versions import ALIASES, HOT

_SENTENCES = {
    "get_param": "Returns the value of a parameter, or what a path of keys and indexes finds in it.",
    "get_resource": "Returns the reference id of a resource, in most cases the id of its object.",
    "get_attr": "Returns an attribute of a resource, or what a path of keys and indexes finds in it.",
    "get_file": "Returns the content of a file that is sent with the template.",
    "list_join": "Joins the items of one or more lists to a text, with a delimiter between them.",
    "str_replace": "Replaces the keys of a map in a text by their values.",
    "str_replace_strict": "Does what str_replace does; a key that is not in the text is an error.",
    "str_replace_vstrict": "Does what str_replace_strict does; a value that is empty is an error, too.",
    "resource_facade": "Returns the metadata, deletion policy or update policy of the resource that this stack is.",
    "repeat": "Returns a list with a copy of a template for each item of one or more lists.",
    "digest": "Returns the hash of a text, in hexadecimal digits, by the named algorithm.",
    "str_split": "Splits a text at a delimiter and returns the list of its parts, or one of them.",
    "map_merge": "Merges a list of maps to one map, in which a later value replaces an earlier one of the same key.",
    "map_replace": "Returns a map in which keys and values are replaced by others.",
    "yaql": "Evaluates a YAQL expression on data.",
    "if": "Returns the first value when a condition is true, else the second.",
    "filter": "Returns a list without the values that are given.",
    "make_url": "Builds a URL of its parts, such as scheme, host, port, path and query.",
    "list_concat": "Concatenates lists to one list.",
    "list_concat_unique": "Concatenates lists to one list that has each value once.",
    "contains": "Tells whether a value is in a list, or a text in another.",
    "Ref": "Returns the value of a parameter, or the reference id of a resource.",
    "Fn::GetAtt": "Returns an attribute of a resource.",
    "Fn::FindInMap": "Returns a value of the section Mappings, by the names of map, key and value.",
    "Fn::GetAZs": "Returns the list of availability zones.",
    "Fn::Join": "Joins the items of a list to a text, with a delimiter between them.",
    "Fn::Split": "Splits a text at a delimiter and returns the list of its parts.",
    "Fn::Replace": "Replaces the keys of a map in a text by their values.",
    "Fn::Select": "Returns the item of a list or map that has an index or key.",
    "Fn::Base64": "Returns its text as it is: who sends user data encodes it.",
    "Fn::MemberListToMap": "Makes a map of a list of texts such as .member.0.Name=key and .member.0.Value=value.",
    "Fn::ResourceFacade": "Returns the metadata or a policy of the resource that this nested stack is.",
    "Fn::If": "Returns the first value when a condition is true, else the second.",
}
_CONDITIONS = {
    "equals": "Is true when two values are equal.",
    "not": "Is true when a condition is false.",
    "and": "Is true when all of two or more conditions are true.",
    "or": "Is true when at least one of two or more conditions is true.",
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
